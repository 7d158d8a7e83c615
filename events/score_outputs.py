"""What Evenhand says about scores."""

from __future__ import annotations

from typing import Annotated

from pydantic import MISSING, Field

from events.fields import Id
from events.outputs import Output, UtcInstant


class RulePoints(Output):
    """What one rule gives."""

    rule_id: Id
    times: int = Field(ge=0, description="How many facts it counts; of a rule without facts, whether it holds")
    points: int


class GroupPoints(Output):
    """What a group takes from its rules, or gives to them, to stay within its bounds."""

    group_id: Id
    points: int


class Score(Output):
    """A contact's score under one published profile. Of several for one key, the one with the highest version holds."""

    contact_id: Id
    profile_id: Id
    profile_revision: int = Field(ge=1)
    score: int = Field(description="Within the profile's floor and ceiling")
    unclamped: int = Field(description="The sum of all points, of rules, groups and adjustments")
    band: str | None = Field(description="The highest that the score reaches; null below all")
    as_of: UtcInstant = Field(description="When it was so")
    rules: list[RulePoints] = Field(description="Every enabled rule in the profile's order, also at zero")
    groups: Annotated[list[GroupPoints], Field(description="Given when the profile has any")] | MISSING = MISSING
    adjusted: int = Field(description="What was added by hand")
    version: int = Field(description="Only grows: `as_of` in microseconds since 1970, or the last and one")


class ScoreChange(Output):
    """A contact moved from one band to another; each move is said once, by contact, profile and version."""

    contact_id: Id
    profile_id: Id
    profile_revision: int = Field(ge=1)
    band: str | None = Field(description="The band said now; null below all")
    previous_band: str | None = Field(description="The band said last; null below all, and the first time")
    score: int
    as_of: UtcInstant
    version: int = Field(description="The score's own")
