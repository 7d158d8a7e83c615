"""Rows of a credit's message, the same that a replay writes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar, Final

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
from projections.writing.rows import Row, Rows
from projections.writing.sql import column_names
from projections.writing.sums import Head, Share, SumsByDay


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


class _Splits(Compacted):
    """Conversions as they were split: with every version that comes or goes, the sums by day change."""

    sums = SumsByDay()
    """Of the chunk that is being written: whoever writes it gives one, and writes it last."""
    head_columns: ClassVar[tuple[str, ...]]
    """In the first table: what `head` takes, after the key."""

    @abstractmethod
    def head(self, values: Row, partition: int) -> Head:
        """The conversion as the sums take it, from `head_columns`."""

    def leave(self, rows: Rows, outdated: Sequence[tuple[str, ...]], places: Mapping[tuple[str, ...], int]) -> None:
        table, _, by_dimension = self.tables
        length = len(self.by)
        shares: dict[Row, list[Share]] = {}
        for found in rows.fetch(by_dimension, (*self.by, *_SHARE), self.by, outdated):
            dimension, value, minor = found[length:]
            shares.setdefault(found[:length], []).append((dimension, value, minor))
        for found in rows.fetch(table, (*self.by, *self.head_columns), self.by, outdated):
            key = found[:length]
            self.sums.count(-1, self.head(found, places[key]), shares.get(key, ()))

    def arrive(self, versions: Sequence[Version], places: Mapping[tuple[str, ...], int]) -> None:
        table, _, by_dimension = self.tables
        head_at = [column_names(table).index(name) for name in (*self.by, *self.head_columns)]
        first, second, third = (column_names(by_dimension).index(name) for name in _SHARE)
        for version in versions:
            (row,), _, dimensions = version.rows
            head = self.head(tuple(row[at] for at in head_at), places[version.key])
            self.sums.count(1, head, [(each[first], each[second], each[third]) for each in dimensions])


_SHARE: Final = ("dimension", "value", "credit_minor")


class Credits(_Splits):
    """Topic `credits`."""

    tables = (CONVERSIONS, CREDIT_BY_TOUCHPOINT, CREDIT_BY_DIMENSION)
    by = ("contact_id", "conversion_id")
    head_columns = ("occurred_at", "currency", "model", "value_minor", "refunded_minor")

    def head(self, values: Row, partition: int) -> Head:
        _, _, occurred_at, currency, model, value_minor, refunded_minor = values
        return Head(occurred_at[:10], (currency, True, model, partition), value_minor - refunded_minor)

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


class ShadowCredits(_Splits):
    """Topic `credits.shadow`: what earned nothing is left out, since it stands in the model's own shares."""

    tables = (SHADOW_CREDITS, SHADOW_CREDIT_BY_TOUCHPOINT, SHADOW_CREDIT_BY_DIMENSION)
    by = ("contact_id", "conversion_id", "model")
    head_columns = ("day", "currency", "net_minor")

    def head(self, values: Row, partition: int) -> Head:
        _, _, model, day, currency, net_minor = values
        return Head(day, (currency, False, model, partition), net_minor)

    def version_of(self, value: bytes) -> Version:
        credit = _decode(value)
        key = (credit.contact_id, credit.conversion_id, credit.model)
        day, currency = credit.occurred_at[:10], credit.currency
        net_minor = _minor(credit.value) - _minor(credit.refunded)
        head = (*key, credit.version, _minor(credit.unattributed), int(credit.capped), day, currency, net_minor)
        shares: list[Row] = [
            (*key, place, touch.touchpoint_id, minor)
            for place, touch in enumerate(credit.touchpoints)
            if (minor := _minor(touch.credit))
        ]
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
