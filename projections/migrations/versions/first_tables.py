"""The first form of the read model: every table at once."""

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, SmallInteger, Text
from sqlalchemy.dialects.postgresql import DATE, JSONB, TIMESTAMP

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
INSTANT = Text().with_variant(TIMESTAMP(timezone=True), "postgresql")
DAY = Text().with_variant(DATE(), "postgresql")
OBJECT = JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """The tables are there."""
    op.create_table(
        "meta",
        Column("name", TEXT, primary_key=True, autoincrement=False),
        Column("value", TEXT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "currencies",
        Column("currency", TEXT, primary_key=True, autoincrement=False),
        Column("exponent", SmallInteger(), nullable=False),
        Column("scale", Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "touchpoints",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("event_id", TEXT, primary_key=True, autoincrement=False),
        Column("occurred_at", INSTANT, nullable=False),
        Column("name", TEXT, nullable=False),
        Column("lifetime", TEXT, nullable=False),
        Column("expires_at", INSTANT, nullable=False),
        Column("retracted", Boolean(), nullable=False),
        Column("dimensions", OBJECT, nullable=False),
        Column("partition", Integer()),
        Column("offset", BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "retractions",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("event_id", TEXT, primary_key=True, autoincrement=False),
        Column("touchpoint_id", TEXT, nullable=False),
        Column("occurred_at", INSTANT, nullable=False),
        Column("partition", Integer()),
        Column("offset", BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_index("retractions_by_touchpoint", "retractions", ["contact_id", "touchpoint_id"])
    op.create_table(
        "conversions",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("conversion_id", TEXT, primary_key=True, autoincrement=False),
        Column("name", TEXT, nullable=False),
        Column("occurred_at", INSTANT, nullable=False),
        Column("currency", TEXT, nullable=False),
        Column("value_minor", BigInteger(), nullable=False),
        Column("refunded_minor", BigInteger(), nullable=False),
        Column("unattributed_minor", BigInteger(), nullable=False),
        Column("model", TEXT, nullable=False),
        Column("version", Integer(), nullable=False),
        Column("capped", Boolean(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("conversions_by_id", "conversions", ["conversion_id"])
    op.create_index("conversions_by_time", "conversions", ["occurred_at"])
    op.create_table(
        "credit_by_touchpoint",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("conversion_id", TEXT, primary_key=True, autoincrement=False),
        Column("place", Integer(), primary_key=True, autoincrement=False),
        Column("touchpoint_id", TEXT, nullable=False),
        Column("credit_minor", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "credit_by_dimension",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("conversion_id", TEXT, primary_key=True, autoincrement=False),
        Column("place", Integer(), primary_key=True, autoincrement=False),
        Column("dimension", TEXT, nullable=False),
        Column("value", TEXT),
        Column("day", DAY, nullable=False),
        Column("currency", TEXT, nullable=False),
        Column("credit_minor", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "credit_by_dimension_value", "credit_by_dimension", ["dimension", "currency", "value", "day", "credit_minor"]
    )
    op.create_table(
        "shadow_credits",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("conversion_id", TEXT, primary_key=True, autoincrement=False),
        Column("model", TEXT, primary_key=True, autoincrement=False),
        Column("version", Integer(), nullable=False),
        Column("unattributed_minor", BigInteger(), nullable=False),
        Column("capped", Boolean(), nullable=False),
        Column("day", DAY, nullable=False),
        Column("currency", TEXT, nullable=False),
        Column("net_minor", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shadow_credit_by_touchpoint",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("conversion_id", TEXT, primary_key=True, autoincrement=False),
        Column("model", TEXT, primary_key=True, autoincrement=False),
        Column("place", Integer(), primary_key=True, autoincrement=False),
        Column("touchpoint_id", TEXT, nullable=False),
        Column("credit_minor", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shadow_credit_by_dimension",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("conversion_id", TEXT, primary_key=True, autoincrement=False),
        Column("model", TEXT, primary_key=True, autoincrement=False),
        Column("place", Integer(), primary_key=True, autoincrement=False),
        Column("dimension", TEXT, nullable=False),
        Column("value", TEXT),
        Column("day", DAY, nullable=False),
        Column("currency", TEXT, nullable=False),
        Column("credit_minor", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "shadow_credit_by_dimension_value",
        "shadow_credit_by_dimension",
        ["model", "dimension", "currency", "value", "day", "credit_minor"],
    )
    op.create_table(
        "conversions_by_day",
        Column("day", DAY, primary_key=True, autoincrement=False),
        Column("currency", TEXT, primary_key=True, autoincrement=False),
        Column("is_main", Boolean(), primary_key=True, autoincrement=False),
        Column("model", TEXT, primary_key=True, autoincrement=False),
        Column("partition", Integer(), primary_key=True, autoincrement=False),
        Column("conversions", BigInteger(), nullable=False),
        Column("earning", BigInteger(), nullable=False),
        Column("billions", BigInteger(), nullable=False),
        Column("rest_minor", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "credit_by_day",
        Column("day", DAY, primary_key=True, autoincrement=False),
        Column("dimension", TEXT, primary_key=True, autoincrement=False),
        Column("value", TEXT, primary_key=True, autoincrement=False),
        Column("currency", TEXT, primary_key=True, autoincrement=False),
        Column("is_main", Boolean(), primary_key=True, autoincrement=False),
        Column("model", TEXT, primary_key=True, autoincrement=False),
        Column("partition", Integer(), primary_key=True, autoincrement=False),
        Column("conversions", BigInteger(), nullable=False),
        Column("earning", BigInteger(), nullable=False),
        Column("billions", BigInteger(), nullable=False),
        Column("rest_minor", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contacts",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("name", TEXT),
        Column("kind", TEXT),
        Column("owner", TEXT),
        Column("email", TEXT),
        Column("phone", TEXT),
        Column("city", TEXT),
        Column("postcode", TEXT),
        Column("time_zone", TEXT),
        Column("attributes", OBJECT, nullable=False),
        Column("updated_at", INSTANT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("contacts_by_kind", "contacts", ["kind"])
    op.create_index("contacts_by_owner", "contacts", ["owner"])
    op.create_table(
        "contact_updates",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("event_id", TEXT, primary_key=True, autoincrement=False),
        Column("occurred_at", INSTANT, nullable=False),
        Column("attributes", OBJECT, nullable=False),
        Column("partition", Integer()),
        Column("offset", BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "interactions",
        Column("subject", TEXT, primary_key=True, autoincrement=False),
        Column("interaction_id", TEXT, primary_key=True, autoincrement=False),
        Column("contact_id", TEXT),
        Column("owner", TEXT),
        Column("kind", TEXT, nullable=False),
        Column("title", TEXT),
        Column("details", TEXT),
        Column("interaction_type", TEXT),
        Column("purpose", TEXT),
        Column("starts_at", INSTANT),
        Column("due_on", DAY),
        Column("due_at", INSTANT),
        Column("assignee", TEXT),
        Column("response_required", Boolean(), nullable=False),
        Column("date_completed", DAY),
        Column("note", TEXT),
        Column("tags", OBJECT, nullable=False),
        Column("follow_up_of", TEXT),
        Column("source", TEXT, nullable=False),
        Column("state", TEXT, nullable=False),
        Column("outcome", TEXT),
        Column("summary", TEXT),
        Column("completed_on", DAY),
        Column("completed_at", INSTANT),
        Column("next_action", TEXT),
        Column("snoozed_until", INSTANT),
        Column("posts", OBJECT, nullable=False),
        Column("created_at", INSTANT, nullable=False),
        Column("created_by", TEXT, nullable=False),
        Column("version", Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("interactions_by_assignee", "interactions", ["assignee", "state", "due_at"])
    op.create_index("interactions_by_contact", "interactions", ["contact_id", "created_at"])
    op.create_index("interactions_by_response", "interactions", ["response_required", "state", "contact_id"])
    op.create_table(
        "interaction_history",
        Column("subject", TEXT, primary_key=True, autoincrement=False),
        Column("event_id", TEXT, primary_key=True, autoincrement=False),
        Column("interaction_id", TEXT, nullable=False),
        Column("type", TEXT, nullable=False),
        Column("occurred_at", INSTANT, nullable=False),
        Column("actor", TEXT, nullable=False),
        Column("fact", OBJECT, nullable=False),
        Column("partition", Integer(), nullable=False),
        Column("offset", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "interaction_history_by_interaction",
        "interaction_history",
        ["subject", "interaction_id", "partition", "offset"],
    )
    op.create_table(
        "scores",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("profile_id", TEXT, primary_key=True, autoincrement=False),
        Column("profile_revision", Integer(), nullable=False),
        Column("score", BigInteger(), nullable=False),
        Column("unclamped", BigInteger(), nullable=False),
        Column("band", TEXT),
        Column("as_of", INSTANT, nullable=False),
        Column("rules", OBJECT, nullable=False),
        Column("groups", OBJECT),
        Column("adjusted", BigInteger(), nullable=False),
        Column("version", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("scores_by_profile", "scores", ["profile_id", "score"])
    op.create_table(
        "score_changes",
        Column("contact_id", TEXT, primary_key=True, autoincrement=False),
        Column("profile_id", TEXT, primary_key=True, autoincrement=False),
        Column("version", BigInteger(), primary_key=True, autoincrement=False),
        Column("profile_revision", Integer(), nullable=False),
        Column("band", TEXT),
        Column("previous_band", TEXT),
        Column("score", BigInteger(), nullable=False),
        Column("as_of", INSTANT, nullable=False),
        Column("contacts_offset", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("score_changes_by_profile", "score_changes", ["profile_id", "as_of"])
    op.create_table(
        "reminders",
        Column("subject", TEXT, primary_key=True, autoincrement=False),
        Column("interaction_id", TEXT, primary_key=True, autoincrement=False),
        Column("sent_for", DAY, primary_key=True, autoincrement=False),
        Column("contact_id", TEXT),
        Column("owner", TEXT),
        Column("assignee", TEXT),
        Column("due_on", DAY),
        Column("title", TEXT),
        Column("contact_name", TEXT),
        Column("contacts_offset", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("reminders_by_contact", "reminders", ["contact_id"])
    op.create_table(
        "rejections",
        Column("subject", TEXT, primary_key=True, autoincrement=False),
        Column("event_id", TEXT, primary_key=True, autoincrement=False),
        Column("interaction_id", TEXT, nullable=False),
        Column("contact_id", TEXT),
        Column("owner", TEXT),
        Column("type", TEXT, nullable=False),
        Column("occurred_at", INSTANT, nullable=False),
        Column("actor", TEXT, nullable=False),
        Column("reason", TEXT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("rejections_by_reason", "rejections", ["reason"])
    op.create_table(
        "dead_letters",
        Column("letter_partition", Integer(), primary_key=True, autoincrement=False),
        Column("letter_offset", BigInteger(), primary_key=True, autoincrement=False),
        Column("topic", TEXT, nullable=False),
        Column("partition", Integer(), nullable=False),
        Column("offset", BigInteger(), nullable=False),
        Column("reason", TEXT, nullable=False),
        Column("errors", OBJECT, nullable=False),
        Column("received_at", INSTANT),
        Column("payload", TEXT),
        Column("encoding", TEXT),
        Column("record_key", TEXT),
        sqlite_with_rowid=False,
    )
    op.create_index("dead_letters_by_key", "dead_letters", ["record_key"])
    op.create_index("dead_letters_by_reason", "dead_letters", ["reason"])
    op.create_index("dead_letters_by_record", "dead_letters", ["topic", "partition", "offset"])
    op.create_table(
        "positions",
        Column("topic", TEXT, primary_key=True, autoincrement=False),
        Column("partition", Integer(), primary_key=True, autoincrement=False),
        Column("topic_id", TEXT, nullable=False),
        Column("next_offset", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "later_copies",
        Column("topic", TEXT, primary_key=True, autoincrement=False),
        Column("partition", Integer(), primary_key=True, autoincrement=False),
        Column("offset", BigInteger(), primary_key=True, autoincrement=False),
        Column("subject", TEXT, nullable=False),
        Column("event_id", TEXT, nullable=False),
        Column("payload", TEXT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("later_copies_by_id", "later_copies", ["subject", "event_id"])
    op.create_table(
        "erasures",
        Column("contact_digest", TEXT, primary_key=True, autoincrement=False),
        Column("occurred_us", BigInteger(), nullable=False),
        Column("offset", BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """None of them is there."""
    for table in (
        "meta",
        "currencies",
        "touchpoints",
        "retractions",
        "conversions",
        "credit_by_touchpoint",
        "credit_by_dimension",
        "shadow_credits",
        "shadow_credit_by_touchpoint",
        "shadow_credit_by_dimension",
        "conversions_by_day",
        "credit_by_day",
        "contacts",
        "contact_updates",
        "interactions",
        "interaction_history",
        "scores",
        "score_changes",
        "reminders",
        "rejections",
        "dead_letters",
        "positions",
        "later_copies",
        "erasures",
    ):
        op.drop_table(table)
