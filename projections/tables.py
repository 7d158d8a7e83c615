"""The read model's tables, declared once: what analysts query, in SQLite and in PostgreSQL.

Instants are text of fixed width in SQLite (`2023-07-05T11:00:00.000000Z`: sorts as it reads, and its date functions
take it) and `timestamptz` in PostgreSQL. Money is integer minor units, with `currencies` saying how many make a unit.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

METADATA: Final = MetaData()

_INSTANT: Final = Text().with_variant(TIMESTAMP(timezone=True), "postgresql")
_OBJECT: Final = JSON().with_variant(JSONB(), "postgresql")
_MINOR_UNITS: Final = BigInteger()
_NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")


def _table(name: str, comment: str, *parts: Column[object] | Index, clustered: bool = False) -> Table:
    """`clustered`: rows lie in the order of the primary key, which they are written in, so that it costs no index."""
    return Table(name, METADATA, *parts, comment=comment, sqlite_with_rowid=not clustered)


def _key(name: str, kind: object, comment: str) -> Column[object]:
    return Column(name, kind, primary_key=True, autoincrement=False, nullable=False, comment=comment)  # type: ignore[arg-type]


def _column(name: str, kind: object, comment: str, nullable: bool = False) -> Column[object]:
    return Column(name, kind, nullable=nullable, comment=comment)  # type: ignore[arg-type]


META: Final = _table(
    "meta",
    "What the read model was made from.",
    _key("name", Text(), "`as_of`, `catalogue`, `events`, `accepted`, `duplicates`, `dead_letters`."),
    _column("value", Text(), "Its value as text."),
)

CURRENCIES: Final = _table(
    "currencies",
    "The currencies that conversions came in.",
    _key("currency", Text(), "ISO 4217 code."),
    _column("exponent", SmallInteger(), "Decimals of an amount: GBP 2, JPY 0, KWD 3."),
    _column("scale", Integer(), "Minor units in one unit: GBP 100, JPY 1, KWD 1000."),
)

TOUCHPOINTS: Final = _table(
    "touchpoints",
    "Every accepted touchpoint, a contact's together and in order of time.",
    _key("contact_id", Text(), "Whose it is."),
    _key("occurred_at", _INSTANT, "When it took place."),
    _key("event_id", Text(), "Its id, unique within the contact."),
    _column("name", Text(), "What it was: a touchpoint type of the catalogue, as a rule."),
    _column("lifetime", Text(), "How long it stays active, ISO 8601: its own, else the catalogue's."),
    _column("expires_at", _INSTANT, "`occurred_at` + `lifetime`: the last instant at which it counts."),
    _column("status", Text(), "`Active` or `Inactive` as of `as_of` in `meta`; a retracted one is Inactive."),
    _column("retracted", Boolean(), "Whether a retraction names it; then it counts for no conversion."),
    _column("dimensions", _OBJECT, "Its value in each dimension that it has one for."),
    clustered=True,
)

CONVERSIONS: Final = _table(
    "conversions",
    "Every accepted conversion with the last version of its credit.",
    _key("number", _NUMBER, "Its place by (occurred_at, conversion_id, contact_id), from 1; other tables name it so."),
    _column("contact_id", Text(), "Whose it is."),
    _column("conversion_id", Text(), "Its event id, unique within the contact only."),
    _column("name", Text(), "What it was: donation, sponsorship, pledge, purchase …"),
    _column("occurred_at", _INSTANT, "When it took place."),
    _column("currency", Text(), "Of all its amounts."),
    _column("value_minor", _MINOR_UNITS, "As recorded."),
    _column("refunded_minor", _MINOR_UNITS, "Taken back since; the rest is what is split."),
    _column("unattributed_minor", _MINOR_UNITS, "The rest, when no touchpoint was active; else 0."),
    _column("model", Text(), "By which the credit was split."),
    _column("version", Integer(), "Of the credit: it grows with each fact that could change it."),
    _column("capped", Boolean(), "Whether there were more active touchpoints than may count: only the newest did."),
    Index("conversions_by_id", "conversion_id", "contact_id", unique=True),
    Index("conversions_by_contact", "contact_id", "occurred_at"),
)

CREDIT_BY_TOUCHPOINT: Final = _table(
    "credit_by_touchpoint",
    "What each touchpoint of a conversion's evidence earned, also when it is nothing.",
    _key("conversion_number", BigInteger(), "`number` in `conversions`."),
    _key("place", Integer(), "From 0, by (occurred_at, event_id)."),
    _column("touchpoint_id", Text(), "`event_id` in `touchpoints`, of the conversion's contact."),
    _column("credit_minor", _MINOR_UNITS, "Its share of the whole."),
    clustered=True,
)

CREDIT_BY_DIMENSION: Final = _table(
    "credit_by_dimension",
    "How each dimension splits a conversion: the rows of one sum up to its value less its refunds.",
    _key("conversion_number", BigInteger(), "`number` in `conversions`."),
    _key("place", Integer(), "From 0, by dimension and value, what is unattributed last."),
    _column("dimension", Text(), "Department, online channel, platform …"),
    _column("value", Text(), "Its value; null: unattributed, since no touchpoint has a value.", nullable=True),
    _column("currency", Text(), "Never add up across currencies."),
    _column("credit_minor", _MINOR_UNITS, "What the value earned. Also when that is nothing, but not for null."),
    Index("credit_by_dimension_value", "dimension", "currency", "value", "credit_minor"),
    clustered=True,
)

SHADOW_CREDITS: Final = _table(
    "shadow_credits",
    "The credit of each conversion under each further model that the catalogue lists.",
    _key("conversion_number", BigInteger(), "`number` in `conversions`."),
    _key("model", Text(), "The further model."),
    _column("version", Integer(), "As in `conversions`."),
    _column("unattributed_minor", _MINOR_UNITS, "As in `conversions`."),
    _column("capped", Boolean(), "As in `conversions`."),
    clustered=True,
)

SHADOW_CREDIT_BY_TOUCHPOINT: Final = _table(
    "shadow_credit_by_touchpoint",
    "What each touchpoint earned under a further model; those that earned nothing are left out.",
    _key("conversion_number", BigInteger(), "`number` in `conversions`."),
    _key("model", Text(), "The further model."),
    _key("place", Integer(), "As in `credit_by_touchpoint`."),
    _column("touchpoint_id", Text(), "`event_id` in `touchpoints`, of the conversion's contact."),
    _column("credit_minor", _MINOR_UNITS, "Its share of the whole."),
    clustered=True,
)

SHADOW_CREDIT_BY_DIMENSION: Final = _table(
    "shadow_credit_by_dimension",
    "How each dimension splits a conversion under a further model; values that earned nothing are left out.",
    _key("conversion_number", BigInteger(), "`number` in `conversions`."),
    _key("model", Text(), "The further model."),
    _key("place", Integer(), "As in `credit_by_dimension`."),
    _column("dimension", Text(), "Department, online channel, platform …"),
    _column("value", Text(), "Its value; null: unattributed.", nullable=True),
    _column("currency", Text(), "Never add up across currencies."),
    _column("credit_minor", _MINOR_UNITS, "What the value earned."),
    Index("shadow_credit_by_dimension_value", "model", "dimension", "currency", "value", "credit_minor"),
    clustered=True,
)

DEAD_LETTERS: Final = _table(
    "dead_letters",
    "Every refused record, in input order.",
    _key("number", _NUMBER, "Its place in that order, from 1."),
    _column("topic", Text(), "The file's base name, `-` for standard input, or the topic's full name."),
    _column("partition", Integer(), "Of the topic; 0 for files."),
    _column("offset", BigInteger(), "The line's number from 1, or the record's offset."),
    _column("reason", Text(), "From the contract's closed list."),
    _column("errors", _OBJECT, "A list of {path, message}; the path is a JSON Pointer."),
    _column("received_at", _INSTANT, "The record's timestamp; null for files.", nullable=True),
    _column("payload", Text(), "The record as text, or as `encoding` says.", nullable=True),
    _column("encoding", Text(), "`base64` where the record is not UTF-8.", nullable=True),
    Index("dead_letters_by_reason", "reason"),
)
