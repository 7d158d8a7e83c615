"""Views of the read model: the questions that people ask first, under names, in every database it is in."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import Dialect, Select, Table, and_, case, func, make_url, select

from projections.queries.attribution_rows import attribution_rows
from projections.queries.expressions import DecimalAmount
from projections.queries.followups import followup_rows
from projections.queries.paths import path_rows
from projections.queries.response_required import response_required_rows
from projections.queries.scores import score_rows
from projections.queries.timeline import as_of, timeline_rows
from projections.tables import (
    CONVERSIONS,
    CREDIT_BY_DIMENSION,
    CREDIT_BY_TOUCHPOINT,
    CURRENCIES,
    SHADOW_CREDIT_BY_DIMENSION,
    TOUCHPOINTS,
)


class View(NamedTuple):
    """A query under a name."""

    comment: str
    query: Select[Any]

    @property
    def columns(self) -> list[str]:
        """Their names, in order."""
        return [column.name for column in self.query.selected_columns]


def _decimal(minor: Any, name: str) -> Any:
    return DecimalAmount(minor, CURRENCIES.c.exponent, CURRENCIES.c.scale).label(name)


def _conversion_amounts() -> Select[Any]:
    each = CONVERSIONS.c
    return select(
        each.conversion_id,
        each.contact_id,
        each.name,
        each.occurred_at,
        each.currency,
        _decimal(each.value_minor, "value"),
        _decimal(each.refunded_minor, "refunded"),
        _decimal(each.unattributed_minor, "unattributed"),
        each.model,
        each.version,
    ).join_from(CONVERSIONS, CURRENCIES, CURRENCIES.c.currency == each.currency)


def _touchpoint_credits() -> Select[Any]:
    share, each, touch = CREDIT_BY_TOUCHPOINT.c, CONVERSIONS.c, TOUCHPOINTS.c
    of_conversion = and_(each.contact_id == share.contact_id, each.conversion_id == share.conversion_id)
    of_touchpoint = and_(touch.contact_id == share.contact_id, touch.event_id == share.touchpoint_id)
    rows = CREDIT_BY_TOUCHPOINT.join(CONVERSIONS, of_conversion)
    rows = rows.join(CURRENCIES, CURRENCIES.c.currency == each.currency).outerjoin(TOUCHPOINTS, of_touchpoint)
    return select(
        share.conversion_id,
        share.contact_id,
        each.occurred_at.label("converted_at"),
        share.touchpoint_id,
        touch.name,
        touch.occurred_at,
        each.currency,
        _decimal(share.credit_minor, "credit"),
    ).select_from(rows)


def _totals(table: Table, *by: str) -> Select[Any]:
    named = [table.c[name] for name in (*by, "value", "currency")]
    earning = func.sum(case((table.c.credit_minor > 0, 1), else_=0)).label("conversions")
    sums = select(*named, func.sum(table.c.credit_minor).label("minor"), earning)
    summed = sums.group_by(*named).subquery()
    return select(
        *(summed.c[name] for name in (*by, "value", "currency")),
        _decimal(summed.c.minor, "credit"),
        summed.c.conversions,
    ).join_from(summed, CURRENCIES, CURRENCIES.c.currency == summed.c.currency)


def _attribution() -> Select[Any]:
    each = attribution_rows().subquery()
    names = ("day", "model", "dimension", "value", "currency")
    decimals = _decimal(each.c.minor, "credit")
    return select(*(each.c[name] for name in names), decimals).join_from(
        each, CURRENCIES, CURRENCIES.c.currency == each.c.currency
    )


def _paths() -> Select[Any]:
    each = path_rows().subquery()
    names = ("contact_id", "conversion_id", "occurred_at", "currency")
    return select(
        *(each.c[name] for name in names),
        _decimal(each.c.net_minor, "net"),
        each.c.path,
        each.c.touchpoints,
        each.c.first_at,
        (each.c.took_us // 1_000_000).label("took_seconds"),
    ).join_from(each, CURRENCIES, CURRENCIES.c.currency == each.c.currency)


VIEWS: Final = {
    "timeline": View(
        "`touchpoints` with their status, `Active` or `Inactive`: as of `as_of` in `meta`, or else as of now.",
        timeline_rows(as_of()),
    ),
    "conversion_amounts": View("`conversions`, with decimals.", _conversion_amounts()),
    "touchpoint_credits": View(
        "`credit_by_touchpoint`, with decimals, the conversion's time, and the touchpoint's name and time.",
        _touchpoint_credits(),
    ),
    "dimension_totals": View(
        "What each value of each dimension earned in each currency, and from how many conversions; a null value: "
        "unattributed.",
        _totals(CREDIT_BY_DIMENSION, "dimension"),
    ),
    "shadow_dimension_totals": View(
        "The same under each further model.", _totals(SHADOW_CREDIT_BY_DIMENSION, "model", "dimension")
    ),
    "attribution": View(
        "What each value of each dimension earned on each day (the conversion's, in UTC) under each model; a null "
        "value: unattributed, always there. The rows of a day, model, dimension and currency sum up to the "
        "conversions' total.",
        _attribution(),
    ),
    "conversion_paths": View(
        "Each conversion with the touchpoints that counted for it as a path, its length, and how long it took.",
        _paths(),
    ),
    "followups": View(
        "`interactions` with their status, `open`, `missed`, `completed` or `deleted`: as of `as_of` in `meta`, or "
        "else as of now.",
        followup_rows(as_of()),
    ),
    "response_required": View(
        "The contacts with open interactions that ask for a response, by assignee.", response_required_rows()
    ),
    "contact_scores": View("`scores` with what is known of the contact.", score_rows()),
}


def view_statements(dialect: str) -> list[str]:
    """SQL that makes the views; `dialect` is `sqlite` or `postgresql`."""
    spoken: Dialect = make_url(f"{dialect}://").get_dialect()()
    return [
        f"CREATE VIEW {name} AS {view.query.compile(dialect=spoken, compile_kwargs={'literal_binds': True})}"
        for name, view in VIEWS.items()
    ]
