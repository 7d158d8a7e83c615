"""Rules that come every few hours, minutes or seconds: their next occurrence, by a search that always ends.

python-dateutil looks for one that never comes until the year 9999, second by second. Here whole days, hours and
minutes that a rule bars are passed over at once, and the looks are counted. Times are clock readings, without a zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Final

FREQUENT: Final = {"HOURLY": timedelta(hours=1), "MINUTELY": timedelta(minutes=1), "SECONDLY": timedelta(seconds=1)}
MOST_LOOKS: Final = 50_000
"""A rule that has not come true after so many looks is over: days of more than a century, hours of five years."""
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def next_reading(rule: Mapping[str, str], start: datetime, after: datetime, last: datetime) -> datetime | None:
    """The first occurrence later than `after` and not later than `last`, of a rule whose first one is `start`."""
    unit = FREQUENT[rule["FREQ"]]
    step = unit * int(rule.get("INTERVAL", "1"))
    within = _within(rule, start, unit)
    if not within:
        return None
    first = start - (start - _midnight(start.date())) % unit
    look = first + (after - first) // step * step
    for _ in range(MOST_LOOKS):
        if look > last:
            return None
        barred_to = _barred_to(rule, look, unit)
        if barred_to is None:
            for found in (look + offset for offset in within):
                if found > after:
                    return found if found <= last else None
            barred_to = look + step
        look += -((look - barred_to) // step) * step
    return None


def _within(rule: Mapping[str, str], start: datetime, unit: timedelta) -> list[timedelta]:
    """How long after the beginning of an hour, minute or second that the rule allows it comes true."""
    minutes = _numbers(rule, "BYMINUTE") or {start.minute}
    seconds = _numbers(rule, "BYSECOND") or {start.second}
    times = product(
        minutes if unit > FREQUENT["MINUTELY"] else {0},
        seconds if unit > FREQUENT["SECONDLY"] else {0},
    )
    offsets = sorted(timedelta(minutes=minute, seconds=second) for minute, second in times)
    if "BYSETPOS" not in rule:
        return offsets
    places = {place - 1 if place > 0 else len(offsets) + place for place in _numbers(rule, "BYSETPOS")}
    return [offset for place, offset in enumerate(offsets) if place in places]


def _barred_to(rule: Mapping[str, str], look: datetime, unit: timedelta) -> datetime | None:
    """Until when the rule bars this day, hour, minute or second; None: it does not."""
    if any(_bars(rule, look.date())):
        return _midnight(look.date()) + timedelta(days=1)
    if "BYHOUR" in rule and look.hour not in _numbers(rule, "BYHOUR"):
        return look.replace(minute=0, second=0) + timedelta(hours=1)
    if unit < FREQUENT["HOURLY"] and "BYMINUTE" in rule and look.minute not in _numbers(rule, "BYMINUTE"):
        return look.replace(second=0) + timedelta(minutes=1)
    if unit < FREQUENT["MINUTELY"] and "BYSECOND" in rule and look.second not in _numbers(rule, "BYSECOND"):
        return look + timedelta(seconds=1)
    return None


def _bars(rule: Mapping[str, str], day: date) -> Iterator[bool]:
    if "BYMONTH" in rule:
        yield day.month not in _numbers(rule, "BYMONTH")
    if "BYDAY" in rule:
        yield _WEEKDAYS[day.weekday()] not in rule["BYDAY"].split(",")
    if "BYMONTHDAY" in rule:
        days = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
        yield not {day.day, day.day - days - 1} & _numbers(rule, "BYMONTHDAY")
    if "BYYEARDAY" in rule:
        days = date(day.year, 12, 31).timetuple().tm_yday
        of_year = day.timetuple().tm_yday
        yield not {of_year, of_year - days - 1} & _numbers(rule, "BYYEARDAY")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _numbers(rule: Mapping[str, str], part: str) -> set[int]:
    return {int(number) for number in rule[part].split(",")} if part in rule else set()
