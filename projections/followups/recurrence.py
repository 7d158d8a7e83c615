"""Series: when an interaction that recurs is due next (contract, projections, section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr
from msgspec import Struct
from msgspec.structs import replace

from events.instant import LATEST_US
from projections.followups.clocks import clock_at, instant_of
from projections.followups.frequent import FREQUENT, next_reading
from projections.followups.interaction import Schedule, Series

_FAR: Final = timedelta(days=30 * 365)
"""An occurrence later than this after the last one is none: it bounds the search where a rule never comes true."""
_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_END: Final = datetime(2201, 1, 1)  # noqa: DTZ001 - a clock reading
"""No day and no instant that Evenhand knows lies beyond (contract, section 1)."""


class Following(Struct, frozen=True):
    """When the next of a series is due."""

    schedule: Schedule
    clock: datetime | None = None
    """The reading that the rule gave for its start, where clocks jump over that reading."""


def following(series: Series, schedule: Schedule, done_us: int, zone: ZoneInfo) -> Following | None:
    """The next of a series: at the rule's next occurrence after the due of this one, in the assignee's zone.

    What has a start keeps its local time, and a date is followed by another date, however often the rule comes in a
    day. One without any due counts from the day on which it was done. None: the series is over.
    """
    rule, count, until = _rule(series.rule, zone)
    if count is not None and series.number >= count:
        return None
    if schedule.starts_us is None:
        day = schedule.due_on if schedule.due_on is not None else clock_at(done_us, zone).date()
        found = _next(rule, datetime.combine(day, time()), datetime.combine(day, time.max), until)
        return None if found is None else Following(replace(schedule, due_on=found.date()))
    start = clock_at(schedule.starts_us, zone)
    if series.clock is not None and instant_of(series.clock, zone) == schedule.starts_us:
        start = series.clock
    clock, starts_us = start, schedule.starts_us
    while starts_us <= schedule.starts_us:  # within a day, clocks that are changed may show a later reading earlier
        found = _next(rule, start.replace(microsecond=0), clock, until)
        if found is None:
            return None
        clock = found.replace(microsecond=start.microsecond)
        starts_us = instant_of(clock, zone)
    if starts_us + (schedule.duration_us or 0) > LATEST_US:
        return None
    jumped_over = clock_at(starts_us, zone) != clock
    return Following(replace(schedule, starts_us=starts_us), clock if jumped_over else None)


def _next(rule: Mapping[str, str], start: datetime, after: datetime, until: datetime | None) -> datetime | None:
    last = min(start + _FAR, _END - timedelta.resolution, _END if until is None else until)
    if rule["FREQ"] in FREQUENT:
        return next_reading(rule, start, after, last)
    text = ";".join(f"{name}={value}" for name, value in rule.items())
    occurrences = rrulestr(text, dtstart=start, ignoretz=True)
    assert isinstance(occurrences, rrule)
    return occurrences.replace(until=last).after(after)


def _rule(text: str, zone: ZoneInfo) -> tuple[Mapping[str, str], int | None, datetime | None]:
    """The rule's parts without its end; how many there are; until when, by the clocks of the zone.

    The end is ours to tell: each occurrence is looked for from the one before, and dates end with their day.
    """
    parts = dict(part.split("=") for part in text.upper().removeprefix("RRULE:").split(";"))
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    return parts, None if count is None else int(count), None if until is None else _until(until, zone)


def _until(text: str, zone: ZoneInfo) -> datetime:
    at = datetime.fromisoformat(text.removesuffix("Z"))
    if "T" not in text:
        return datetime.combine(at.date(), time.max)
    if not text.endswith("Z"):
        return at
    # Clamped, for no zone can tell the local time of the first and the last day of the calendar.
    at_utc = min(max(at.replace(tzinfo=UTC), _FIRST), _END.replace(tzinfo=UTC))
    return at_utc.astimezone(zone).replace(tzinfo=None)
