"""Interactions as people work through them: open, missed and completed, with the counts of the month (D49 to D56)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, or_, select

from projections.queries.answer import Answer, Column, Kind
from projections.queries.expressions import instant_us
from projections.queries.filters import Days
from projections.queries.timeline import as_of
from projections.tables import CONTACTS, INTERACTIONS


class Status(StrEnum):
    """As of an instant."""

    OPEN = "open"
    """Upcoming, without an outcome (D52)."""
    MISSED = "missed"
    """Past due, without an outcome (D53)."""
    COMPLETED = "completed"
    """With an outcome (D54), also when it lies ahead (D49)."""
    DELETED = "deleted"


class FollowupsAsked(NamedTuple):
    """Whose interactions, and which of them. Deleted ones only when asked for."""

    assignee: str | None = None
    contact_id: str | None = None
    status: Status | None = None
    days: Days = Days()
    """By due day, or by the day in UTC on which it starts."""
    as_of_us: int | None = None
    """None: as of the end of a replay, else as of now."""
    limit: int | None = None


def today(assignee: str, day: date) -> FollowupsAsked:
    """What people see first: all their upcoming interactions of the day (D51)."""
    return FollowupsAsked(assignee=assignee, status=Status.OPEN, days=Days(day, day))


def week_of(day: date) -> Days:
    """The entire week that holds a day, from Monday on (D62)."""
    monday = day - timedelta(days=day.weekday())
    return Days(monday, monday + timedelta(days=6))


def month_of(days: Days) -> Days:
    """The month of a selected range: that of its first day (D56)."""
    day = days.first or days.last
    if day is None:
        return Days()
    following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return Days(day.replace(day=1), following - timedelta(days=1))


def interaction_status(at: ColumnElement[Any]) -> ColumnElement[str]:
    """Missed is: open, and due_at ≤ t; one that is due never is never missed (contract, part 2, section 3)."""
    is_missed = and_(INTERACTIONS.c.state == "open", INTERACTIONS.c.due_at <= at)
    return case((is_missed, literal(Status.MISSED.value)), else_=INTERACTIONS.c.state)


def followup_rows(at: ColumnElement[Any]) -> Select[Any]:
    """Every interaction with its status at an instant, and its contact's name."""
    each = INTERACTIONS.c
    return select(
        each.contact_id,
        CONTACTS.c.name.label("contact_name"),
        each.owner,
        each.interaction_id,
        interaction_status(at).label("status"),
        each.kind,
        each.title,
        each.interaction_type,
        each.assignee,
        each.starts_at,
        each.due_on,
        each.due_at,
        each.response_required,
        each.outcome,
        each.completed_at,
        each.created_at,
    ).outerjoin_from(INTERACTIONS, CONTACTS, CONTACTS.c.contact_id == each.contact_id)


def followups(connection: Connection, asked: FollowupsAsked) -> Answer:
    """Interactions by when they are due, those that never are last, with the month's counts beside them."""
    rows = _asked_for(asked)
    shown = ("due_at", "status", "assignee", "kind", "contact_id", "contact_name", "title", "interaction_type")
    query = select(*(rows.c[name] for name in shown), rows.c.outcome, rows.c.interaction_id).where(
        *_within(rows.c, asked.days)
    )
    if asked.status is not None:
        query = query.where(rows.c.status == asked.status.value)
    else:
        query = query.where(rows.c.status != Status.DELETED.value)
    order = (rows.c.due_at.is_(None), rows.c.due_at, rows.c.contact_id, rows.c.interaction_id)
    columns = (
        Column("due", Kind.INSTANT),
        Column("status", Kind.TEXT, beneath=True),
        Column("assignee", Kind.TEXT),
        Column("kind", Kind.TEXT, beneath=True),
        Column("contact", Kind.TEXT),
        Column("name", Kind.TEXT, beneath=True),
        Column("title", Kind.TEXT),
        Column("type", Kind.TEXT, beneath=True),
        Column("outcome", Kind.TEXT),
        Column("interaction", Kind.TEXT, beneath=True),
    )
    counts = month_counts(connection, asked)
    said = ", ".join(f"{status.value} ({count:,})" for status, count in counts.items())
    answered = _rows(connection, query.order_by(*order).limit(asked.limit))
    note = f"{_month_named(asked.days)}: {said}"
    return Answer("Interactions", columns, answered, "No interactions in this selection.", (note,))


def month_counts(connection: Connection, asked: FollowupsAsked) -> dict[Status, int]:
    """How many are open, missed and completed in the month of the range, not in the range (D56)."""
    rows = _asked_for(asked)
    within = _within(rows.c, month_of(asked.days))
    counted = select(rows.c.status, func.count()).where(*within).group_by(rows.c.status)
    found: dict[str, int] = dict(connection.execute(counted).all())
    return {status: found.get(status.value, 0) for status in (Status.OPEN, Status.MISSED, Status.COMPLETED)}


def _asked_for(asked: FollowupsAsked) -> Any:
    query = followup_rows(as_of(asked.as_of_us))
    if asked.assignee is not None:
        query = query.where(INTERACTIONS.c.assignee == asked.assignee)
    if asked.contact_id is not None:
        query = query.where(INTERACTIONS.c.contact_id == asked.contact_id)
    return query.subquery()


def _within(columns: Any, days: Days) -> list[ColumnElement[bool]]:
    if days == Days():
        return []
    starting = and_(columns.due_on.is_(None), *days.hold(columns.starts_at))
    return [or_(and_(*days.hold_day(columns.due_on)), starting)]


def _month_named(days: Days) -> str:
    first = month_of(days).first
    return "All time" if first is None else f"{first:%Y-%m}"


def _rows(connection: Connection, query: Select[Any]) -> Iterator[tuple[object, ...]]:
    for due, *rest in connection.execute(query):
        yield instant_us(due), *rest
