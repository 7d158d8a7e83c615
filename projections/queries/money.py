"""Sums of money that are exact in every database, and as decimals."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select

from projections.tables import CURRENCIES

# 64 bits hold nine amounts of the longest kind; sums of their halves hold a thousand million.
_HALF: Final = 1_000_000_000
_EXACT: Final = Context(prec=60)


def halves(minor: ColumnElement[Any]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Two aggregates that `exact` makes one sum of."""
    return func.coalesce(func.sum(minor // _HALF), 0), func.coalesce(func.sum(minor % _HALF), 0)


def exact(high: Any, low: Any) -> int:
    """The sum of minor units that two aggregates stand for."""
    return int(high) * _HALF + int(low)


def exponents(connection: Connection) -> Mapping[str, int]:
    """The decimals of each currency that the read model knows."""
    return dict(connection.execute(select(CURRENCIES.c.currency, CURRENCIES.c.exponent)).all())


def in_units(minor: int, exponent: int) -> Decimal:
    """Minor units as a decimal that shows the currency's decimals."""
    return _EXACT.scaleb(Decimal(minor), -exponent)
