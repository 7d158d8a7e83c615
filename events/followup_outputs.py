"""What Evenhand says about interactions."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from pydantic import Field

from events.fields import Day, Id
from events.interaction_model import Kind, Source
from events.outputs import Output, UtcInstant

State: TypeAlias = Literal["open", "completed", "deleted"]


class Post(Output):
    """Something that was said about an interaction."""

    event_id: Id
    occurred_at: UtcInstant
    actor: Id
    text: str


class Followup(Output):
    """An interaction as it is now. Of several for one key, the one with the highest version holds."""

    interaction_id: str = Field(description="With `/` and a number where a completed one recurs")
    contact_id: Id | None
    owner: Id | None = Field(description="Of a personal one")
    kind: Kind
    title: str | None
    details: str | None
    interaction_type: str | None
    purpose: str | None
    starts_at: UtcInstant | None
    due_on: Day | None
    due_at: UtcInstant | None = Field(description="From then on an open one is missed; null: never")
    assignee: Id | None = Field(description="A user id; null: nobody")
    response_required: bool
    date_completed: Day | None
    note: str | None
    tags: list[str] = Field(description="Sorted by code point, each once")
    follow_up_of: Id | None
    source: Source
    state: State
    outcome: str | None
    summary: str | None
    completed_on: Day | None
    completed_at: UtcInstant | None = Field(description="When the completing fact occurred")
    next_action: str | None
    snoozed_until: UtcInstant | None
    posts: list[Post] = Field(description="As they came")
    created_at: UtcInstant
    created_by: Id
    version: int = Field(ge=1, description="How many facts about it were accepted")


class Reminder(Output):
    """An open interaction is due that day and needs a response or starts then. Said once for each due date."""

    interaction_id: str = Field(description="With `/` and a number where a completed one recurs")
    contact_id: Id | None
    owner: Id | None = Field(description="Of a personal one")
    assignee: Id | None = Field(description="A user id; null: nobody")
    due_on: Day | None = Field(description="null: it starts at an instant")
    title: str | None
    contact_name: str | None
    sent_for: Day = Field(description="The due date: `due_on`, or the local date of its start")


class RejectionReason(StrEnum):
    """Why a fact about an interaction changes nothing. A closed list in order of precedence."""

    CONTACT_ON_PERSONAL = "contact_on_personal"
    CONTACT_MISSING = "contact_missing"
    DUPLICATE_INTERACTION = "duplicate_interaction"
    UNKNOWN_INTERACTION = "unknown_interaction"
    DELETED = "deleted"
    ALREADY_COMPLETED = "already_completed"


class Rejection(Output):
    """A fact that the rules forbid, and why. It changes nothing; its identity is its partition and offset."""

    interaction_id: str = Field(description="With `/` and a number where a completed one recurs")
    contact_id: Id | None
    owner: Id | None = Field(description="Of a personal one")
    event_id: Id
    type: str = Field(description="The fact's, such as `interaction.edited`")
    occurred_at: UtcInstant
    actor: Id
    reason: RejectionReason = Field(description="The first that holds")
