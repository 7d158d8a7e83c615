"""What a chunk changes in the sums by day: conversions that come count once more, those that go once less."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import Table

from projections.tables import CONVERSIONS_BY_DAY, CREDIT_BY_DAY
from projections.writing.rows import Row, Rows

BILLION: Final = 1_000_000_000
"""64 bits hold nine amounts of the longest kind; sums of what is left below a thousand million hold as many again."""
ALL_VALUES: Final = ""
"""No value is empty: in its place stands what all values of the dimension earned."""

Share: TypeAlias = tuple[str, str | None, int]
"""dimension, value (None: unattributed), minor units."""


class Head(NamedTuple):
    """A conversion as it was split by a model: the columns that the keys of both tables end with, and the amount."""

    day: str
    split_by: tuple[str, bool, str, int]
    """currency, is_main, model, partition."""
    net_minor: int


class SumsByDay:
    """Collected over a chunk, and then added to what the tables count."""

    def __init__(self) -> None:
        self._conversions: dict[Row, list[int]] = {}
        self._credit: dict[Row, list[int]] = {}

    def count(self, sign: int, head: Head, shares: Iterable[Share]) -> None:
        """A conversion comes (1) or goes (-1), with all that it gave to the values of dimensions."""
        day, split_by, net_minor = head
        _count(self._conversions, (day, *split_by), sign, net_minor)
        earned: dict[str, int] = {}
        for dimension, value, minor in shares:
            if value is None:
                earned.setdefault(dimension, 0)
            else:
                earned[dimension] = earned.get(dimension, 0) + minor
                _count(self._credit, (day, dimension, value, *split_by), sign, minor)
        for dimension, minor in earned.items():
            _count(self._credit, (day, dimension, ALL_VALUES, *split_by), sign, minor)

    def write(self, rows: Rows) -> None:
        """The tables count what was collected; what counts no conversion any more is gone."""
        for table, changes in ((CONVERSIONS_BY_DAY, self._conversions), (CREDIT_BY_DAY, self._credit)):
            rows.add(table, [(*key, *change) for key, change in changes.items() if any(change)])
            lessened = [(*key, 0) for key, change in changes.items() if change[0] < 0]
            rows.delete(table, (*_key_of(table), "conversions"), lessened)


def _count(changes: dict[Row, list[int]], key: Row, sign: int, minor: int) -> None:
    change = changes.get(key)
    if change is None:
        change = changes[key] = [0, 0, 0, 0]
    change[0] += sign
    if minor:
        change[1] += sign
        change[2] += sign * (minor // BILLION)
        change[3] += sign * (minor % BILLION)


def _key_of(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]
