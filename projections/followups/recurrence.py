"""When an interaction that recurs is due again: the rule's next occurrence after its due, on the assignee's clocks.

The rule runs on from each due by itself: its COUNT is counted by the series, its UNTIL compared here, so that neither
a schedule that was moved nor a change of zone upsets it (RFC 5545, section 3.3.10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from math import prod
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from events.instant import LATEST_US
from events.zones import zone as zone_of_name
from projections.followups.interaction import Schedule, Series
from projections.followups.zones import clock_at, first_instant, instant_of

_LAST_YEAR: Final = 2200
_ENDS: Final = {"COUNT", "UNTIL"}
_OF_A_DAY: Final = {"SECONDLY": (), "MINUTELY": ("BYSECOND",), "HOURLY": ("BYMINUTE", "BYSECOND")} | {
    "DAILY": ("BYHOUR", "BYMINUTE", "BYSECOND")
}
_CYCLES: Final = 7_600
"""In years. The calendar repeats every 400 years, weekdays and all. dateutil looks for an occurrence up to the year 9999:
a rule that has none is given up sixteen times sooner, when it begins 19 cycles later."""


class Recurred(NamedTuple):
    """The next of a series."""

    schedule: Schedule
    clock: datetime | None
    """The reading of its start, when clocks jump over it."""


def recurs(schedule: Schedule, series: Series, zone: ZoneInfo) -> Recurred | None:
    """When the next of a series is due. None: there is no next one up to the year 2200, or no due to count from."""
    parts = _parts(series.rule)
    if "COUNT" in parts and series.number >= int(parts["COUNT"]):
        return None
    if schedule.due_on is not None:
        return _next_day(schedule.due_on, parts, zone)
    if schedule.starts_us is None:
        return None
    began = series.clock
    if began is None or instant_of(began, zone) != schedule.starts_us:
        began = clock_at(schedule.starts_us, zone)
    return _next_start(began, schedule, parts, zone)


def _next_day(due_on: date, parts: Mapping[str, str], zone: ZoneInfo) -> Recurred | None:
    for clock in _occurrences(datetime.combine(due_on, time.min), datetime.combine(due_on, time.max), parts):
        day = clock.date()
        if _is_over(datetime.combine(day, time.min), parts, zone):
            return None
        return Recurred(Schedule(day), None)
    return None


def _next_start(began: datetime, schedule: Schedule, parts: Mapping[str, str], zone: ZoneInfo) -> Recurred | None:
    assert schedule.starts_us is not None
    for clock in _occurrences(began, began, parts):
        starts_us = instant_of(clock, zone)
        if _is_over(clock, parts, zone) or starts_us + (schedule.duration_us or 0) > LATEST_US:
            return None
        if starts_us > schedule.starts_us:  # where clocks jump, two readings may be one instant
            is_jumped_over = clock_at(starts_us, zone) != clock
            return Recurred(Schedule(None, starts_us, schedule.duration_us), clock if is_jumped_over else None)
    return None


def _occurrences(began: datetime, after: datetime, parts: Mapping[str, str]) -> Iterator[datetime]:
    """Readings after one, by a rule that runs from another, up to the last year that counts."""
    if _has_no_such_place(parts):
        return
    rule = ";".join(f"{name}={value}" for name, value in parts.items() if name not in _ENDS)
    try:
        rules = rrulestr(rule, dtstart=_moved(began, _CYCLES))
    except ValueError:  # its interval never meets its hours
        return
    for clock in rules.xafter(_moved(after, _CYCLES).replace(microsecond=0)):
        occurs = _moved(clock, -_CYCLES)
        if occurs.year > _LAST_YEAR:
            return
        yield occurs + timedelta(microseconds=began.microsecond)  # dateutil drops them


def _moved(clock: datetime, years: int) -> datetime:
    return clock.replace(year=clock.year + years)


def _has_no_such_place(parts: Mapping[str, str]) -> bool:
    """Whether BYSETPOS asks for more than a period ever has, of which dateutil would look at every one."""
    if "BYSETPOS" not in parts or parts["FREQ"] not in _OF_A_DAY:
        return False
    most = prod(len(set(parts[name].split(","))) for name in _OF_A_DAY[parts["FREQ"]] if name in parts)
    return all(abs(int(place)) > most for place in parts["BYSETPOS"].split(","))


def _is_over(clock: datetime, parts: Mapping[str, str], zone: ZoneInfo) -> bool:
    """Whether a reading lies behind the rule's UNTIL: a day, a reading, or with Z an instant. The last one counts."""
    until = parts.get("UNTIL")
    if until is None:
        return False
    if until.endswith("Z"):
        end = datetime.fromisoformat(until).replace(tzinfo=None)
        return first_instant(clock, zone) > instant_of(end, zone_of_name("UTC"))
    if "T" in until:
        return clock > datetime.fromisoformat(until)
    return clock.date() > date.fromisoformat(until)


def _parts(rule: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in rule.upper().removeprefix("RRULE:").split(";"))
    return {name: value for name, _, value in pairs}
