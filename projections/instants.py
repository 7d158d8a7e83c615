"""Instants as the read model writes them: text of fixed width, so that it sorts as time does."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from events.instant import DAY_US, MINUTE_US

_EPOCH: Final = date(1970, 1, 1).toordinal()
_MINUTES: Final = [f"T{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60)]


def instant_text(us: int) -> str:
    """`2023-07-05T11:00:00.000000Z`, from microseconds since 1970 in UTC."""
    days, rest = divmod(us, DAY_US)
    minute, rest = divmod(rest, MINUTE_US)
    seconds = str(rest).rjust(8, "0")  # formatted once instead of twice: two of these are made per touchpoint
    return f"{_day(days)}{_MINUTES[minute]}{seconds[:2]}.{seconds[2:]}Z"


def day_text(us: int) -> str:
    """`2023-07-05`: the day in UTC of an instant in microseconds since 1970."""
    return _day(us // DAY_US)


@lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return date.fromordinal(days + _EPOCH).isoformat()
