"""A score profile, compiled: plain frozen values, comparable, whichever way it was written.

Instants and spans are integer microseconds, points whole numbers. Numbers in conditions are int or Decimal.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

Op: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains", "contains_all", "exists"]
Scalar: TypeAlias = str | int | Decimal | bool


class Condition(Struct, frozen=True):
    """What must be so of a field of a fact, or of an attribute."""

    field: str
    op: Op
    value: Scalar | tuple[Scalar, ...]
    """Of `in` and `contains_all` a tuple."""


class Match(Struct, frozen=True):
    """Which facts a rule looks at."""

    type: str
    name: str | None = None
    """None: of any name."""
    where: tuple[Condition, ...] = ()
    """All of them."""


class Rule(Struct, frozen=True):
    """What every rule has."""

    rule_id: str
    points: int
    group: str | None = None
    active_from_us: int | None = None
    active_until_us: int | None = None


class EventRule(Rule, frozen=True, kw_only=True):
    """Points for facts."""

    when: Match
    window_us: int | None = None
    decay_over_us: int | None = None
    """Never both."""
    every: int = 1
    max_per_day: int | None = None
    max_times: int | None = None


class AttributeRule(Rule, frozen=True, kw_only=True):
    """Points while the attributes are so."""

    conditions: tuple[Condition, ...]


class InactivityRule(Rule, frozen=True, kw_only=True):
    """Points while no such fact is younger than the span."""

    unless: Match
    within_us: int


AnyRule: TypeAlias = EventRule | AttributeRule | InactivityRule


class Group(Struct, frozen=True):
    """Bounds on the sum of the rules that name it; None: none."""

    group_id: str
    floor: int | None
    ceiling: int | None


class Band(Struct, frozen=True):
    """A score from `start` on, up to the next band."""

    name: str
    start: int


class Profile(Struct, frozen=True):
    """Everything that a score follows."""

    profile_id: str
    name: str
    description: str
    published: bool
    revision: int
    floor: int | None
    ceiling: int | None
    bands: tuple[Band, ...]
    """Ascending."""
    hysteresis: int
    exclude: tuple[tuple[Condition, ...], ...]
    """Any entry, all conditions of it."""
    groups: tuple[Group, ...]
    """By code point, as a table of JSON has no order."""
    rules: tuple[AnyRule, ...]
    """The enabled ones, in the profile's order."""
