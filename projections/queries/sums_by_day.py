"""The sums by day, all at once, from the rows that they are of: when a read model is written whole."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Dialect,
    FromClause,
    Insert,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    make_url,
    select,
    true,
    union_all,
)

from projections.queries.expressions import DayOf
from projections.queries.money import halves
from projections.tables import (
    CONVERSIONS,
    CONVERSIONS_BY_DAY,
    CREDIT_BY_DAY,
    CREDIT_BY_DIMENSION,
    SHADOW_CREDIT_BY_DIMENSION,
    SHADOW_CREDITS,
)
from projections.writing.sums import ALL_VALUES

_SPLIT_BY: Final = ("currency", "is_main", "model")
_ID: Final = ("contact_id", "conversion_id")


def sum_statements(dialect: str) -> list[str]:
    """SQL that fills the empty tables; `dialect` is `sqlite` or `postgresql`."""
    spoken: Dialect = make_url(f"{dialect}://").get_dialect()()
    return [
        str(statement.compile(dialect=spoken, compile_kwargs={"literal_binds": True}))
        for statement in (_of_conversions(), *_of_credit())
    ]


def _of_conversions() -> Insert:
    each, further = CONVERSIONS.c, SHADOW_CREDITS.c
    net = (each.value_minor - each.refunded_minor).label("minor")
    day = cast(DayOf(each.occurred_at), CONVERSIONS_BY_DAY.c.day.type).label("day")
    main = select(day, each.currency, _is_main(True), each.model, net)
    shadow = select(further.day, further.currency, _is_main(False), further.model, further.net_minor)
    both = union_all(main, shadow).subquery()
    key = [both.c[name] for name in ("day", *_SPLIT_BY)]
    return _fill(CONVERSIONS_BY_DAY, select(*key, *_sums(both.c.minor)).group_by(*key))


def _of_credit() -> tuple[Insert, Insert]:
    shares = _shares()
    key = [shares.c[name] for name in ("day", "dimension", "value", *_SPLIT_BY)]
    values = select(*key, *_sums(shares.c.credit_minor)).where(shares.c.value.is_not(None)).group_by(*key)
    by = [shares.c[name] for name in ("day", "dimension", *_SPLIT_BY)]
    earned = func.sum(case((shares.c.value.is_not(None), shares.c.credit_minor), else_=0))
    # PostgreSQL's sum is a numeric, whose halves would be fractions.
    minor = cast(earned, CREDIT_BY_DIMENSION.c.credit_minor.type).label("minor")
    each = select(*by, minor).group_by(*by, *(shares.c[name] for name in _ID)).subquery()
    day, dimension, *split_by = (each.c[name] for name in ("day", "dimension", *_SPLIT_BY))
    together = select(day, dimension, literal(ALL_VALUES).label("value"), *split_by, *_sums(each.c.minor))
    return _fill(CREDIT_BY_DAY, values), _fill(CREDIT_BY_DAY, together.group_by(day, dimension, *split_by))


def _shares() -> FromClause:
    share, each, further = CREDIT_BY_DIMENSION.c, CONVERSIONS.c, SHADOW_CREDIT_BY_DIMENSION.c
    names = (*_ID, "day", "dimension", "value", "currency", "credit_minor")
    same = and_(each.contact_id == share.contact_id, each.conversion_id == share.conversion_id)
    main = select(*(share[name] for name in names), _is_main(True), each.model)
    shadow = select(*(further[name] for name in names), _is_main(False), further.model)
    return union_all(main.join_from(CREDIT_BY_DIMENSION, CONVERSIONS, same), shadow).subquery()


def _is_main(value: bool) -> ColumnElement[bool]:
    return (true() if value else ~true()).label("is_main")


def _sums(minor: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    return (literal(0), func.count(), func.sum(case((minor > 0, 1), else_=0)), *halves(minor))


def _fill(table: Any, rows: Select[Any]) -> Insert:
    names = [column.name for column in table.columns]
    return table.insert().from_select(names, rows)  # type: ignore[no-any-return]
