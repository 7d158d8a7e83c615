"""The interactions that a filter holds for, to be changed together."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, and_, or_, select

from projections.followups.selection import Selected
from projections.queries.filters import Days
from projections.queries.followups import Status, interaction_status
from projections.queries.timeline import as_of
from projections.tables import INTERACTIONS


class SelectionAsked(NamedTuple):
    """Which interactions: those that everything given here holds for."""

    assignee: str | None = None
    status: Status | None = None
    """None: open and missed, which can be changed."""
    days: Days = Days()
    """By due day, or by the day in UTC on which it starts."""
    interaction_type: str | None = None
    contact_id: str | None = None
    tag: str | None = None
    as_of_us: int | None = None
    """None: as of the end of a replay, else as of now."""


def selected(connection: Connection, asked: SelectionAsked) -> list[Selected]:
    """Interactions by when they are due, those that never are last."""
    each = INTERACTIONS.c
    status = interaction_status(as_of(asked.as_of_us))
    shown = (each.interaction_id, each.contact_id, each.owner, each.version, each.tags)
    query = select(*shown).order_by(each.due_at.is_(None), each.due_at, each.subject, each.interaction_id)
    for column, wanted in (
        (each.assignee, asked.assignee),
        (each.interaction_type, asked.interaction_type),
        (each.contact_id, asked.contact_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if asked.status is None:
        query = query.where(each.state == Status.OPEN.value)
    else:
        query = query.where(status == asked.status.value)
    if asked.days != Days():
        starting = and_(each.due_on.is_(None), *asked.days.hold(each.starts_at))
        query = query.where(or_(and_(*asked.days.hold_day(each.due_on)), starting))
    rows = connection.execute(query)
    return [Selected(*row) for *row, tags in rows if asked.tag is None or asked.tag in tags]
