"""Local days and clocks: which instants they are, in a time zone.

Clock readings are datetimes without a zone; instants are microseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)


def clock_at(instant_us: int, where: ZoneInfo) -> datetime:
    """What the clocks of a zone show at an instant."""
    return (_EPOCH + instant_us * _MICROSECOND).astimezone(where).replace(tzinfo=None)


def date_at(instant_us: int, where: ZoneInfo) -> date:
    """The day that it is in a zone at an instant."""
    return clock_at(instant_us, where).date()


def instant_of(clock: datetime, where: ZoneInfo) -> int:
    """The instant of a reading. One that clocks jump over counts by the offset before (RFC 5545, section 3.3.5)."""
    return (clock.replace(tzinfo=where) - _EPOCH) // _MICROSECOND


def first_instant(clock: datetime, where: ZoneInfo) -> int:
    """The earliest instant at which clocks have reached a reading, also one that they jump over or show twice."""
    late = instant_of(clock.replace(fold=0), where)
    if clock_at(late, where) == clock:
        return late
    early = instant_of(clock.replace(fold=1), where)
    while late - early > 1:  # the jump lies between the two
        middle = (early + late) // 2
        if clock_at(middle, where) >= clock:
            late = middle
        else:
            early = middle
    return late


def first_instant_after(day: date, where: ZoneInfo) -> int:
    """The first instant of the next day there is: where a day is over (contract, projections, section 3)."""
    return first_instant(datetime.combine(day + _DAY, datetime.min.time()), where)
