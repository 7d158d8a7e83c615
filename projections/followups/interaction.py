"""An interaction: an engagement with a contact, or a note to oneself, planned or done (contract, projections, part 3).

Plain values, never changed; each fits one row of state. Instants are microseconds since 1970-01-01T00:00:00Z, spans
microseconds.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from events.facts import owner_key

PERSONAL: Final = "personal"
"""The kind that has no contact; the others (customer, prospect) need one."""


class State(StrEnum):
    """How far an interaction has come. Nothing leads back."""

    OPEN = "open"
    COMPLETED = "completed"
    DELETED = "deleted"


class Post(Struct, frozen=True, array_like=True):
    """A remark on an interaction."""

    event_id: str
    occurred_us: int
    actor: str
    text: str


class Schedule(Struct, frozen=True, array_like=True):
    """When it is to be done: by the end of a day, or from an instant on for a while, or at no set time."""

    due_on: date | None = None
    starts_us: int | None = None
    duration_us: int | None = None


class Series(Struct, frozen=True, array_like=True):
    """What an interaction that recurs knows of the others before it."""

    rule: str
    """An RFC 5545 RRULE."""
    first_id: str
    """The interaction that began the series; the others' ids begin with it."""
    number: int
    """Its place in the series, from 1."""
    clock: datetime | None = None
    """The reading that the rule gave for its start, where clocks jumped over that reading."""


class Interaction(Struct, frozen=True, array_like=True):
    """All that the accepted facts about one interaction have made of it."""

    interaction_id: str
    contact_id: str | None
    owner: str | None
    """The user whose personal one it is; then it has no contact."""
    kind: str
    title: str | None
    details: str | None
    interaction_type: str | None
    purpose: str | None
    schedule: Schedule
    assignee: str | None
    response_required: bool
    date_completed: date | None
    """A plain date. It completes nothing."""
    note: str | None
    tags: tuple[str, ...]
    """Sorted by code point, each once."""
    follow_up_of: str | None
    source: str
    state: State
    created_us: int
    created_by: str
    series: Series | None = None
    outcome: str | None = None
    summary: str | None = None
    completed_on: date | None = None
    completed_us: int | None = None
    next_action: str | None = None
    snoozed_us: int | None = None
    posts: tuple[Post, ...] = ()
    facts: int = 1
    """How many accepted facts it was made from."""
    lift: int = 0
    """How often it was said again without a new fact, as when its assignee moved to another time zone."""
    reminded: tuple[date, ...] = ()
    """The due dates of which a reminder was sent."""

    @property
    def book(self) -> str:
        """The key under which its facts are taken in log order."""
        return owner_key(self.owner) if self.contact_id is None else self.contact_id

    @property
    def version(self) -> int:
        """Above every version that was said before."""
        return self.facts + self.lift

    @property
    def needs_response(self) -> bool:
        """Whether somebody still has to respond: neither a date nor a post takes this away (behaviour B12)."""
        return self.state is State.OPEN and self.response_required
