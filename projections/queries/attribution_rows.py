"""Attribution by day, model, dimension and currency as one query: what each value earned, and the rest of the total."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Text, and_, cast, func, null, select, union_all

from projections.tables import CONVERSIONS_BY_DAY, CREDIT_BY_DAY
from projections.writing.sums import ALL_VALUES, BILLION

_GROUP = ("day", "model", "currency")


def attribution_rows() -> Select[Any]:
    """Rows of (day, model, dimension, value, currency, minor); a null value is what is unattributed, always there.

    It is the rest of the total, so that it is right as well in a dimension that some conversions alone were split by.
    """
    of_values, together = CREDIT_BY_DAY.c.value != ALL_VALUES, CREDIT_BY_DAY.c.value == ALL_VALUES
    values = _summed(CREDIT_BY_DAY, "day", "model", "dimension", "value", "currency").where(of_values).subquery()
    earned = _summed(CREDIT_BY_DAY, *_GROUP, "dimension").where(together).subquery()
    totals, dimensions = _summed(CONVERSIONS_BY_DAY, *_GROUP).subquery(), _dimensions().subquery()
    same = and_(*(earned.c[name] == totals.c[name] for name in _GROUP), earned.c.dimension == dimensions.c.dimension)
    rest = (totals.c.minor - func.coalesce(earned.c.minor, 0)).label("minor")
    unattributed = select(
        totals.c.day, totals.c.model, dimensions.c.dimension, null().label("value"), totals.c.currency, rest
    ).select_from(totals.join(dimensions, dimensions.c.dimension.is_not(None)).outerjoin(earned, same))
    named = [values.c[name] for name in ("day", "model", "dimension", "value", "currency", "minor")]
    return select(union_all(select(*named), unattributed).subquery())


def _summed(table: Table, *by: str) -> Select[Any]:
    named = [_text(table.c[name]) for name in by]
    minor = func.sum(table.c.billions * BILLION + table.c.rest_minor)
    return select(*named, minor.label("minor")).group_by(*(table.c[name] for name in by))


def _text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(column, Text).label("day") if column.key == "day" else column


def _dimensions() -> Select[Any]:
    return select(CREDIT_BY_DAY.c.dimension).where(CREDIT_BY_DAY.c.value == ALL_VALUES).distinct()
