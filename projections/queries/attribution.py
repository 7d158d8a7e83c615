"""What each value of each dimension earned, and what is unattributed: together always the conversions' total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, Text, cast, func, literal, select

from projections.queries.answer import Answer, Column, Kind
from projections.queries.filters import Days
from projections.queries.money import exact, exponents, in_units
from projections.tables import CONVERSIONS_BY_DAY, CREDIT_BY_DAY
from projections.writing.sums import ALL_VALUES

PERIODS: Final = {"total": 0, "day": 10, "month": 7, "year": 4}
"""How many characters of a day such as 2023-07-05 name its period."""


class AttributionAsked(NamedTuple):
    """Which conversions, and how what they earned is broken down."""

    days: Days = Days()
    """Of the conversion, in UTC."""
    dimensions: Sequence[str] = ()
    """None named: all that a conversion was split by."""
    model: str | None = None
    """None: the one that the catalogue chose for each conversion."""
    currency: str | None = None
    by: str = "total"


class _Group(NamedTuple):
    period: str
    currency: str


def attribution(connection: Connection, asked: AttributionAsked) -> Answer:
    """Credit by dimension, currency, period and value, the highest first and what is unattributed last.

    In each dimension, currency and period the rows sum up to the conversions' value less their refunds, exactly, also
    where a dimension is named by the touchpoints of some conversions alone. `conversions` counts those that it earned
    something from.
    """
    columns = [
        Column("dimension", Kind.TEXT),
        Column("value", Kind.TEXT, "(unattributed)"),
        Column("currency", Kind.TEXT),
        Column("credit", Kind.MONEY),
        Column("conversions", Kind.COUNT),
    ]
    rows: Iterator[tuple[object, ...]] = _rows(connection, asked)
    if asked.by == "total":
        rows = (row[1:] for row in rows)
    else:
        columns.insert(0, Column(asked.by, Kind.TEXT))
    model = "the catalogue's model" if asked.model is None else f"model {asked.model}"
    return Answer(f"Credit by dimension, {model}", tuple(columns), rows, "No conversions in this selection.")


def _rows(connection: Connection, asked: AttributionAsked) -> Iterator[tuple[object, ...]]:
    decimals = exponents(connection)
    totals = {
        _Group(period, currency): (exact(high, low), int(conversions))
        for period, currency, conversions, high, low in connection.execute(_totals(asked))
    }
    earned: dict[str, dict[_Group, list[tuple[int, str, int]]]] = defaultdict(lambda: defaultdict(list))
    together: dict[tuple[str, _Group], tuple[int, int]] = {}
    for dimension, value, period, currency, conversions, high, low in connection.execute(_earned(asked)):
        group, minor, count = _Group(period, currency), exact(high, low), int(conversions)
        if value == ALL_VALUES:
            together[dimension, group] = (minor, count)
        else:
            earned[dimension][group].append((-minor, value, count))
    for dimension in asked.dimensions or sorted({dimension for dimension, _ in together}):
        for group in sorted(totals):
            total, conversions = totals[group]
            attributed, earning = together.get((dimension, group), (0, 0))
            head, places = (group.period, dimension), decimals[group.currency]
            for negated, value, count in sorted(earned[dimension][group]):
                yield *head, value, group.currency, in_units(-negated, places), count
            yield *head, None, group.currency, in_units(total - attributed, places), conversions - earning


def _totals(asked: AttributionAsked) -> Select[Any]:
    """What is to be earned, and in how many conversions there is something."""
    return _summed(CONVERSIONS_BY_DAY, (), asked)


def _earned(asked: AttributionAsked) -> Select[Any]:
    """What each value earned, and all of a dimension together, and in how many conversions."""
    each = CREDIT_BY_DAY.c
    rows = _summed(CREDIT_BY_DAY, (each.dimension, each.value), asked)
    return rows.where(each.dimension.in_(asked.dimensions)) if asked.dimensions else rows


def _summed(table: Table, named: Sequence[ColumnElement[Any]], asked: AttributionAsked) -> Select[Any]:
    """Rows of (named …, period, currency, conversions that earn, the two parts of the sum)."""
    each = table.c
    by = (*named, _period(each.day, asked).label("period"), each.currency)
    sums = (func.sum(each.earning), func.sum(each.billions), func.sum(each.rest_minor))
    rows = select(*by, *sums).where(*asked.days.hold_day(each.day)).group_by(*by)
    rows = rows.where(each.is_main) if asked.model is None else rows.where(each.model == asked.model)
    return rows if asked.currency is None else rows.where(each.currency == asked.currency)


def _period(day: ColumnElement[Any], asked: AttributionAsked) -> ColumnElement[Any]:
    length = PERIODS[asked.by]
    return func.substr(cast(day, Text), 1, length, type_=Text) if length else literal("", Text)
