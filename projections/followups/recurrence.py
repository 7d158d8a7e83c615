"""Series: when an interaction that recurs is due next (contract, projections, section 1)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr
from msgspec.structs import replace

from projections.followups.clocks import clock_at, instant_of
from projections.followups.interaction import Schedule, Series

_FAR: Final = timedelta(days=30 * 365)
"""An occurrence later than this after the last one is none: it bounds the search where a rule never comes true."""


def next_schedule(series: Series, schedule: Schedule, done_us: int, zone: ZoneInfo) -> Schedule | None:
    """The schedule of the next one: at the rule's next occurrence after the due of this one, in the assignee's zone.

    One without any due counts from the day on which it was done. None: the series is over.
    """
    rule, count, until = _rule(series.rule, zone)
    if count is not None and series.number >= count:
        return None
    start = _start(schedule, done_us, zone)
    last = start + _FAR if until is None else min(until, start + _FAR)
    try:
        following = rrulestr(rule, dtstart=start, ignoretz=True)
    except ValueError:  # from this start its interval never meets its hours, minutes or seconds
        return None
    assert isinstance(following, rrule)
    found = following.replace(until=last).after(start)
    if found is None:
        return None
    if schedule.starts_us is None:
        return replace(schedule, due_on=found.date())
    return replace(schedule, starts_us=instant_of(found, zone))


def _start(schedule: Schedule, done_us: int, zone: ZoneInfo) -> datetime:
    if schedule.starts_us is not None:
        return clock_at(schedule.starts_us, zone)
    day = schedule.due_on if schedule.due_on is not None else clock_at(done_us, zone).date()
    return datetime.combine(day, time())


def _rule(text: str, zone: ZoneInfo) -> tuple[str, int | None, datetime | None]:
    """The rule without its end; how many there are; until when, by the clocks of the zone.

    The end is ours to tell: each occurrence is looked for from the one before, and dates end with their day.
    """
    kept, count, until = [], None, None
    for part in text.upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name == "COUNT":
            count = int(value)
        elif name == "UNTIL":
            until = _until(value, zone)
        else:
            kept.append(part)
    return ";".join(kept), count, until


def _until(text: str, zone: ZoneInfo) -> datetime:
    at = datetime.fromisoformat(text.removesuffix("Z"))
    if "T" not in text:
        return datetime.combine(at.date(), time.max)
    return at.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) if text.endswith("Z") else at
