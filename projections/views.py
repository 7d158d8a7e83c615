"""Views of the read model in SQLite: amounts as decimals, names beside numbers, totals per currency."""

from __future__ import annotations

from typing import Final, NamedTuple


class View(NamedTuple):
    """A query under a name."""

    columns: str
    comment: str
    query: str


def _decimal(minor: str) -> str:
    """SQL for minor units as decimal text, exact at any size; needs `currencies` in the query."""
    whole = f"cast({minor} AS text)"
    return f"iif(exponent = 0, {whole}, printf('%d.%0*d', {minor} / scale, exponent, {minor} % scale))"


def _totals(table: str, by: str) -> str:
    return f"""
        SELECT {by}, value, currency, {_decimal("minor")} AS credit, conversions
        FROM (SELECT {by}, value, currency, sum(credit_minor) AS minor, count(*) AS conversions
              FROM {table} GROUP BY {by}, currency, value)
        JOIN currencies USING (currency)"""


AS_OF: Final = """coalesce(
            nullif((SELECT value FROM meta WHERE name = 'as_of'), ''), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))"""
"""The instant that answers are as of: after a replay the newest accepted `occurred_at`, else now."""

VIEWS: Final = {
    "timeline": View(
        "contact_id, event_id, name, occurred_at, lifetime, expires_at, status, retracted, dimensions",
        "`touchpoints` with their status, `Active` or `Inactive`: as of `as_of` in `meta`, or else as of now.",
        f"""
        SELECT contact_id, event_id, name, occurred_at, lifetime, expires_at,
               iif(NOT retracted AND {AS_OF} BETWEEN occurred_at AND expires_at, 'Active', 'Inactive') AS status,
               retracted, dimensions
        FROM touchpoints""",
    ),
    "conversion_amounts": View(
        "conversion_id, contact_id, name, occurred_at, currency, value, refunded, unattributed, model, version",
        "`conversions`, with decimals.",
        f"""
        SELECT conversion_id, contact_id, name, occurred_at, currency, {_decimal("value_minor")} AS value,
               {_decimal("refunded_minor")} AS refunded, {_decimal("unattributed_minor")} AS unattributed,
               model, version
        FROM conversions JOIN currencies USING (currency)""",
    ),
    "touchpoint_credits": View(
        "conversion_id, contact_id, converted_at, touchpoint_id, name, occurred_at, currency, credit",
        "`credit_by_touchpoint`, with decimals, the conversion's time, and the touchpoint's name and time.",
        f"""
        SELECT conversion_id, c.contact_id, c.occurred_at AS converted_at, touchpoint_id, t.name, t.occurred_at,
               currency, {_decimal("credit_minor")} AS credit
        FROM credit_by_touchpoint JOIN conversions AS c USING (contact_id, conversion_id)
        JOIN currencies USING (currency)
        LEFT JOIN touchpoints AS t ON t.contact_id = c.contact_id AND t.event_id = touchpoint_id""",
    ),
    "dimension_totals": View(
        "dimension, value, currency, credit, conversions",
        "What each value of each dimension earned in each currency; a null value: unattributed.",
        _totals("credit_by_dimension", "dimension"),
    ),
    "shadow_dimension_totals": View(
        "model, dimension, value, currency, credit, conversions",
        "The same under each further model.",
        _totals("shadow_credit_by_dimension", "model, dimension"),
    ),
}


def view_statements(dialect: str) -> list[str]:
    """SQL that makes the views, each once those that it reads are there; `dialect` is `sqlite` or `postgresql`."""
    if dialect != "sqlite":
        return []
    return [f"CREATE VIEW {name} AS {view.query}" for name, view in VIEWS.items()]
