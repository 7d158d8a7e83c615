"""The read model's tables, declared once: what analysts query, in SQLite and in PostgreSQL.

Instants are text of fixed width in SQLite (`2023-07-05T11:00:00.000000Z`: sorts as it reads, and its date functions
take it) and `timestamptz` in PostgreSQL; days are dates, in SQLite as text. Money is integer minor units, with
`currencies` saying how many make a unit. Everything is named by the ids that it came with, so that a replay of files
and a projector that follows the topics fill the same tables with the same rows.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import DATE, JSONB, TIMESTAMP

METADATA: Final = MetaData()

_TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Sorted by code point, whatever the database is used to."""
_INSTANT: Final = Text().with_variant(TIMESTAMP(timezone=True), "postgresql")
_DAY: Final = Text().with_variant(DATE(), "postgresql")
_OBJECT: Final = JSON().with_variant(JSONB(), "postgresql")
_MINOR_UNITS: Final = BigInteger()


BOOKKEEPING: Final = "bookkeeping"
"""The key in a table's `info` that marks what the projector keeps for itself: no answer, and not to be exported."""


def _table(name: str, comment: str, *parts: Column[object] | Index, bookkeeping: bool = False) -> Table:
    # In SQLite rows lie in the order of the primary key, which they are written in, so that it costs no index.
    return Table(name, METADATA, *parts, comment=comment, sqlite_with_rowid=False, info={BOOKKEEPING: bookkeeping})


def _key(name: str, kind: object, comment: str) -> Column[object]:
    return Column(name, kind, primary_key=True, autoincrement=False, nullable=False, comment=comment)  # type: ignore[arg-type]


def _column(name: str, kind: object, comment: str, nullable: bool = False) -> Column[object]:
    return Column(name, kind, nullable=nullable, comment=comment)  # type: ignore[arg-type]


def _source() -> tuple[Column[object], Column[object]]:
    return (
        _column("partition", Integer(), "Of its record in the input topic; null after a replay.", nullable=True),
        _column("offset", BigInteger(), "Of its record in the input topic; null after a replay.", nullable=True),
    )


def _known_contacts() -> Column[object]:
    return _column("contacts_offset", BigInteger(), "Up to where in topic `contacts` it was said from: for erasures.")


def _conversion() -> tuple[Column[object], Column[object]]:
    return (
        _key("contact_id", _TEXT, "As in `conversions`."),
        _key("conversion_id", _TEXT, "As in `conversions`."),
    )


def _split_by() -> tuple[Column[object], ...]:
    """Of sums by day. A sum of money is in two parts, so that it cannot be too large for 64 bits."""
    return (
        _key("currency", _TEXT, "Never add up across currencies."),
        _key("is_main", Boolean(), "Whether the catalogue chose the model; else it is a further one."),
        _key("model", _TEXT, "By which the credit was split."),
        _key("partition", Integer(), "Whose conversions these are; 0 after a replay. Projectors never share one."),
        _column("conversions", BigInteger(), "How many."),
        _column("earning", BigInteger(), "In how many of them it is more than nothing."),
        _column("billions", BigInteger(), "The sum's parts of 1,000,000,000 minor units, each amount's own."),
        _column("rest_minor", BigInteger(), "The sum of what is left of each amount."),
    )


META: Final = _table(
    "meta",
    "What the read model was made from.",
    _key("name", _TEXT, "After a replay `as_of`, `catalogue`, `events`, `accepted`, `duplicates`, `dead_letters`."),
    _column("value", _TEXT, "Its value as text."),
)

CURRENCIES: Final = _table(
    "currencies",
    "The currencies that conversions came in.",
    _key("currency", _TEXT, "ISO 4217 code."),
    _column("exponent", SmallInteger(), "Decimals of an amount: GBP 2, JPY 0, KWD 3."),
    _column("scale", Integer(), "Minor units in one unit: GBP 100, JPY 1, KWD 1000."),
)

