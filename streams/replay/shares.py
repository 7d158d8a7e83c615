"""A credit's shares on their way to the read model: columns of plain values, which sort files keep and SQLite takes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, repeat
from typing import TypeAlias

from projections.sqlite import SqliteWriter
from projections.tables import (
    CREDIT_BY_DIMENSION,
    CREDIT_BY_TOUCHPOINT,
    SHADOW_CREDIT_BY_DIMENSION,
    SHADOW_CREDIT_BY_TOUCHPOINT,
    SHADOW_CREDITS,
)
from streams.credit import Credit

DimensionRow: TypeAlias = tuple[int, str, str | None, int]
"""place, dimension, value (None: unattributed), minor units."""

Shares: TypeAlias = tuple[list[str], list[int], list[DimensionRow]]
"""Touchpoint ids, minor units beside them, and the dimensions."""

Shadow: TypeAlias = tuple[str, int, int, int, list[tuple[int, str, int]], list[DimensionRow]]
"""model, version, unattributed, capped, (place, touchpoint id, minor units) of those that earned, the dimensions."""


def shares_of(credit: Credit) -> Shares:
    """The shares under the catalogue's model: the whole evidence, and every value of it."""
    ids = [touch.event_id for touch in credit.evidence]
    return ids, list(credit.credits_minor), list(_dimension_rows(credit))


def shadow_of(credit: Credit) -> Shadow:
    """The shares under a further model: what earned nothing there stands in the model's own shares."""
    ids = [touch.event_id for touch in credit.evidence]
    earned = [row for row in zip(count(), ids, credit.credits_minor) if row[2]]
    dimensions = [row for row in _dimension_rows(credit) if row[3]]
    return credit.model, credit.version, credit.unattributed_minor, int(credit.capped), earned, dimensions


def _dimension_rows(credit: Credit) -> Iterator[DimensionRow]:
    place = 0
    for dimension, split in credit.dimensions.items():
        for value, minor in split.credits.items():
            yield place, dimension, value, minor
            place += 1
        if split.unattributed:
            yield place, dimension, None, split.unattributed
            place += 1


def write_shares(model: SqliteWriter, number: int, currency: str, shares: Shares) -> None:
    """Write the shares of the conversion of that number."""
    ids, minors, dimensions = shares
    model.write(CREDIT_BY_TOUCHPOINT, list(zip(repeat(number), count(), ids, minors)))
    model.write(
        CREDIT_BY_DIMENSION,
        [(number, place, dimension, value, currency, minor) for place, dimension, value, minor in dimensions],
    )


def write_shadow(model: SqliteWriter, number: int, currency: str, shadow: Shadow) -> None:
    """Write the shares under a further model of the conversion of that number."""
    name, version, unattributed, capped, earned, dimensions = shadow
    model.write(SHADOW_CREDITS, [(number, name, version, unattributed, capped)])
    model.write(
        SHADOW_CREDIT_BY_TOUCHPOINT, [(number, name, place, touchpoint, minor) for place, touchpoint, minor in earned]
    )
    model.write(
        SHADOW_CREDIT_BY_DIMENSION,
        [(number, name, place, dimension, value, currency, minor) for place, dimension, value, minor in dimensions],
    )
