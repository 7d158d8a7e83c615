"""Response Required: the contacts with interactions that need addressing (behaviours B5, B21)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, func, select

from projections.queries.answer import Answer, Column, Kind
from projections.queries.expressions import instant_us
from projections.tables import CONTACTS, INTERACTIONS


class ResponseRequiredAsked(NamedTuple):
    """Whose contacts: by the assignee of what needs a response."""

    assignee: str | None = None
    contact_id: str | None = None
    limit: int | None = None


def response_required_rows() -> Select[Any]:
    """One row for each contact and assignee with an open interaction that asks for a response.

    Completion, deletion or an edit of the flag clears it; `date_completed` never does (B12).
    """
    each = INTERACTIONS.c
    who = (each.contact_id, CONTACTS.c.name, CONTACTS.c.owner, each.assignee)
    return (
        select(*who, func.count().label("interactions"), func.min(each.due_at).label("next_due_at"))
        .outerjoin_from(INTERACTIONS, CONTACTS, CONTACTS.c.contact_id == each.contact_id)
        .where(and_(each.response_required, each.state == "open", each.contact_id.is_not(None)))
        .group_by(*who)
    )


def response_required(connection: Connection, asked: ResponseRequiredAsked) -> Answer:
    """Contacts by when the first of what they wait for is due."""
    rows = response_required_rows().subquery()
    query = select(rows)
    if asked.assignee is not None:
        query = query.where(rows.c.assignee == asked.assignee)
    if asked.contact_id is not None:
        query = query.where(rows.c.contact_id == asked.contact_id)
    due = rows.c.next_due_at
    query = query.order_by(due.is_(None), due, rows.c.contact_id, rows.c.assignee).limit(asked.limit)
    columns = (
        Column("contact", Kind.TEXT),
        Column("name", Kind.TEXT, beneath=True),
        Column("owner", Kind.TEXT),
        Column("assignee", Kind.TEXT, "(nobody)", beneath=True),
        Column("interactions", Kind.COUNT),
        Column("next_due", Kind.INSTANT, "(never)"),
    )
    return Answer("Response Required", columns, _rows(connection, query), "No contact waits for a response.")


def _rows(connection: Connection, query: Select[Any]) -> Iterator[tuple[object, ...]]:
    for *known, due in connection.execute(query):
        yield *known, instant_us(due)
