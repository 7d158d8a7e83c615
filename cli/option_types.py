"""What an option's value may be, beyond what click knows: durations and points in time, as the contract writes them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, Final

import click
from typing_extensions import override

from events.duration import format_duration, parse_duration
from events.instant import parse_instant

_SECOND_US: Final = 1_000_000
_MICROSECOND: Final = timedelta(microseconds=1)


class Duration(click.ParamType):
    """An ISO 8601 duration such as `PT10S`, not below `least`; the value is a timedelta."""

    name = "duration"

    def __init__(self, least: timedelta = timedelta()) -> None:
        self._least = least

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Give the span. BadParameter says what a duration looks like."""
        if isinstance(value, timedelta):
            return value
        try:
            us = parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        span = timedelta(microseconds=us)
        if span < self._least:
            self.fail(f"{value} is too short: at least {format_duration(self._least // _MICROSECOND)}", param, ctx)
        return span


class Moment(click.ParamType):
    """An instant such as `2023-07-05T11:02:00Z`, or a duration: that long ago. The value is microseconds since 1970."""

    name = "instant or duration"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Give the point in time. BadParameter says what one looks like."""
        text = str(value)
        try:
            if text.startswith("P"):
                return int(time.time() * _SECOND_US) - parse_duration(text)
            return parse_instant(text)
        except ValueError as error:
            self.fail(str(error), param, ctx)
