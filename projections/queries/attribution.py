"""What each value of each dimension earned, and what is unattributed: together always the conversions' total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    Table,
    Text,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from projections.queries.answer import Answer, Column, Kind
from projections.queries.expressions import DayOf
from projections.queries.filters import Days
from projections.queries.money import exact, exponents, halves, in_units
from projections.tables import CONVERSIONS, CREDIT_BY_DIMENSION, SHADOW_CREDIT_BY_DIMENSION, SHADOW_CREDITS

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
        _Group(period, currency): (exact(high, low), conversions)
        for period, currency, high, low, conversions in connection.execute(_totals(asked))
    }
    earned: dict[tuple[str, _Group], list[tuple[int, str, int]]] = defaultdict(list)
    shares = _shares(asked).subquery()
    for dimension, period, currency, value, high, low, conversions in connection.execute(_by_value(shares)):
        earned[dimension, _Group(period, currency)].append((-exact(high, low), value, conversions))
    attributed = {
        (dimension, _Group(period, currency)): conversions
        for dimension, period, currency, conversions in connection.execute(_attributed(shares))
    }
    for dimension in asked.dimensions or sorted(connection.execute(select(shares.c.dimension).distinct()).scalars()):
        for group in sorted(totals):
            total, conversions = totals[group]
            values = sorted(earned[dimension, group])
            head = (group.period, dimension)
            for negated, value, count in values:
                yield *head, value, group.currency, in_units(-negated, decimals[group.currency]), count
            rest = total + sum(negated for negated, _, _ in values)
            left = conversions - attributed.get((dimension, group), 0)
            yield *head, None, group.currency, in_units(rest, decimals[group.currency]), left


def _shares(asked: AttributionAsked) -> Select[Any]:
    """What each value earned of the conversions meant, as rows of (dimension, value, period, …)."""
    main = _of(CREDIT_BY_DIMENSION, asked)
    if asked.model is None:
        return main
    main = main.where(
        exists().where(
            CONVERSIONS.c.contact_id == CREDIT_BY_DIMENSION.c.contact_id,
            CONVERSIONS.c.conversion_id == CREDIT_BY_DIMENSION.c.conversion_id,
            CONVERSIONS.c.model == asked.model,
        )
    )
    shadow = _of(SHADOW_CREDIT_BY_DIMENSION, asked).where(SHADOW_CREDIT_BY_DIMENSION.c.model == asked.model)
    return select(union_all(main, shadow).subquery())


def _of(table: Table, asked: AttributionAsked) -> Select[Any]:
    named = (table.c[name] for name in ("contact_id", "conversion_id", "dimension", "value", "currency"))
    shares = select(*named, _period(table.c.day, asked).label("period"), table.c.credit_minor)
    shares = shares.where(*asked.days.hold_day(table.c.day))
    if asked.dimensions:
        shares = shares.where(table.c.dimension.in_(asked.dimensions))
    if asked.currency is not None:
        shares = shares.where(table.c.currency == asked.currency)
    return shares


def _by_value(shares: Subquery) -> Select[Any]:
    by = (shares.c.dimension, shares.c.period, shares.c.currency, shares.c.value)
    earning = func.sum(case((shares.c.credit_minor > 0, 1), else_=0))
    return select(*by, *halves(shares.c.credit_minor), earning).where(shares.c.value.is_not(None)).group_by(*by)


def _attributed(shares: Subquery) -> Select[Any]:
    """In how many conversions a dimension's values earned something."""
    by = (shares.c.dimension, shares.c.period, shares.c.currency)
    earning = select(*by, shares.c.contact_id, shares.c.conversion_id).distinct()
    each = earning.where(shares.c.value.is_not(None), shares.c.credit_minor > 0).subquery()
    groups = (each.c.dimension, each.c.period, each.c.currency)
    return select(*groups, func.count()).group_by(*groups)


def _totals(asked: AttributionAsked) -> Select[Any]:
    """What is to be earned, and in how many conversions there is something."""
    net = CONVERSIONS.c.value_minor - CONVERSIONS.c.refunded_minor
    period = _period(DayOf(CONVERSIONS.c.occurred_at), asked).label("period")
    each = select(period, CONVERSIONS.c.currency, net.label("net")).where(*asked.days.hold(CONVERSIONS.c.occurred_at))
    if asked.currency is not None:
        each = each.where(CONVERSIONS.c.currency == asked.currency)
    if asked.model is not None:
        shadowed = exists().where(
            SHADOW_CREDITS.c.contact_id == CONVERSIONS.c.contact_id,
            SHADOW_CREDITS.c.conversion_id == CONVERSIONS.c.conversion_id,
            SHADOW_CREDITS.c.model == asked.model,
        )
        each = each.where(or_(CONVERSIONS.c.model == asked.model, shadowed))
    rows = each.subquery()
    groups = (rows.c.period, rows.c.currency)
    return select(*groups, *halves(rows.c.net), func.sum(case((rows.c.net > 0, 1), else_=0))).group_by(*groups)


def _period(day: ColumnElement[Any], asked: AttributionAsked) -> ColumnElement[Any]:
    length = PERIODS[asked.by]
    return func.substr(cast(day, Text), 1, length, type_=Text) if length else literal("", Text)