TOUCHPOINTS: Final = _table(
    "touchpoints",
    "Every accepted touchpoint; the view `timeline` adds its status.",
    _key("contact_id", _TEXT, "Whose it is."),
    _key("event_id", _TEXT, "Its id, unique within the contact."),
    _column("occurred_at", _INSTANT, "When it took place."),
    _column("name", _TEXT, "What it was: a touchpoint type of the catalogue, as a rule."),
    _column("lifetime", _TEXT, "How long it stays active, ISO 8601: its own, else the catalogue's."),
    _column("expires_at", _INSTANT, "`occurred_at` + `lifetime`: the last instant at which it counts."),
    _column("retracted", Boolean(), "Whether a retraction names it; then it counts for no conversion."),
    _column("dimensions", _OBJECT, "Its value in each dimension that it has one for."),
    *_source(),
)

RETRACTIONS: Final = _table(
    "retractions",
    "Every accepted retraction, whether its touchpoint is there or not.",
    _key("contact_id", _TEXT, "Whose it is."),
    _key("event_id", _TEXT, "Its id, unique within the contact."),
    _column("touchpoint_id", _TEXT, "`event_id` in `touchpoints`, of the same contact."),
    _column("occurred_at", _INSTANT, "When it took place."),
    *_source(),
    Index("retractions_by_touchpoint", "contact_id", "touchpoint_id"),
)

CONVERSIONS: Final = _table(
    "conversions",
    "Every accepted conversion with the last version of its credit.",
    _key("contact_id", _TEXT, "Whose it is."),
    _key("conversion_id", _TEXT, "Its event id, unique within the contact only."),
    _column("name", _TEXT, "What it was: donation, sponsorship, pledge, purchase …"),
    _column("occurred_at", _INSTANT, "When it took place."),
    _column("currency", _TEXT, "Of all its amounts."),
    _column("value_minor", _MINOR_UNITS, "As recorded."),
    _column("refunded_minor", _MINOR_UNITS, "Taken back since; the rest is what is split."),
    _column("unattributed_minor", _MINOR_UNITS, "The rest, when no touchpoint was active; else 0."),
    _column("model", _TEXT, "By which the credit was split."),
    _column("version", Integer(), "Of the credit: it grows with each fact that could change it."),
    _column("capped", Boolean(), "Whether there were more active touchpoints than may count: only the newest did."),
    Index("conversions_by_id", "conversion_id"),
    Index("conversions_by_time", "occurred_at"),
)

CREDIT_BY_TOUCHPOINT: Final = _table(
    "credit_by_touchpoint",
    "What each touchpoint of a conversion's evidence earned, also when it is nothing.",
    *_conversion(),
    _key("place", Integer(), "From 0, by (occurred_at, event_id)."),
    _column("touchpoint_id", _TEXT, "`event_id` in `touchpoints`, of the same contact."),
    _column("credit_minor", _MINOR_UNITS, "Its share of the whole."),
)

CREDIT_BY_DIMENSION: Final = _table(
    "credit_by_dimension",
    "How each dimension splits a conversion: the rows of one sum up to its value less its refunds.",
    *_conversion(),
    _key("place", Integer(), "From 0, by dimension and value, what is unattributed last."),
    _column("dimension", _TEXT, "Department, online channel, platform …"),
    _column("value", _TEXT, "Its value; null: unattributed, since no touchpoint has a value.", nullable=True),
    _column("day", _DAY, "Of the conversion, in UTC."),
    _column("currency", _TEXT, "Never add up across currencies."),
    _column("credit_minor", _MINOR_UNITS, "What the value earned. Also when that is nothing, but not for null."),
    Index("credit_by_dimension_value", "dimension", "currency", "value", "day", "credit_minor"),
)

SHADOW_CREDITS: Final = _table(
    "shadow_credits",
    "The credit of each conversion under each further model that the catalogue lists.",
    *_conversion(),
    _key("model", _TEXT, "The further model."),
    _column("version", Integer(), "As in `conversions`."),
    _column("unattributed_minor", _MINOR_UNITS, "As in `conversions`."),
    _column("capped", Boolean(), "As in `conversions`."),
    _column("day", _DAY, "Of the conversion, in UTC."),
    _column("currency", _TEXT, "As in `conversions`."),
    _column("net_minor", _MINOR_UNITS, "What is split: the value less the refunds."),
)

SHADOW_CREDIT_BY_TOUCHPOINT: Final = _table(
    "shadow_credit_by_touchpoint",
    "What each touchpoint earned under a further model; those that earned nothing are left out.",
    *_conversion(),
    _key("model", _TEXT, "The further model."),
    _key("place", Integer(), "As in `credit_by_touchpoint`."),
    _column("touchpoint_id", _TEXT, "`event_id` in `touchpoints`, of the same contact."),
    _column("credit_minor", _MINOR_UNITS, "Its share of the whole."),
)

