"""Instants: RFC 3339 text with an offset, and microseconds since 1970-01-01T00:00:00Z (contract, section 1)."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US

_EPOCH: Final = date(1970, 1, 1).toordinal()
EARLIEST_US: Final = (date(1900, 1, 1).toordinal() - _EPOCH) * DAY_US
LATEST_US: Final = (date(2201, 1, 1).toordinal() - _EPOCH) * DAY_US - 1

INSTANT_PATTERN: Final = (
    r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(\.[0-9]+)?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_match = re.compile(INSTANT_PATTERN).fullmatch


def parse_instant(text: str) -> int:
    """Microseconds since the epoch, in UTC. Digits beyond the microsecond are cut, and `-00:00` is UTC.

    ValueError without an offset, with a space for the T, at a leap second, and outside the years 1900 to 2200 of UTC.
    """
    parts = _match(text)
    if parts is None:
        raise ValueError(
            "an instant is RFC 3339 with an offset and without a leap second, such as 2023-07-05T11:02:00Z"
        )
    year, month, day, hour, minute, second, fraction, offset, _ = parts.groups()
    days = date(int(year), int(month), int(day)).toordinal() - _EPOCH
    us = days * DAY_US + int(hour) * HOUR_US + int(minute) * MINUTE_US + int(second) * SECOND_US
    if fraction:
        us += int(fraction[1:7].ljust(6, "0"))
    us -= _offset_us(offset)
    if not EARLIEST_US <= us <= LATEST_US:
        raise ValueError("an instant lies in the years 1900 to 2200 of UTC")
    return us


def _offset_us(offset: str) -> int:
    if offset in "Zz":
        return 0
    span = int(offset[1:3]) * HOUR_US + int(offset[4:6]) * MINUTE_US
    return -span if offset[0] == "-" else span


def format_instant(us: int) -> str:
    """The contract's output form: UTC with `Z`, a fraction only when it is not zero, then six digits."""
    within_hour = us % HOUR_US
    fraction = within_hour % SECOND_US
    if fraction:
        return f"{_hour_text(us // HOUR_US)}{_CLOCK[within_hour // SECOND_US]}.{fraction:06}Z"
    return f"{_hour_text(us // HOUR_US)}{_CLOCK[within_hour // SECOND_US]}Z"


def format_span(first_us: int, last_us: int) -> tuple[str, str]:
    """Two instants in the same form, in less time when whole hours lie between them."""
    first = format_instant(first_us)
    if (last_us - first_us) % HOUR_US:
        return first, format_instant(last_us)
    return first, _hour_text(last_us // HOUR_US) + first[13:]


_CLOCK: Final = tuple(f":{second // 60:02}:{second % 60:02}" for second in range(3_600))


@lru_cache(maxsize=4_096)
def _hour_text(hours: int) -> str:
    days, hour = divmod(hours, 24)
    return f"{date.fromordinal(days + _EPOCH).isoformat()}T{hour:02}"
