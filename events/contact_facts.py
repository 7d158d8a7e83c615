"""A contact's facts, from its validated events: everything by value, nothing of its spelling."""

from __future__ import annotations

from pydantic import MISSING

from events.canonical import canonical_json
from events.contact_model import AboutContact
from events.contact_model import ContactErased as ErasedSent
from events.contact_model import ContactUpdated as UpdatedSent
from events.contact_model import ScoreAdjusted as AdjustedSent
from events.contacts import ContactErased, ContactFact, ContactUpdated, ScoreAdjusted
from events.instant import parse_instant
from events.normal_form import normal_form


def contact_fact(event: AboutContact) -> ContactFact:
    """What the deciders see of an accepted event."""
    who = (event.contact_id, event.event_id, parse_instant(event.occurred_at))
    match event:
        case UpdatedSent():
            return ContactUpdated(*who, canonical_json(normal_form(event.attributes)))
        case AdjustedSent():
            return ScoreAdjusted(
                *who,
                event.profile_id,
                None if event.points is MISSING else event.points,
                None if event.set_to is MISSING else event.set_to,
                event.actor,
                None if event.reason is MISSING else event.reason,
            )
        case ErasedSent():
            return ContactErased(*who)
