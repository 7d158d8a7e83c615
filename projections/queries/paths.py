"""How contacts came to convert: their paths, how long they were, how long they took, and which steps assisted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, func, select

from events.instant import DAY_US
from projections.queries.answer import Answer, Column, Kind
from projections.queries.expressions import Microseconds
from projections.queries.filters import Days
from projections.queries.money import exact, exponents, halves, in_units
from projections.tables import CONVERSIONS, CREDIT_BY_TOUCHPOINT, TOUCHPOINTS

SEPARATOR: Final = " > "
NO_PATH: Final = "(no touchpoints)"
_ID: Final = ("contact_id", "conversion_id")


class Show(StrEnum):
    """What is counted."""

    PATH = "path"
    LENGTH = "length"
    TIME = "time"
    ASSISTS = "assists"


class PathsAsked(NamedTuple):
    """Which conversions, and what of their paths."""

    show: Show = Show.PATH
    days: Days = Days()
    """Of the conversion, in UTC."""
    dimension: str | None = None
    """Steps are the touchpoints' values in it, those without one left out; None: their names."""
    currency: str | None = None
    contact_id: str | None = None
    limit: int | None = None


_ALL: Final = PathsAsked()


def path_rows(asked: PathsAsked = _ALL) -> Select[Any]:
    """One row a conversion: the touchpoints that counted for it as a path, in order of time; null without any."""
    steps = _steps(asked).subquery()
    of_conversion = [steps.c[name] for name in _ID]
    joined = func.aggregate_strings(steps.c.step, SEPARATOR)
    whole = select(
        *of_conversion,
        joined.over(partition_by=of_conversion, order_by=steps.c.place, rows=(None, None)).label("path"),
        func.count().over(partition_by=of_conversion).label("touchpoints"),
        func.min(steps.c.occurred_at).over(partition_by=of_conversion).label("first_at"),
        func.row_number().over(partition_by=of_conversion, order_by=steps.c.place).label("nth"),
    ).subquery()
    each = CONVERSIONS.c
    took = Microseconds(each.occurred_at) - Microseconds(whole.c.first_at)
    return (
        select(
            each.contact_id,
            each.conversion_id,
            each.occurred_at,
            each.currency,
            (each.value_minor - each.refunded_minor).label("net_minor"),
            whole.c.path,
            func.coalesce(whole.c.touchpoints, 0).label("touchpoints"),
            whole.c.first_at,
            took.label("took_us"),
        )
        .outerjoin_from(CONVERSIONS, whole, and_(*_same(whole), whole.c.nth == 1))
        .where(*_meant(asked))
    )


def paths(connection: Connection, asked: PathsAsked) -> Answer:
    """Conversions by path, by length, by time to convert, or by what assisted; always per currency."""
    answer = _ANSWERS[asked.show]
    return answer(connection, asked)


def _steps(asked: PathsAsked) -> Select[Any]:
    touch, share = TOUCHPOINTS.c, CREDIT_BY_TOUCHPOINT.c
    step = touch.name if asked.dimension is None else touch.dimensions[asked.dimension].as_string()
    met = and_(touch.contact_id == share.contact_id, touch.event_id == share.touchpoint_id)
    steps = select(share.contact_id, share.conversion_id, share.place, step.label("step"), touch.occurred_at)
    steps = steps.join_from(CREDIT_BY_TOUCHPOINT, TOUCHPOINTS, met).where(step.is_not(None))
    if conditions := _meant(asked):
        # Here as well: a database does not see through windows that few conversions are meant.
        of_conversion = and_(*(CONVERSIONS.c[name] == share[name] for name in _ID))
        steps = steps.join(CONVERSIONS, of_conversion).where(*conditions)
    return steps


def _same(rows: Subquery) -> list[ColumnElement[bool]]:
    return [CONVERSIONS.c[name] == rows.c[name] for name in _ID]


def _meant(asked: PathsAsked) -> list[ColumnElement[bool]]:
    conditions = asked.days.hold(CONVERSIONS.c.occurred_at)
    if asked.currency is not None:
        conditions.append(CONVERSIONS.c.currency == asked.currency)
    if asked.contact_id is not None:
        conditions.append(CONVERSIONS.c.contact_id == asked.contact_id)
    return conditions


