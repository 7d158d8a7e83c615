"""The catalogue as people write it: the tables and keys of the contract's section 5, no others, and their defaults."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from config.catalogue_types import Count, Dimensions, Identifier, Instant, Lifetime, ModelNames, Names, Span, Weights
from config.rules import ModelName
from events.instant import DAY_US, format_instant


class Entry(BaseModel):
    """A table of the catalogue."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def named(self) -> dict[str, Any]:
        """Give the keys that the file names in this table, with their values."""
        return {key: getattr(self, key) for key in self.model_fields_set}


class Change(Entry):
    """What holds for facts with `occurred_at` ≥ `effective_from`; keys that it does not name stay as they were."""

    effective_from: Instant


DatedChange = TypeVar("DatedChange", bound=Change)


def _dated_once(changes: list[DatedChange]) -> list[DatedChange]:
    for from_us, times in Counter(change.effective_from for change in changes).items():
        if times > 1:
            raise ValueError(f"has {times} changes with effective_from {format_instant(from_us)}")
    return changes


class WeightsEntry(Entry):
    """Parameters of `position_based`, `j_shaped`, `inverse_j`."""

    weights: Weights


class HalfLifeEntry(Entry):
    """Parameters of `time_decay`."""

    half_life: Span


class ModelsEntry(Entry):
    """`[models.…]`: parameters by model; an absent model keeps its own."""

    position_based: WeightsEntry = WeightsEntry(weights=[40, 20, 40])
    j_shaped: WeightsEntry = WeightsEntry(weights=[20, 20, 60])
    inverse_j: WeightsEntry = WeightsEntry(weights=[60, 20, 20])
    time_decay: HalfLifeEntry = HalfLifeEntry.model_construct(half_life=7 * DAY_US)


class Terms(Entry):
    """The keys that dated changes may name."""

    def after(self, change: Change) -> Self:
        """Give what holds from the change on: it replaces the keys that it names, each as a whole."""
        return self.model_copy(update=change.named())


class ConversionTerms(Terms):
    """How conversions are credited: the keys that a change of the whole may name."""

    model: ModelName = "linear"
    shadow_models: ModelNames = []
    dimensions: Names = []
    direct: Names = ["direct"]
    models: ModelsEntry = ModelsEntry()

    def after(self, change: Change) -> Self:
        """Give what holds from the change on: of `models` too it replaces only the ones that it names."""
        named = change.named()
        if "models" in named:
            named["models"] = self.models.model_copy(update=named["models"].named())
        return self.model_copy(update=named)


class ConversionChange(Change, ConversionTerms):
    """`[[changes]]`: for conversions."""


class TouchpointTerms(Terms):
    """What is said of a touchpoint type: the keys that its changes may name."""

    lifetime: Lifetime | None = None
    dimensions: Dimensions = {}


class TouchpointChange(Change, TouchpointTerms):
    """`[[touchpoints.<name>.changes]]`: for touchpoints."""


class TouchpointEntry(TouchpointTerms):
    """`[touchpoints.<name>]`."""

    changes: Annotated[list[TouchpointChange], AfterValidator(_dated_once)] = []


class CatalogueFile(ConversionTerms):
    """The whole file."""

    attribution_horizon: Span = 90 * DAY_US
    conversion_retention: Span = 400 * DAY_US
    max_window: Count = 10_000
    default_lifetime: Lifetime | None = None
    touchpoints: dict[Identifier, TouchpointEntry] = {}
    changes: Annotated[list[ConversionChange], AfterValidator(_dated_once)] = []