SHADOW_CREDIT_BY_DIMENSION: Final = _table(
    "shadow_credit_by_dimension",
    "How each dimension splits a conversion under a further model; values that earned nothing are left out.",
    *_conversion(),
    _key("model", _TEXT, "The further model."),
    _key("place", Integer(), "As in `credit_by_dimension`."),
    _column("dimension", _TEXT, "Department, online channel, platform …"),
    _column("value", _TEXT, "Its value; null: unattributed.", nullable=True),
    _column("day", _DAY, "Of the conversion, in UTC."),
    _column("currency", _TEXT, "Never add up across currencies."),
    _column("credit_minor", _MINOR_UNITS, "What the value earned."),
    Index("shadow_credit_by_dimension_value", "model", "dimension", "currency", "value", "day", "credit_minor"),
)

CONVERSIONS_BY_DAY: Final = _table(
    "conversions_by_day",
    "What there was to be split on each day, which the view `attribution` begins with.",
    _key("day", _DAY, "Of the conversions, in UTC."),
    *_split_by(),
    bookkeeping=True,
)

CREDIT_BY_DAY: Final = _table(
    "credit_by_day",
    "What each value of each dimension earned on each day: the view `attribution` adds it up.",
    _key("day", _DAY, "Of the conversions, in UTC."),
    _key("dimension", _TEXT, "Department, online channel, platform …"),
    _key("value", _TEXT, "Its value; empty: all of the dimension's values together."),
    *_split_by(),
    bookkeeping=True,
)

CONTACTS: Final = _table(
    "contacts",
    "Every contact that has attributes, with the newest value of each.",
    _key("contact_id", _TEXT, "The account, contact, donor."),
    _column("name", _TEXT, "Attribute `name`.", nullable=True),
    _column("kind", _TEXT, "Attribute `kind`: customer, prospect, member, donor …", nullable=True),
    _column("owner", _TEXT, "Attribute `owner`: a user id.", nullable=True),
    _column("email", _TEXT, "Attribute `email`.", nullable=True),
    _column("phone", _TEXT, "Attribute `phone`.", nullable=True),
    _column("city", _TEXT, "Attribute `city`.", nullable=True),
    _column("postcode", _TEXT, "Attribute `postcode`.", nullable=True),
    _column("time_zone", _TEXT, "Attribute `time_zone`: an IANA name.", nullable=True),
    _column("attributes", _OBJECT, "All attributes, these too; those that are null are left out."),
    _column("updated_at", _INSTANT, "`occurred_at` of the newest update."),
    Index("contacts_by_kind", "kind"),
    Index("contacts_by_owner", "owner"),
)

CONTACT_UPDATES: Final = _table(
    "contact_updates",
    "Every accepted update of a contact's attributes: what `contacts` is made from.",
    _key("contact_id", _TEXT, "Whose it is."),
    _key("event_id", _TEXT, "Its id, unique within the contact."),
    _column("occurred_at", _INSTANT, "When it took place; per attribute the newest (occurred_at, event_id) holds."),
    _column("attributes", _OBJECT, "As sent; null hides one."),
    *_source(),
)

