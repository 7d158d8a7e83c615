"""What may stand in a catalogue: the types of its keys, each refusing with a message for whoever keeps the file."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from config.rules import ModelName
from events.duration import parse_duration
from events.identifiers import check_id
from events.instant import DAY_US, EARLIEST_US, LATEST_US

LONGEST_LIFETIME_US: Final = 400 * DAY_US
LONGEST_SPAN_US: Final = 110_000 * DAY_US
"""No two facts lie further apart: the years 1900 to 2200 are 301 times 365.25 = 109,940 days."""
MOST_DIMENSIONS: Final = 16
LARGEST_INTEGER: Final = 2**63 - 1
"""What TOML promises to carry."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _span(value: object) -> int:
    if isinstance(value, str):
        span_us = _parsed(value)
        if 0 < span_us <= LONGEST_SPAN_US:
            return span_us
        raise ValueError(f'must be more than no time and at most P110000D, not "{value}"')
    raise ValueError('must be a duration in quotes, such as "P3D"')


def _parsed(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ValueError(f'is "{text}", but {error}') from error


def _lifetime(value: object) -> int:
    lifetime_us = _span(value)
    if lifetime_us > LONGEST_LIFETIME_US:
        raise ValueError(f'must be at most 400 days, not "{value}"')
    return lifetime_us


def _instant(value: object) -> int:
    if isinstance(value, datetime) and value.tzinfo is not None:
        instant_us = (value - EPOCH) // timedelta(microseconds=1)
        if EARLIEST_US <= instant_us <= LATEST_US:
            return instant_us
        raise ValueError("must lie in the years 1900 to 2200 of UTC, as facts do")
    raise ValueError("must be a TOML date-time with an offset and no quotes, such as 2026-07-01T00:00:00Z")


def _identifier(text: str) -> str:
    try:
        return check_id(text)
    except ValueError as error:
        raise ValueError(f"must be an id, but {error}") from error


def _named_once(names: list[str]) -> list[str]:
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f'names "{name}" {times} times')
    return names


def _splits_between_the_ends(weights: list[int]) -> list[int]:
    if weights[0] + weights[-1] == 0:
        raise ValueError("must have a first and a last weight that sum to more than 0")
    return weights


Identifier: TypeAlias = Annotated[str, AfterValidator(_identifier)]
Span: TypeAlias = Annotated[int, BeforeValidator(_span)]
Lifetime: TypeAlias = Annotated[int, BeforeValidator(_lifetime)]
Instant: TypeAlias = Annotated[int, BeforeValidator(_instant)]
Names: TypeAlias = Annotated[list[Identifier], AfterValidator(_named_once)]
ModelNames: TypeAlias = Annotated[list[ModelName], AfterValidator(_named_once)]
Dimensions: TypeAlias = Annotated[dict[Identifier, Identifier], Field(max_length=MOST_DIMENSIONS)]
Count: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
Weights: TypeAlias = Annotated[
    list[Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]],
    Field(min_length=3, max_length=3),
    AfterValidator(_splits_between_the_ends),
]
