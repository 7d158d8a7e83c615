"""Durations of fixed length: the ISO 8601 forms `PnW` and `PnDTnHnMnS`, and microseconds (contract, section 1)."""

from __future__ import annotations

import re
from typing import Final

from events.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US

WEEK_US: Final = 7 * DAY_US
DURATION_PATTERN: Final = (
    r"P(?=[0-9T])(?:([0-9]+)W|(?:([0-9]+)D)?(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(\.[0-9]+)?S)?)?)"
)
_match = re.compile(DURATION_PATTERN).fullmatch
_UNITS_US: Final = (WEEK_US, DAY_US, HOUR_US, MINUTE_US, SECOND_US)
_LONGEST_NUMBER: Final = 12
"""Digits; a trillion seconds is 31,000 years."""


def parse_duration(text: str) -> int:
    """Microseconds, zero allowed; digits beyond the microsecond are cut.

    ValueError for years and months (they have no fixed length), a sign, a fraction of anything but seconds.
    """
    parts = _match(text)
    if parts is None:
        raise ValueError(
            "a duration is ISO 8601, PnW or PnDTnHnMnS with a fraction only in seconds, such as P3D or PT0.5S"
        )
    *numbers, fraction = parts.groups()
    us = sum(_count(number) * unit for number, unit in zip(numbers, _UNITS_US, strict=True) if number)
    return us + int(fraction[1:7].ljust(6, "0")) if fraction else us


def _count(number: str) -> int:
    significant = number.lstrip("0")
    if len(significant) > _LONGEST_NUMBER:
        raise ValueError(f"a number in a duration has at most {_LONGEST_NUMBER} digits")
    return int(significant or "0")


def format_duration(us: int) -> str:
    """The one spelling of a span: days, hours, minutes, seconds, each only where it is not zero; `PT0S` for none."""
    days, rest = divmod(us, DAY_US)
    hours, rest = divmod(rest, HOUR_US)
    minutes, rest = divmod(rest, MINUTE_US)
    seconds, fraction = divmod(rest, SECOND_US)
    shown = f"{seconds}.{fraction:06}".rstrip("0") if fraction else str(seconds)
    clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    clock += f"{shown}S" if rest else ""
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "" if days else "T0S")
