"""Given, when, then for interactions: facts as producers send them, taken by one book in their order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from config.definitions import UserDefinition
from events.codec import decode
from events.followup_outputs import Followup, RejectionReason
from events.interactions import InteractionFact
from projections.followups.book import Book, Rejected
from projections.followups.interaction import Interaction
from projections.followups.messages import encode_followup
from projections.followups.users import Users
from tests.sent_events import ABSENT, Sent, record

OWN: Mapping[str, object] = {"contact_id": ABSENT, "owner": "u1"}
"""What makes an event one about a user's own interaction."""


def user(time_zone: str | None = None, reminder_hour: int | None = None) -> UserDefinition:
    return UserDefinition(None, None, time_zone, reminder_hour, active=True)


USERS = Users({"u1": user("Europe/London", 8), "ny": user("America/New_York"), "plain": user()})


def fact(event: Sent) -> InteractionFact:
    """The fact that an event is when it is judged."""
    judged = decode("interactions", record(event))
    assert isinstance(judged, InteractionFact), judged
    return judged


def facts(*events: Sent) -> list[InteractionFact]:
    """Facts in log order, each with an id of its own where two would share the one that examples have."""
    return [
        fact({**event, "event_id": f"e{number}"} if event["event_id"] == "e1" else event)
        for number, event in enumerate(events, 1)
    ]


def book(*events: Sent, users: Users = USERS) -> Book:
    """The book that events make of which none is rejected."""
    kept = Book(users)
    for taken in facts(*events):
        outcome = kept.take(taken)
        assert not isinstance(outcome, Rejected), outcome
    return kept


def rejection(*events: Sent, users: Users = USERS) -> RejectionReason | None:
    """Why the last event is rejected after the others were taken, and changes nothing; None: it is not."""
    kept = book(*events[:-1], users=users)
    before = dict(kept.interactions)
    outcome = kept.take(facts(*events)[-1])
    if not isinstance(outcome, Rejected):
        return None
    assert kept.interactions == before
    return outcome.reason


def only(*events: Sent, users: Users = USERS) -> Interaction:
    """The one interaction that events make."""
    [interaction] = book(*events, users=users).interactions.values()
    return interaction


def said(*events: Sent, users: Users = USERS, of: str = "i1") -> dict[str, Any]:
    """What the topic `followups` says of an interaction, held to the schema that subscribers have."""
    value = encode_followup(book(*events, users=users).interactions[of], users)
    Followup.model_validate_json(value)
    message: dict[str, Any] = json.loads(value)
    return message
