"""What a producer may send about interactions: planned with a contact, or by a user alone, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import MISSING, Field, ValidationInfo, field_validator
from typing_extensions import override

from events.duration import parse_duration
from events.event import Event, Sent
from events.fields import Day, Id, Instant, Recurrence, Span
from events.instant import LATEST_US, parse_instant
from events.pairs import Pair, Presence, pair_errors
from events.refusal import FieldError

Kind: TypeAlias = Literal["customer", "prospect", "personal"]
Source: TypeAlias = Literal["manual", "workflow", "mass_contact", "generated", "mail"]
SYSTEM: Final = "system"
"""The actor that is no user."""
SCHEDULE = (Pair("due_on", "starts_at", Presence.AT_MOST_ONE), Pair("starts_at", "duration", Presence.BOTH_OR_NEITHER))
WHOSE = Pair("contact_id", "owner", Presence.EXACTLY_ONE)


class InteractionEvent(Event):
    """What every input about an interaction has."""

    contact_id: Annotated[Id, Field(description="The contact; the record's key, too")] | MISSING = MISSING
    owner: Annotated[Id, Field(description="Of a personal one, a user id; the key is `user:` and it")] | MISSING = (
        MISSING
    )
    occurred_at: Instant = Field(description="When it took place")
    interaction_id: Id = Field(description="Names the interaction, together with the contact or the owner")
    actor: Id = Field(description="A user id, or `system`")

    PAIRS: ClassVar[tuple[Pair, ...]] = (WHOSE,)


def _ends_in_time(duration: str, info: ValidationInfo) -> str:
    starts_at = info.data.get("starts_at", MISSING)
    if starts_at is not MISSING and parse_instant(starts_at) + parse_duration(duration) > LATEST_US:
        raise ValueError("an interaction ends before the year 2201 of UTC")
    return duration


class InteractionCreation(InteractionEvent):
    """What an interaction begins with."""

    kind: Kind
    title: str | MISSING = MISSING
    details: str | MISSING = MISSING
    interaction_type: str | MISSING = MISSING
    purpose: str | MISSING = MISSING
    due_on: Day | MISSING = MISSING
    starts_at: Instant | MISSING = MISSING
    duration: Span | MISSING = MISSING
    assignee: Annotated[Id, Field(description="A user id. Default: the actor; nobody for `system`")] | MISSING = MISSING
    response_required: Annotated[bool, Field(description="Default: false")] | MISSING = MISSING
    date_completed: Annotated[Day, Field(description="Carried; closes nothing")] | MISSING = MISSING
    note: str | MISSING = MISSING
    tags: Annotated[list[str], Field(description="Default: none")] | MISSING = MISSING
    follow_up_of: Annotated[Id, Field(description="Another interaction of the same key")] | MISSING = MISSING
    recurrence: Recurrence | MISSING = MISSING
    source: Annotated[Source, Field(description="Default: `manual`")] | MISSING = MISSING

    PAIRS: ClassVar[tuple[Pair, ...]] = (WHOSE, *SCHEDULE)

    _ends_in_time = field_validator("duration")(_ends_in_time)

    @override
    def defaults(self) -> dict[str, object]:
        assignee = {} if self.actor == SYSTEM else {"assignee": self.actor}
        return {"response_required": False, "tags": [], "source": "manual"} | assignee


class InteractionScheduled(InteractionCreation):
    """An interaction was planned."""

    type: Literal["interaction.scheduled"]


class InteractionLogged(InteractionCreation):
    """An interaction that took place was written down; it is born completed."""

    type: Literal["interaction.logged"]
    outcome: str
    next_action: str | MISSING = MISSING


class InteractionChanges(Sent):
    """What an edit changes. The schedule comes whole and replaces the old; `null` takes a text or a date away."""

    kind: Annotated[Kind, Field(description="From customer to prospect or back")] | MISSING = MISSING
    title: str | MISSING | None = MISSING
    details: str | MISSING | None = MISSING
    interaction_type: str | MISSING | None = MISSING
    purpose: str | MISSING | None = MISSING
    due_on: Annotated[Day | None, Field(description="null: no schedule")] | MISSING = MISSING
    starts_at: Instant | MISSING = MISSING
    duration: Span | MISSING = MISSING
    response_required: bool | MISSING = MISSING
    date_completed: Day | MISSING | None = MISSING
    note: str | MISSING | None = MISSING
    tags: list[str] | MISSING = MISSING

    PAIRS: ClassVar[tuple[Pair, ...]] = SCHEDULE

    _ends_in_time = field_validator("duration")(_ends_in_time)


class InteractionEdited(InteractionEvent):
    """What an open interaction says was changed."""

    type: Literal["interaction.edited"]
    changes: InteractionChanges

    @override
    @classmethod
    def misfits(cls, sent: Mapping[str, object]) -> Iterator[FieldError]:
        yield from super().misfits(sent)
        changes = sent.get("changes")
        if isinstance(changes, dict):
            yield from pair_errors(InteractionChanges.PAIRS, changes, "/changes")


class InteractionCompleted(InteractionEvent):
    """An interaction was done."""

    type: Literal["interaction.completed"]
    outcome: str | MISSING = MISSING
    summary: str | MISSING = MISSING
    completed_on: Annotated[Day, Field(description="Past or future; carried, decides nothing")] | MISSING = MISSING
    interaction_type: str | MISSING = MISSING
    next_action: str | MISSING = MISSING
    note: str | MISSING = MISSING

    PAIRS: ClassVar[tuple[Pair, ...]] = (WHOSE, Pair("outcome", "summary", Presence.AT_LEAST_ONE))


class InteractionDeleted(InteractionEvent):
    """An interaction was removed."""

    type: Literal["interaction.deleted"]


class InteractionReassigned(InteractionEvent):
    """An interaction was given to another user."""

    type: Literal["interaction.reassigned"]
    assignee: Id = Field(description="A user id")


class InteractionSnoozed(InteractionEvent):
    """An interaction's reminder was put off."""

    type: Literal["interaction.snoozed"]
    until: Instant


class InteractionTagged(InteractionEvent):
    """Tags were added to an interaction, then others removed."""

    type: Literal["interaction.tagged"]
    add: Annotated[list[str], Field(description="Default: none")] | MISSING = MISSING
    remove: Annotated[list[str], Field(description="Default: none")] | MISSING = MISSING

    @override
    def defaults(self) -> dict[str, object]:
        return {"add": [], "remove": []}


class InteractionPosted(InteractionEvent):
    """Something was said about an interaction."""

    type: Literal["interaction.posted"]
    text: str


AboutInteraction: TypeAlias = (
    InteractionScheduled
    | InteractionLogged
    | InteractionEdited
    | InteractionCompleted
    | InteractionDeleted
    | InteractionReassigned
    | InteractionSnoozed
    | InteractionTagged
    | InteractionPosted
)
INTERACTION_EVENTS = (
    InteractionScheduled,
    InteractionLogged,
    InteractionEdited,
    InteractionCompleted,
    InteractionDeleted,
    InteractionReassigned,
    InteractionSnoozed,
    InteractionTagged,
    InteractionPosted,
)
