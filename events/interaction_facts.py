"""Facts about interactions, from their validated events: everything by value, with defaults for what is absent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from events.calendar_day import parse_day
from events.duration import parse_duration
from events.event import Sent
from events.instant import parse_instant
from events.interaction_model import (
    AboutInteraction,
    InteractionCompleted,
    InteractionDeleted,
    InteractionEdited,
    InteractionLogged,
    InteractionPosted,
    InteractionReassigned,
    InteractionScheduled,
    InteractionSnoozed,
    InteractionTagged,
)
from events.interactions import (
    Changes,
    Completed,
    Deleted,
    Edited,
    InteractionFact,
    Logged,
    Posted,
    Reassigned,
    Scheduled,
    Snoozed,
    Tagged,
)

_FACTS: Final[dict[type[AboutInteraction], type[InteractionFact]]] = {
    InteractionScheduled: Scheduled,
    InteractionLogged: Logged,
    InteractionEdited: Edited,
    InteractionCompleted: Completed,
    InteractionDeleted: Deleted,
    InteractionReassigned: Reassigned,
    InteractionSnoozed: Snoozed,
    InteractionTagged: Tagged,
    InteractionPosted: Posted,
}
_BY_VALUE: Final[dict[str, tuple[str, Callable[[Any], object]]]] = {
    "occurred_at": ("occurred_us", parse_instant),
    "starts_at": ("starts_us", parse_instant),
    "until": ("until_us", parse_instant),
    "duration": ("duration_us", parse_duration),
    "due_on": ("due_on", parse_day),
    "date_completed": ("date_completed", parse_day),
    "completed_on": ("completed_on", parse_day),
    "tags": ("tags", tuple),
    "add": ("add", tuple),
    "remove": ("remove", tuple),
}
"""What a field is called in the fact, and how it is read from what was sent."""


def interaction_fact(event: AboutInteraction) -> InteractionFact:
    """What the deciders see of an accepted event."""
    whose: dict[str, Any] = {"contact_id": None, "owner": None}
    fields = whose | _given(event)
    del fields["type"]
    if isinstance(event, InteractionEdited):
        fields["changes"] = Changes(**_given(event.changes))
    return _FACTS[type(event)](**fields)


def _given(sent: Sent) -> dict[str, Any]:
    """The fields with a value, by their names in the fact; what is null stays None."""
    given: dict[str, Any] = {}
    for sent_as, value in (sent.defaults() | sent.given()).items():
        name, read = _BY_VALUE.get(sent_as, (sent_as, None))
        given[name] = value if read is None or value is None else read(value)
    return given