INTERACTIONS: Final = _table(
    "interactions",
    "Every interaction as it stands: planned, done or deleted.",
    _key("subject", _TEXT, "`contact_id`, or `user:` and the owner of a personal one."),
    _key("interaction_id", _TEXT, "Its id, unique within the subject."),
    _column("contact_id", _TEXT, "With whom; null: a personal one.", nullable=True),
    _column("owner", _TEXT, "Whose personal one it is; null: a contact's.", nullable=True),
    _column("kind", _TEXT, "`customer`, `prospect` or `personal`."),
    _column("title", _TEXT, "Its description.", nullable=True),
    _column("details", _TEXT, "Its longer description.", nullable=True),
    _column("interaction_type", _TEXT, "Call, visit, letter …", nullable=True),
    _column("purpose", _TEXT, "What it is for.", nullable=True),
    _column("starts_at", _INSTANT, "When it begins.", nullable=True),
    _column("due_on", _DAY, "The day by which it is due.", nullable=True),
    _column("due_at", _INSTANT, "The instant from which on it is missed while open; null: never.", nullable=True),
    _column("assignee", _TEXT, "The user who is to do it.", nullable=True),
    _column("response_required", Boolean(), "Whether it asks for a response, as long as it is open."),
    _column("date_completed", _DAY, "A plain date, which closes nothing.", nullable=True),
    _column("note", _TEXT, "A note.", nullable=True),
    _column("tags", _OBJECT, "Its tags, sorted."),
    _column("follow_up_of", _TEXT, "`interaction_id` of the one that it follows, of the same subject.", nullable=True),
    _column("source", _TEXT, "`manual`, `workflow`, `mass_contact`, `generated` or `mail`."),
    _column("state", _TEXT, "`open`, `completed` or `deleted`."),
    _column("outcome", _TEXT, "How it ended.", nullable=True),
    _column("summary", _TEXT, "What was said.", nullable=True),
    _column("completed_on", _DAY, "The day given for its completion; decides nothing.", nullable=True),
    _column("completed_at", _INSTANT, "`occurred_at` of the fact that completed it.", nullable=True),
    _column("next_action", _TEXT, "What is to be done next.", nullable=True),
    _column("snoozed_until", _INSTANT, "No reminder before.", nullable=True),
    _column("posts", _OBJECT, "A list of {event_id, occurred_at, actor, text}."),
    _column("created_at", _INSTANT, "When it was scheduled or logged."),
    _column("created_by", _TEXT, "By which user, or `system`."),
    _column("version", Integer(), "How many facts of it were accepted."),
    Index("interactions_by_contact", "contact_id", "created_at"),
    Index("interactions_by_assignee", "assignee", "state", "due_at"),
    Index("interactions_by_response", "response_required", "state", "contact_id"),
)

INTERACTION_HISTORY: Final = _table(
    "interaction_history",
    "Every accepted fact about interactions, in the order of the log.",
    _key("subject", _TEXT, "As in `interactions`."),
    _key("event_id", _TEXT, "Its id, unique within the subject."),
    _column("interaction_id", _TEXT, "As in `interactions`."),
    _column("type", _TEXT, "`interaction.scheduled`, `interaction.completed` …"),
    _column("occurred_at", _INSTANT, "When it took place."),
    _column("actor", _TEXT, "The user who did it, or `system`."),
    _column("fact", _OBJECT, "All its fields as sent."),
    _column(
        "partition", Integer(), "Of its record in topic `interactions`; in a replay of files the FILE's place from 0."
    ),
    _column("offset", BigInteger(), "Of its record there; in a replay of files the line's number from 1."),
    Index("interaction_history_by_interaction", "subject", "interaction_id", "partition", "offset"),
)

SCORES: Final = _table(
    "scores",
    "Every contact's score under every published profile.",
    _key("contact_id", _TEXT, "Whose it is."),
    _key("profile_id", _TEXT, "Under which profile."),
    _column("profile_revision", Integer(), "Under which revision of it."),
    _column("score", BigInteger(), "Within the profile's floor and ceiling."),
    _column("unclamped", BigInteger(), "The sum of the rules, the groups' corrections and what was adjusted."),
    _column("band", _TEXT, "The highest band that begins at the score or below.", nullable=True),
    _column("as_of", _INSTANT, "When it was computed."),
    _column("rules", _OBJECT, "A list of {rule_id, times, points}, in the profile's order."),
    _column("groups", _OBJECT, "A list of {group_id, points}: the groups' corrections.", nullable=True),
    _column("adjusted", BigInteger(), "By hand."),
    _column("version", BigInteger(), "It only grows."),
    Index("scores_by_profile", "profile_id", "score"),
)

SCORE_CHANGES: Final = _table(
    "score_changes",
    "Every move of a contact from one band to another, as it was said.",
    _key("contact_id", _TEXT, "Whose score it is."),
    _key("profile_id", _TEXT, "Under which profile."),
    _key("version", BigInteger(), "Of the score that made the move."),
    _column("profile_revision", Integer(), "Under which revision of it."),
    _column("band", _TEXT, "The band said then.", nullable=True),
    _column("previous_band", _TEXT, "The band said before.", nullable=True),
    _column("score", BigInteger(), "The score that made the move."),
    _column("as_of", _INSTANT, "When it was computed."),
    _known_contacts(),
    Index("score_changes_by_profile", "profile_id", "as_of"),
)

