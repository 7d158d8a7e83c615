"""Facts of the topic `interactions`: what was planned with a contact, or by a user alone, and what became of it.

As in `events.fact`: instants are microseconds, ids the text as sent, and equal structs are one and the same fact.
What a producer leaves out has its default here, so that a fact that spells a default is the same as one that does not.
"""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

from msgspec import UNSET, Struct, UnsetType


class _Interaction(Struct, frozen=True, gc=False):
    contact_id: str | None
    owner: str | None
    """Exactly one of the two is given: a personal interaction has its owner, a user id."""
    event_id: str
    occurred_us: int
    interaction_id: str
    actor: str
    """A user id, or `system`."""


class Creation(_Interaction, frozen=True, gc=False):
    """What an interaction begins with. Its due is `due_on`, or `starts_us` with `duration_us`, or none."""

    kind: str
    """customer, prospect or personal."""
    title: str | None = None
    details: str | None = None
    interaction_type: str | None = None
    purpose: str | None = None
    due_on: date | None = None
    starts_us: int | None = None
    duration_us: int | None = None
    assignee: str | None = None
    """As sent, else the actor; None only for `system`."""
    response_required: bool = False
    date_completed: date | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    """As sent."""
    follow_up_of: str | None = None
    recurrence: str | None = None
    """An RFC 5545 RRULE, as sent."""
    source: str = "manual"


class Scheduled(Creation, frozen=True, gc=False, tag=True):
    """`interaction.scheduled`."""


class Logged(Creation, frozen=True, gc=False, tag=True, kw_only=True):
    """`interaction.logged`: born completed."""

    outcome: str
    next_action: str | None = None


class Changes(Struct, frozen=True, gc=False):
    """What an edit changes. UNSET: stays as it is; None: is taken away.

    The schedule comes whole: when any of `due_on`, `starts_us` and `duration_us` is set, the three replace the old one,
    an UNSET among them being none.
    """

    kind: str | UnsetType = UNSET
    title: str | UnsetType | None = UNSET
    details: str | UnsetType | None = UNSET
    interaction_type: str | UnsetType | None = UNSET
    purpose: str | UnsetType | None = UNSET
    due_on: date | UnsetType | None = UNSET
    starts_us: int | UnsetType = UNSET
    duration_us: int | UnsetType = UNSET
    response_required: bool | UnsetType = UNSET
    date_completed: date | UnsetType | None = UNSET
    note: str | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET

    @property
    def reschedules(self) -> bool:
        """True when the schedule is replaced."""
        return self.due_on is not UNSET or self.starts_us is not UNSET


class Edited(_Interaction, frozen=True, gc=False, tag=True):
    """`interaction.edited`."""

    changes: Changes


class Completed(_Interaction, frozen=True, gc=False, tag=True):
    """`interaction.completed`: at least one of `outcome` and `summary` is given."""

    outcome: str | None = None
    summary: str | None = None
    completed_on: date | None = None
    interaction_type: str | None = None
    next_action: str | None = None
    note: str | None = None


class Deleted(_Interaction, frozen=True, gc=False, tag=True):
    """`interaction.deleted`."""


class Reassigned(_Interaction, frozen=True, gc=False, tag=True):
    """`interaction.reassigned`."""

    assignee: str


class Snoozed(_Interaction, frozen=True, gc=False, tag=True):
    """`interaction.snoozed`."""

    until_us: int


class Tagged(_Interaction, frozen=True, gc=False, tag=True):
    """`interaction.tagged`: first `add`, then `remove`."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Posted(_Interaction, frozen=True, gc=False, tag=True):
    """`interaction.posted`."""

    text: str


InteractionFact: TypeAlias = Scheduled | Logged | Edited | Completed | Deleted | Reassigned | Snoozed | Tagged | Posted
