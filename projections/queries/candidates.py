"""The contacts that interactions may be generated with, and the places of a series that are filled (D28 to D45)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, func, select

from projections.followups.candidates import Candidate, Opportunity
from projections.queries.expressions import instant_us
from projections.tables import CONTACTS, INTERACTIONS, META


def candidates(connection: Connection) -> Iterator[Candidate]:
    """Every contact with its opportunities, and when an interaction with it was last completed or logged."""
    each = INTERACTIONS.c
    contacted = (
        select(each.contact_id, func.max(each.completed_at).label("at"))
        .where(each.state == "completed", each.contact_id.is_not(None))
        .group_by(each.contact_id)
        .subquery()
    )
    known = (CONTACTS.c.contact_id, CONTACTS.c.kind, CONTACTS.c.city, CONTACTS.c.postcode, CONTACTS.c.attributes)
    query = select(*known, contacted.c.at).outerjoin_from(
        CONTACTS, contacted, contacted.c.contact_id == CONTACTS.c.contact_id
    )
    for contact_id, kind, city, postcode, attributes, at in connection.execute(query):
        opportunities = tuple(map(_opportunity, attributes.get("opportunities", ())))
        yield Candidate(contact_id, kind, city, postcode, opportunities, instant_us(at))


def filled_places(connection: Connection, series: str) -> dict[int, str]:
    """The contacts that a series was generated with before, by their places; deleted interactions count."""
    named = INTERACTIONS.c.interaction_id
    found = select(named, INTERACTIONS.c.contact_id).where(named.startswith(f"{series}-"))
    places = ((name.removeprefix(f"{series}-"), contact) for name, contact in connection.execute(found))
    return {int(place): contact for place, contact in places if place.isdecimal()}


def replayed_until_us(connection: Connection) -> int | None:
    """The instant that a replay ended at; None: the read model follows the topics."""
    at = connection.execute(select(META.c.value).where(META.c.name == "as_of")).scalar()
    return instant_us(at or None)


def _opportunity(sent: Mapping[str, Any]) -> Opportunity:
    value = sent.get("value")
    return Opportunity(
        None if value is None else _decimal(value), sent.get("currency"), sent.get("open", True) is not False
    )


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