REMINDERS: Final = _table(
    "reminders",
    "Every reminder that was sent.",
    _key("subject", _TEXT, "As in `interactions`."),
    _key("interaction_id", _TEXT, "As in `interactions`."),
    _key("sent_for", _DAY, "The due date that it was sent for."),
    _column("contact_id", _TEXT, "As in `interactions`.", nullable=True),
    _column("owner", _TEXT, "As in `interactions`.", nullable=True),
    _column("assignee", _TEXT, "Who was reminded.", nullable=True),
    _column("due_on", _DAY, "The day by which it is due.", nullable=True),
    _column("title", _TEXT, "Of the interaction.", nullable=True),
    _column("contact_name", _TEXT, "Of the contact.", nullable=True),
    _known_contacts(),
    Index("reminders_by_contact", "contact_id"),
)

REJECTIONS: Final = _table(
    "rejections",
    "Every fact about an interaction that the rules forbade.",
    _key("subject", _TEXT, "As in `interactions`."),
    _key("event_id", _TEXT, "Of the fact, unique within the subject."),
    _column("interaction_id", _TEXT, "As in `interactions`."),
    _column("contact_id", _TEXT, "As in `interactions`.", nullable=True),
    _column("owner", _TEXT, "As in `interactions`.", nullable=True),
    _column("type", _TEXT, "Of the fact."),
    _column("occurred_at", _INSTANT, "When the fact took place."),
    _column("actor", _TEXT, "Who tried."),
    _column("reason", _TEXT, "From the contract's closed list."),
    Index("rejections_by_reason", "reason"),
)

DEAD_LETTERS: Final = _table(
    "dead_letters",
    "Every refused record.",
    _key("letter_partition", Integer(), "Of the dead letter itself in topic `dead-letters`; 0 in a replay of files."),
    _key("letter_offset", BigInteger(), "Of the dead letter itself; in a replay its place in input order, from 1."),
    _column("topic", _TEXT, "The file's base name, `-` for standard input, or the topic's full name."),
    _column("partition", Integer(), "Of the refused record; 0 for files."),
    _column("offset", BigInteger(), "The line's number from 1, or the record's offset."),
    _column("reason", _TEXT, "From the contract's closed list."),
    _column("errors", _OBJECT, "A list of {path, message}; the path is a JSON Pointer."),
    _column("received_at", _INSTANT, "The record's timestamp; null for files.", nullable=True),
    _column("payload", _TEXT, "The record as text, or as `encoding` says.", nullable=True),
    _column("encoding", _TEXT, "`base64` where the record is not UTF-8.", nullable=True),
    _column("record_key", _TEXT, "The refused record's own key: the contact, as a rule.", nullable=True),
    Index("dead_letters_by_reason", "reason"),
    Index("dead_letters_by_record", "topic", "partition", "offset"),
    Index("dead_letters_by_key", "record_key"),
)

POSITIONS: Final = _table(
    "positions",
    "Up to where the topics are in the read model: written together with the rows.",
    _key("topic", _TEXT, "Its full name."),
    _key("partition", Integer(), "Of the topic."),
    _column("topic_id", _TEXT, "The topic's own id: one that is made anew under its name has another."),
    _column("next_offset", BigInteger(), "The first that is not in the read model."),
    bookkeeping=True,
)

LATER_COPIES: Final = _table(
    "later_copies",
    "Records whose id was taken when they came: should what has it turn out to be refused, the first of them counts.",
    _key("topic", _TEXT, "Its full name."),
    _key("partition", Integer(), "Of the record."),
    _key("offset", BigInteger(), "Of the record."),
    _column("subject", _TEXT, "The record's key."),
    _column("event_id", _TEXT, "The id."),
    _column("payload", _TEXT, "The record."),
    Index("later_copies_by_id", "subject", "event_id"),
    bookkeeping=True,
)

ERASURES: Final = _table(
    "erasures",
    "Contacts that were erased, without their ids: what they did up to then stays away, whenever it comes.",
    _key("contact_digest", _TEXT, "BLAKE2b of the contact_id, 16 bytes in hexadecimal."),
    _column(
        "occurred_us", BigInteger(), "Of the newest erasure, in microseconds since 1970: facts up to then are gone."
    ),
    _column("offset", BigInteger(), "Of the record that came last, in topic `contacts`."),
    bookkeeping=True,
)
