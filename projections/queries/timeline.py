"""A contact's timeline: every touchpoint with name, lifetime, timestamp, status and expiry (behaviours A2 to A9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, not_, select
from sqlalchemy.sql.elements import KeyedColumnElement

from projections.queries.answer import Answer, Column, Kind
from projections.queries.expressions import InstantOf, Now, instant, instant_us
from projections.queries.filters import Days
from projections.tables import META, TOUCHPOINTS

ACTIVE: Final = "Active"
INACTIVE: Final = "Inactive"


class TimelineAsked(NamedTuple):
    """Whose touchpoints, and which of them."""

    contact_id: str | None = None
    days: Days = Days()
    status: str | None = None
    as_of_us: int | None = None
    """None: as of the end of a replay, else as of now."""
    limit: int | None = None


def as_of(us: int | None = None) -> ColumnElement[Any]:
    """The instant that answers are as of: that one, else the newest event of a replay, else the database's clock."""
    if us is not None:
        return instant(us)
    replayed = select(func.nullif(META.c.value, "")).where(META.c.name == "as_of").scalar_subquery()
    return func.coalesce(InstantOf(replayed), Now())


def touchpoint_status(at: ColumnElement[Any]) -> ColumnElement[str]:
    """`Active` while occurred_at ≤ t ≤ expires_at and not retracted, else `Inactive` (contract, section 2)."""
    touch = TOUCHPOINTS.c
    is_active = and_(not_(touch.retracted), at >= touch.occurred_at, at <= touch.expires_at)
    return case((is_active, literal(ACTIVE)), else_=literal(INACTIVE))


def timeline_rows(at: ColumnElement[Any]) -> Select[Any]:
    """Every touchpoint with its status at an instant."""
    touch = TOUCHPOINTS.c
    first: tuple[KeyedColumnElement[Any], ...] = (touch.contact_id, touch.event_id, touch.name, touch.occurred_at)
    rest = (touch.lifetime, touch.expires_at, touchpoint_status(at).label("status"), touch.retracted, touch.dimensions)
    return select(*first, *rest)


def timeline(connection: Connection, asked: TimelineAsked) -> Answer:
    """Touchpoints by contact and time."""
    rows = timeline_rows(as_of(asked.as_of_us)).subquery()
    shown = ("contact_id", "event_id", "occurred_at", "expires_at", "name", "lifetime", "status", "retracted")
    query = select(*(rows.c[name] for name in shown)).where(*asked.days.hold(rows.c.occurred_at))
    if asked.contact_id is not None:
        query = query.where(rows.c.contact_id == asked.contact_id)
    if asked.status is not None:
        query = query.where(rows.c.status == asked.status)
    query = query.order_by(rows.c.contact_id, rows.c.occurred_at, rows.c.event_id).limit(asked.limit)
    columns = (
        Column("contact", Kind.TEXT),
        Column("touchpoint", Kind.TEXT, beneath=True),
        Column("occurred", Kind.INSTANT),
        Column("expires", Kind.INSTANT, beneath=True),
        Column("name", Kind.TEXT),
        Column("lifetime", Kind.TEXT, beneath=True),
        Column("status", Kind.TEXT),
        Column("retracted", Kind.TEXT),
    )
    return Answer("Timeline", columns, _rows(connection, query), "No touchpoints in this selection.")


def _rows(connection: Connection, query: Select[Any]) -> Iterator[tuple[object, ...]]:
    for contact, touchpoint, occurred, expires, *known, retracted in connection.execute(query):
        yield contact, touchpoint, instant_us(occurred), instant_us(expires), *known, "yes" if retracted else "no"
