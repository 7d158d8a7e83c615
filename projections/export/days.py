"""By which instant each table is cut into days, and which currency its amounts are in."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Table, Text, and_, cast

from projections.queries.expressions import DayOf
from projections.tables import (
    BOOKKEEPING,
    CONVERSIONS,
    CREDIT_BY_DIMENSION,
    METADATA,
    SHADOW_CREDIT_BY_DIMENSION,
)

_INSTANTS: Final = {
    "touchpoints": "occurred_at",
    "retractions": "occurred_at",
    "conversions": "occurred_at",
    "contact_updates": "occurred_at",
    "interactions": "created_at",
    "interaction_history": "occurred_at",
    "score_changes": "as_of",
    "rejections": "occurred_at",
    "dead_letters": "received_at",
}
_OF_CONVERSION: Final = ("credit_by_touchpoint", "shadow_credits", "shadow_credit_by_touchpoint")
"""Their rows lie on the conversion's day."""


class Source(NamedTuple):
    """Where a table's rows come from, and what they are cut by."""

    table: Table
    rows: FromClause
    day: ColumnElement[Any] | None
    """As text; None: the table is not cut."""
    currency: ColumnElement[Any] | None


def sources() -> list[Source]:
    """Every table that analysts have, in the order of their names."""
    return [_source(table) for _, table in sorted(METADATA.tables.items()) if not table.info.get(BOOKKEEPING)]


def _source(table: Table) -> Source:
    if table in (CREDIT_BY_DIMENSION, SHADOW_CREDIT_BY_DIMENSION):
        return Source(table, table, cast(table.c.day, Text), table.c.currency)
    if table.name in _OF_CONVERSION:
        each = CONVERSIONS.c
        same = and_(each.contact_id == table.c.contact_id, each.conversion_id == table.c.conversion_id)
        return Source(table, table.join(CONVERSIONS, same), DayOf(each.occurred_at), each.currency)
    if table.name == "reminders":
        return Source(table, table, cast(table.c.sent_for, Text), None)
    instant = _INSTANTS.get(table.name)
    return Source(table, table, None if instant is None else DayOf(table.c[instant]), table.c.get("currency"))