def _counted(connection: Connection, asked: PathsAsked, by: str) -> Iterator[tuple[Any, ...]]:
    """(what `by` names, currency, conversions, value, mean days to convert)."""
    each = path_rows(asked).subquery()
    if by == "days":
        each = select(each, (each.c.took_us // DAY_US).label("days")).subquery()
    counted = func.count()
    groups = (each.c[by], each.c.currency)
    mean = func.avg(each.c.took_us)
    query = select(*groups, counted, *halves(each.c.net_minor), mean).group_by(*groups)
    if by == "path":
        query = query.order_by(counted.desc(), each.c.path, each.c.currency)
    else:
        query = query.order_by(each.c[by].is_(None).desc(), *groups)
    decimals = exponents(connection)
    for named, currency, conversions, high, low, took in connection.execute(query.limit(asked.limit)):
        value = in_units(exact(high, low), decimals[currency])
        yield named, currency, conversions, value, None if took is None else round(float(took) / DAY_US, 3)


_NOTHING: Final = "No conversions in this selection."
_MEASURES: Final = (
    Column("currency", Kind.TEXT),
    Column("conversions", Kind.COUNT),
    Column("value", Kind.MONEY),
)
_MEAN: Final = Column("mean_days", Kind.NUMBER)


def _by_path(connection: Connection, asked: PathsAsked) -> Answer:
    columns = (Column("path", Kind.TEXT, NO_PATH), *_MEASURES, _MEAN)
    return Answer("Conversion paths", columns, _counted(connection, asked, "path"), _NOTHING)


def _by_length(connection: Connection, asked: PathsAsked) -> Answer:
    columns = (Column("touchpoints", Kind.COUNT), *_MEASURES, _MEAN)
    return Answer("Path length", columns, _counted(connection, asked, "touchpoints"), _NOTHING)


def _by_time(connection: Connection, asked: PathsAsked) -> Answer:
    columns = (Column("days", Kind.COUNT, NO_PATH), *_MEASURES)
    rows = (row[:-1] for row in _counted(connection, asked, "days"))
    return Answer("Days from the first touchpoint to the conversion", columns, rows, _NOTHING)


def _by_assist(connection: Connection, asked: PathsAsked) -> Answer:
    columns = (
        Column(asked.dimension or "touchpoint", Kind.TEXT),
        Column("currency", Kind.TEXT),
        Column("assisted", Kind.COUNT),
        Column("assisted_value", Kind.MONEY),
        Column("last", Kind.COUNT),
        Column("last_value", Kind.MONEY),
    )
    return Answer("Assisted conversions", columns, _assists(connection, asked), _NOTHING)


def _assists(connection: Connection, asked: PathsAsked) -> Iterator[tuple[object, ...]]:
    """A step assisted a conversion that it led to without being the last on the way."""
    steps = _steps(asked).subquery()
    of_conversion = [steps.c[name] for name in _ID]
    latest = select(
        *of_conversion,
        steps.c.step,
        steps.c.place,
        func.max(steps.c.place).over(partition_by=of_conversion).label("end"),
    ).subquery()
    once = [latest.c[name] for name in (*_ID, "step", "end")]
    each = select(*once, func.max(latest.c.place).label("place")).group_by(*once).subquery()
    net = CONVERSIONS.c.value_minor - CONVERSIONS.c.refunded_minor
    assisted = each.c.place < each.c.end
    groups = (each.c.step, CONVERSIONS.c.currency)
    query = (
        select(
            *groups,
            func.sum(case((assisted, 1), else_=0)).label("assisted"),
            *halves(case((assisted, net), else_=0)),
            func.sum(case((assisted, 0), else_=1)),
            *halves(case((assisted, 0), else_=net)),
        )
        .join_from(each, CONVERSIONS, and_(*_same(each)))
        .where(*_meant(asked))
        .group_by(*groups)
    )
    decimals = exponents(connection)
    ordered = query.order_by(query.selected_columns.assisted.desc(), *groups).limit(asked.limit)
    for step, currency, assists, *sums in connection.execute(ordered):
        assisting, (last, *ending) = sums[:2], sums[2:]
        helped, closed = (in_units(exact(*pair), decimals[currency]) for pair in (assisting, ending))
        yield step, currency, assists, helped, last, closed


_ANSWERS: Final[dict[Show, Callable[[Connection, PathsAsked], Answer]]] = {
    Show.PATH: _by_path,
    Show.LENGTH: _by_length,
    Show.TIME: _by_time,
    Show.ASSISTS: _by_assist,
}
