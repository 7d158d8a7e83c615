"""What narrows a question down."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement

from projections.queries.expressions import day_us, instant

_DAY = timedelta(days=1)


class Days(NamedTuple):
    """Days from the first to the last, both included; None: open at that end."""

    first: date | None = None
    last: date | None = None

    def hold(self, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """Conditions: the instants of a column lie in these days of UTC."""
        conditions = []
        if self.first is not None:
            conditions.append(column >= instant(day_us(self.first)))
        if self.last is not None:
            conditions.append(column < instant(day_us(self.last + _DAY)))
        return conditions

    def hold_day(self, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """Conditions: the dates of a column are these days."""
        conditions = []
        if self.first is not None:
            conditions.append(column >= self.first.isoformat())
        if self.last is not None:
            conditions.append(column <= self.last.isoformat())
        return conditions
