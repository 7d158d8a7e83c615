"""What the fast path need not work out again: parts of instants, lifetimes and dimensions that many events share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from msgspec.json import Decoder

from events.dimensions import compact_dimensions
from events.duration import parse_duration
from events.fields import MAX_DIMENSIONS, check_lifetime
from events.identifiers import check_id
from events.instant import DAY_US, EARLIEST_US, LATEST_US, parse_instant
from events.plain import require

Asked = TypeVar("Asked", str, bytes)
Answer = TypeVar("Answer")

_decode_dimensions = Decoder(dict[str, str]).decode


class Remembered(Generic[Asked, Answer]):
    """Answers by what was asked, within bounds of number and length; what is refused by a ValueError is not kept."""

    def __init__(self, work_out: Callable[[Asked], Answer], limit: int, longest: int) -> None:
        self.known: dict[Asked, Answer] = {}
        """For the hot loop, where a KeyError sends the record to its second look."""
        self._work_out: Callable[[Asked], Answer] = work_out
        self._limit = limit
        self._longest = longest

    def __getitem__(self, asked: Asked) -> Answer:
        """ValueError as the working out has it."""
        try:
            return self.known[asked]
        except KeyError:
            answer = self._work_out(asked)
        if len(asked) <= self._longest:
            if len(self.known) >= self._limit:
                self.known.clear()
            self.known[asked] = answer
        return answer


def _hour_us(text: str) -> int:
    """Of `2023-07-05T11`. Never within a day of the years' bounds, so that no offset can carry an instant past them."""
    us = parse_instant(text + ":00:00Z")
    require(EARLIEST_US + DAY_US <= us <= LATEST_US - DAY_US)
    return us


def _second_us(text: str) -> int:
    """Of `:02:59`: what minute and second add to the hour."""
    return parse_instant(f"1970-01-01T00{text}Z")


def _rest_us(text: str) -> int:
    """Of `.25Z` or `+01:00`: what fraction and offset add to the second."""
    return parse_instant("1970-01-01T00:00:00" + text)


def _lifetime_us(text: str) -> int:
    return parse_duration(check_lifetime(text))


def _compacted(raw: bytes) -> bytes:
    """Of dimensions as sent. ValueError when they are invalid, or have a name twice or an escaped quotation mark."""
    dimensions = _decode_dimensions(raw)
    require(len(dimensions) <= MAX_DIMENSIONS and raw.count(b'"') == 4 * len(dimensions))
    for name, held in dimensions.items():
        check_id(name)
        check_id(held)
    return compact_dimensions(dimensions)


# Small enough for a processor's cache: one table of every millisecond of a minute costs more than it saves.
HOURS: Final = Remembered(_hour_us, limit=4_096, longest=13)
SECONDS: Final = Remembered(_second_us, limit=3_600, longest=6)
RESTS: Final = Remembered(_rest_us, limit=4_096, longest=16)
LIFETIMES: Final = Remembered(_lifetime_us, limit=1_024, longest=32)
DIMENSIONS: Final = Remembered(_compacted, limit=16_384, longest=4_096)


def instant_us(text: str) -> int:
    """As `parse_instant`, by parts. ValueError also where the whole must be looked at."""
    try:
        return HOURS.known[text[:13]] + SECONDS.known[text[13:19]] + RESTS.known[text[19:]]
    except KeyError:
        return HOURS[text[:13]] + SECONDS[text[13:19]] + RESTS[text[19:]]
