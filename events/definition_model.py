"""What is defined for everybody: score profiles and users."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import MISSING, Field, WithJsonSchema

from events.event import Event
from events.fields import Hour, Id, Instant, Revision, Zone

ProfileContent = Annotated[
    dict[str, object], WithJsonSchema({"type": "object", "description": "The whole profile; the scores judge it"})
]


class DefinitionEvent(Event):
    """What every definition has."""

    occurred_at: Instant = Field(description="When it took place")


class ScoreProfileSaved(DefinitionEvent):
    """A profile's draft is this from now on."""

    type: Literal["score_profile.saved"]
    profile_id: Id
    profile: ProfileContent


class ScoreProfilePublished(DefinitionEvent):
    """A profile's scores follow this from now on."""

    type: Literal["score_profile.published"]
    profile_id: Id
    revision: Annotated[Revision, Field(description="One that is not above the last is ignored")]
    profile: ProfileContent


class UserSaved(DefinitionEvent):
    """A user is this from now on."""

    type: Literal["user.saved"]
    user_id: Id
    name: str | MISSING = MISSING
    email: str | MISSING = MISSING
    time_zone: Zone | MISSING = MISSING
    reminder_hour: Annotated[Hour, Field(description="Of the local day, when reminders go out")] | MISSING = MISSING
    active: Annotated[bool, Field(description="Default: true")] | MISSING = MISSING


AnyDefinition: TypeAlias = ScoreProfileSaved | ScoreProfilePublished | UserSaved
DEFINITION_EVENTS = (ScoreProfileSaved, ScoreProfilePublished, UserSaved)
