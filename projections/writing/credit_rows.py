"""Rows of a credit's message, the same that a replay writes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct
from msgspec.json import Decoder

from projections.tables import (
    CONVERSIONS,
    CREDIT_BY_DIMENSION,
    CREDIT_BY_TOUCHPOINT,
    SHADOW_CREDIT_BY_DIMENSION,
    SHADOW_CREDIT_BY_TOUCHPOINT,
    SHADOW_CREDITS,
)
from projections.writing.latest import Compacted, Version
from projections.writing.rows import Row


class _Touch(Struct):
    touchpoint_id: str
    credit: str


class _Split(Struct):
    credits: dict[str, str]
    unattributed: str


class _Credit(Struct):
    """What the read model takes of `credit.assigned` (contract, section 3)."""

    conversion_id: str
    contact_id: str
    conversion: str
    occurred_at: str
    model: str
    version: int
    currency: str
    value: str
    refunded: str
    touchpoints: list[_Touch]
    dimensions: dict[str, _Split]
    unattributed: str
    capped: bool = False


def instant_of(said: str) -> str:
    """The read model's text of an instant in the outputs' form."""
    return f"{said[:-1]}.000000Z" if len(said) == _WITHOUT_FRACTION else said


_WITHOUT_FRACTION = len("2023-07-05T11:00:00Z")
_decode = Decoder(_Credit).decode


@lru_cache(maxsize=65_536)
def _minor(amount: str) -> int:
    return int(amount.replace(".", ""))


class Credits(Compacted):
    """Topic `credits`."""

    tables = (CONVERSIONS, CREDIT_BY_TOUCHPOINT, CREDIT_BY_DIMENSION)
    by = ("contact_id", "conversion_id")

    def __init__(self) -> None:
        self.currencies: dict[str, int] = {}
        """The decimals of each currency that was met."""

    def version_of(self, value: bytes) -> Version:
        credit = _decode(value)
        key = (credit.contact_id, credit.conversion_id)
        self.currencies[credit.currency] = len(credit.value.partition(".")[2])
        conversion = (
            *key,
            credit.conversion,
            instant_of(credit.occurred_at),
            credit.currency,
            _minor(credit.value),
            _minor(credit.refunded),
            _minor(credit.unattributed),
            credit.model,
            credit.version,
            int(credit.capped),
        )
        shares: list[Row] = [
            (*key, place, touch.touchpoint_id, _minor(touch.credit)) for place, touch in enumerate(credit.touchpoints)
        ]
        day, currency = credit.occurred_at[:10], credit.currency
        dimensions: list[Row] = [
            (*key, place, dimension, value, day, currency, minor)
            for place, dimension, value, minor in _dimension_rows(credit)
        ]
        return Version(key, credit.version, ([conversion], shares, dimensions))


class ShadowCredits(Compacted):
    """Topic `credits.shadow`: what earned nothing is left out, since it stands in the model's own shares."""

    tables = (SHADOW_CREDITS, SHADOW_CREDIT_BY_TOUCHPOINT, SHADOW_CREDIT_BY_DIMENSION)
    by = ("contact_id", "conversion_id", "model")

    def version_of(self, value: bytes) -> Version:
        credit = _decode(value)
        key = (credit.contact_id, credit.conversion_id, credit.model)
        head = (*key, credit.version, _minor(credit.unattributed), int(credit.capped))
        shares: list[Row] = [
            (*key, place, touch.touchpoint_id, minor)
            for place, touch in enumerate(credit.touchpoints)
            if (minor := _minor(touch.credit))
        ]
        day, currency = credit.occurred_at[:10], credit.currency
        dimensions: list[Row] = [
            (*key, place, dimension, value, day, currency, minor)
            for place, dimension, value, minor in _dimension_rows(credit)
            if minor
        ]
        return Version(key, credit.version, ([head], shares, dimensions))


def _dimension_rows(credit: _Credit) -> Iterator[tuple[int, str, str | None, int]]:
    place = 0
    for dimension, split in credit.dimensions.items():
        for value, amount in split.credits.items():
            yield place, dimension, value, _minor(amount)
            place += 1
        if unattributed := _minor(split.unattributed):
            yield place, dimension, None, unattributed
            place += 1
