"""The rules a catalogue lays down, compiled: plain frozen values, comparable, hashable, and kept with the state.

Instants and spans are integer microseconds. `Rulebook` is what the state stores of the catalogue that it was made with.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Generic, Literal, TypeAlias, TypeVar

from msgspec import Struct

Value = TypeVar("Value")

ModelName: TypeAlias = Literal[
    "linear", "first", "last", "last_non_direct", "position_based", "j_shaped", "inverse_j", "time_decay"
]
"""The models of the contract's section 2."""


class ModelSpec(Struct, frozen=True):
    """A model and the parameters it takes; None for those it does not take."""

    name: str
    weights: tuple[int, int, int] | None = None
    """First, middle, last: `position_based`, `j_shaped`, `inverse_j`."""
    half_life_us: int | None = None
    """`time_decay`."""


class Rules(Struct, frozen=True):
    """How a conversion is credited."""

    model: ModelSpec
    shadow_models: tuple[ModelSpec, ...]
    dimensions: tuple[str, ...]
    """Reported even when no touchpoint of the evidence has a value for them."""
    direct: frozenset[str]
    """Touchpoint names that `last_non_direct` passes over."""


class TouchpointRules(Struct, frozen=True):
    """What the catalogue says of a touchpoint type."""

    lifetime_us: int
    """`default_lifetime` where the catalogue gives it none of its own."""
    dimensions: Mapping[str, str]
    """By code point of the dimension."""


class Timeline(Struct, Generic[Value], frozen=True):
    """What held when: `values[0]` before `starts_us[0]`, then `values[i]` from `starts_us[i - 1]` on, inclusively."""

    starts_us: tuple[int, ...]
    """Ascending."""
    values: tuple[Value, ...]
    """One more than there are starts."""

    def at(self, instant_us: int) -> Value:
        """Give what held at an instant."""
        return self.values[bisect_right(self.starts_us, instant_us)]


class Rulebook(Struct, frozen=True):
    """All that a catalogue says, defaults filled in: equal for equal meaning, however the file was written."""

    attribution_horizon_us: int
    conversion_retention_us: int
    max_window: int
    default_lifetime_us: int | None
    conversions: Timeline[Rules]
    touchpoints: Mapping[str, Timeline[TouchpointRules]]
