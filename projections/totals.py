"""What an analyst asks first: credit by each dimension's values, and what is unattributed; always per currency."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from events.money import format_amount

# 64 bits hold nine amounts of the longest kind; sums of their halves hold a thousand million.
_HALF: Final = 1_000_000_000


class DimensionTotal(NamedTuple):
    """What one value of a dimension earned in one currency."""

    dimension: str
    currency: str
    value: str | None
    """None: unattributed."""
    credit: str
    conversions: int
    """From how many of them it earned something."""


class CurrencyTotal(NamedTuple):
    """All conversions in one currency."""

    currency: str
    conversions: int
    value: str
    refunded: str
    unattributed: str


def totals_by_dimension(database: sqlite3.Connection) -> list[DimensionTotal]:
    """By dimension and currency, then from the highest credit down, what is unattributed last."""
    rows = database.execute(
        f"""SELECT c.*, exponent FROM (
                SELECT dimension, currency, value, sum(credit_minor > 0), {_halves("credit_minor")}
                FROM credit_by_dimension GROUP BY dimension, currency, value) AS c
            JOIN currencies USING (currency)"""
    )
    ranked = []
    for dimension, currency, value, conversions, high, low, exponent in rows:
        minor = high * _HALF + low
        total = DimensionTotal(dimension, currency, value, format_amount(minor, exponent), conversions)
        ranked.append(((dimension, currency, value is None, -minor, value or ""), total))
    return [total for _, total in sorted(ranked)]


def totals_by_currency(database: sqlite3.Connection) -> list[CurrencyTotal]:
    """By currency."""
    sums = ", ".join(_halves(column) for column in ("value_minor", "refunded_minor", "unattributed_minor"))
    rows = database.execute(
        f"""SELECT currency, count(*), exponent, {sums} FROM conversions JOIN currencies USING (currency)
            GROUP BY currency, exponent ORDER BY currency"""
    )
    return [
        CurrencyTotal(currency, conversions, *_amounts(halves, exponent))
        for currency, conversions, exponent, *halves in rows
    ]


def _halves(column: str) -> str:
    return f"sum({column} / {_HALF}), sum({column} % {_HALF})"


def _amounts(halves: Sequence[int], exponent: int) -> Iterator[str]:
    for high, low in zip(halves[::2], halves[1::2], strict=True):
        yield format_amount(high * _HALF + low, exponent)
