"""Attribution by day, model, dimension and currency as one query: what each value earned, and the rest of the total."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Text, and_, cast, func, null, select, union_all

from projections.queries.expressions import DayOf
from projections.tables import CONVERSIONS, CREDIT_BY_DIMENSION, SHADOW_CREDIT_BY_DIMENSION, SHADOW_CREDITS

_GROUP = ("day", "model", "currency")


def attribution_rows() -> Select[Any]:
    """Rows of (day, model, dimension, value, currency, minor); a null value is what is unattributed, always there.

    It is the rest of the total, so that it is right as well in a dimension that some conversions alone were split by.
    """
    values = _values().subquery()
    totals, dimensions = _totals().subquery(), select(values.c.dimension).distinct().subquery()
    by = [values.c[name] for name in _GROUP]
    attributed = select(*by, values.c.dimension, func.sum(values.c.minor).label("minor"))
    earned = attributed.group_by(*by, values.c.dimension).subquery()
    same = and_(*(earned.c[name] == totals.c[name] for name in _GROUP), earned.c.dimension == dimensions.c.dimension)
    rest = (totals.c.minor - func.coalesce(earned.c.minor, 0)).label("minor")
    unattributed = select(
        totals.c.day, totals.c.model, dimensions.c.dimension, null().label("value"), totals.c.currency, rest
    ).select_from(totals.join(dimensions, dimensions.c.dimension.is_not(None)).outerjoin(earned, same))
    named = [values.c[name] for name in ("day", "model", "dimension", "value", "currency", "minor")]
    return select(union_all(select(*named), unattributed).subquery())


def _values() -> Select[Any]:
    share, each, shadow = CREDIT_BY_DIMENSION.c, CONVERSIONS.c, SHADOW_CREDIT_BY_DIMENSION.c
    same = and_(each.contact_id == share.contact_id, each.conversion_id == share.conversion_id)
    main = select(cast(share.day, Text).label("day"), each.model, share.dimension, share.value, share.currency)
    main = main.add_columns(share.credit_minor).join_from(CREDIT_BY_DIMENSION, CONVERSIONS, same)
    further = select(cast(shadow.day, Text), shadow.model, shadow.dimension, shadow.value, shadow.currency)
    further = further.add_columns(shadow.credit_minor)
    both = union_all(main.where(share.value.is_not(None)), further.where(shadow.value.is_not(None))).subquery()
    groups = [both.c[name] for name in ("day", "model", "dimension", "value", "currency")]
    return select(*groups, func.sum(both.c.credit_minor).label("minor")).group_by(*groups)


def _totals() -> Select[Any]:
    each, shadow = CONVERSIONS.c, SHADOW_CREDITS.c
    net = each.value_minor - each.refunded_minor
    same = and_(each.contact_id == shadow.contact_id, each.conversion_id == shadow.conversion_id)
    main = select(DayOf(each.occurred_at).label("day"), each.model, each.currency, net.label("net"))
    further = select(DayOf(each.occurred_at), shadow.model, each.currency, net)
    both = union_all(main, further.join_from(SHADOW_CREDITS, CONVERSIONS, same)).subquery()
    groups = [both.c[name] for name in _GROUP]
    return select(*groups, func.sum(both.c.net).label("minor")).group_by(*groups)
