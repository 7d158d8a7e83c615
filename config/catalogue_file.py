"""The catalogue as people write it: the TOML of the contract's section 5, read strictly, every fault with its line."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, NamedTuple, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from config.errors import CatalogueError
from config.rules import DAY_US, ModelName
from config.toml_lines import KeyPath, line_of
from events.duration import parse_duration
from events.identifiers import Identifier

LONGEST_LIFETIME_US: Final = 400 * DAY_US
LONGEST_SPAN_US: Final = 110_000 * DAY_US
"""No two instants of the contract lie further apart: the years 1900 to 2200 are 301 × 365.25 = 109,940 days."""
MOST_DIMENSIONS: Final = 16
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Item = TypeVar("Item")


class Fault(NamedTuple):
    """One thing wrong with a catalogue, and the key that it stands under."""

    path: KeyPath
    message: str


def _span(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError('a duration is a string such as "P3D"')
    span_us = parse_duration(value)
    if not 0 < span_us <= LONGEST_SPAN_US:
        raise ValueError(f'"{value}" is not more than no time and at most P110000D')
    return span_us


def _lifetime(value: object) -> int:
    lifetime_us = _span(value)
    if lifetime_us > LONGEST_LIFETIME_US:
        raise ValueError(f'"{value}" is more than 400 days')
    return lifetime_us


def _instant(value: object) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("must be a TOML date-time with an offset, unquoted, such as 2026-07-01T00:00:00Z")
    return (value - EPOCH) // timedelta(microseconds=1)


def _named_once(names: list[str]) -> list[str]:
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f'"{name}" is named {times} times')
    return names


def _splits_between_the_ends(weights: list[int]) -> list[int]:
    if weights[0] + weights[-1] == 0:
        raise ValueError("the first and the last weight must sum to more than 0")
    return weights


Span: TypeAlias = Annotated[int, BeforeValidator(_span)]
Lifetime: TypeAlias = Annotated[int, BeforeValidator(_lifetime)]
Instant: TypeAlias = Annotated[int, BeforeValidator(_instant)]
Names: TypeAlias = Annotated[list[Identifier], AfterValidator(_named_once)]
ModelNames: TypeAlias = Annotated[list[ModelName], AfterValidator(_named_once)]
Dimensions: TypeAlias = Annotated[dict[Identifier, Identifier], Field(max_length=MOST_DIMENSIONS)]
Weights: TypeAlias = Annotated[
    list[Annotated[int, Field(ge=0)]], Field(min_length=3, max_length=3), AfterValidator(_splits_between_the_ends)
]


class Entry(BaseModel):
    """A table of the catalogue."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Change(Entry):
    """What holds for facts with `occurred_at` ≥ `effective_from`; keys that it does not name stay as they were."""

    effective_from: Instant

    def named(self) -> dict[str, object]:
        """Give the keys that the change replaces, with their new values."""
        return {key: getattr(self, key) for key in self.model_fields_set - {"effective_from"}}


DatedChange = TypeVar("DatedChange", bound=Change)


def _dated_once(changes: list[DatedChange]) -> list[DatedChange]:
    if len({change.effective_from for change in changes}) < len(changes):
        raise ValueError("two changes have the same effective_from")
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


class ConversionTerms(Entry):
    """How conversions are credited: the keys that a change of the whole may name."""

    model: ModelName = "linear"
    shadow_models: ModelNames = []
    dimensions: Names = []
    direct: Names = ["direct"]
    models: ModelsEntry = ModelsEntry()


class ConversionChange(Change, ConversionTerms):
    """`[[changes]]`: for conversions."""


class TouchpointTerms(Entry):
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
    max_window: Annotated[int, Field(ge=1)] = 10_000
    default_lifetime: Lifetime | None = None
    touchpoints: dict[Identifier, TouchpointEntry] = {}
    changes: Annotated[list[ConversionChange], AfterValidator(_dated_once)] = []


def read_catalogue_file(text: str, source: str) -> CatalogueFile:
    """Read the TOML of a catalogue. CatalogueError lists every fault of its shape, each with its line."""
    try:
        return CatalogueFile.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CatalogueError(f"{source} is not TOML: {error}") from error
    except ValidationError as error:
        raise refused(source, text, map(_fault, error.errors())) from None


def refused(source: str, text: str, faults: Iterable[Fault]) -> CatalogueError:
    """Say in one line all that is wrong with a catalogue, and where."""
    said = []
    for path, message in faults:
        line = line_of(text, path)
        where = ".".join(map(str, path))
        said.append(f"{where}: {message}" if line is None else f"line {line}, {where}: {message}")
    return CatalogueError(f"{source} is no valid catalogue: " + "; ".join(said))


def _fault(error: ErrorDetails) -> Fault:
    path = tuple(part for part in error["loc"] if part != "[key]")
    match error["type"]:
        case "extra_forbidden":
            return Fault(path, "unknown key")
        case "missing":
            return Fault(path, "is missing")
        case "literal_error":
            return Fault(path, f'there is no model "{error["input"]}"; the models are {error["ctx"]["expected"]}')
        case _:
            return Fault(path, error["msg"].removeprefix("Value error, "))
