"""Dates: calendar days that stand in no time zone, as text and as `date`."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

DAY_PATTERN: Final = r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_is_day = re.compile(DAY_PATTERN).fullmatch
_FIRST: Final = date(1900, 1, 1)
_LAST: Final = date(2200, 12, 31)


def parse_day(text: str) -> date:
    """ValueError for anything but `YYYY-MM-DD`, for a day that no calendar has, and outside the years 1900 to 2200."""
    if not _is_day(text):
        raise ValueError("a date is year, month and day, such as 2024-02-29")
    day = date.fromisoformat(text)
    if not _FIRST <= day <= _LAST:
        raise ValueError("a date lies in the years 1900 to 2200")
    return day
