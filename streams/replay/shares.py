"""Credits on their way to the read model: the last version of each conversion's, contact by contact."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, repeat
from typing import Final, TypeAlias

from sqlalchemy import Table

from events.money import exponent
from projections.instants import day_text, instant_text
from projections.sqlite import SqliteWriter
from projections.tables import (
    CONVERSIONS,
    CREDIT_BY_DIMENSION,
    CREDIT_BY_TOUCHPOINT,
    CURRENCIES,
    SHADOW_CREDIT_BY_DIMENSION,
    SHADOW_CREDIT_BY_TOUCHPOINT,
    SHADOW_CREDITS,
)
from streams.credit import Credit
from streams.crediting import Said

DimensionRow: TypeAlias = tuple[int, str, str | None, int]
"""place, dimension, value (None: unattributed), minor units."""

_OF_A_CONVERSION: Final = (
    CONVERSIONS,
    CREDIT_BY_TOUCHPOINT,
    CREDIT_BY_DIMENSION,
    SHADOW_CREDITS,
    SHADOW_CREDIT_BY_TOUCHPOINT,
    SHADOW_CREDIT_BY_DIMENSION,
)


class Shares:
    """Writes what was said into the read model; a version said again replaces the one before it."""

    def __init__(self, model: SqliteWriter) -> None:
        self.conversions = 0
        """How many were said."""
        self._model = model
        self._currencies: dict[str, int] = {}

    def add(self, said: Said, *, replaces: bool) -> None:
        """Take a version, which `replaces` one that was taken before or does not; quickest contact after contact."""
        key = (said.contact_id, said.conversion_id)
        if replaces:
            for table in _OF_A_CONVERSION:
                self._model.execute(_removal(table), key)
        else:
            self.conversions += 1
        (credit, _), *shadows = said.credits
        claim = credit.claim
        if claim.currency not in self._currencies:
            self._currencies[claim.currency] = exponent(claim.currency, claim.occurred_us) or 0
        conversion = (
            *key,
            claim.conversion,
            instant_text(claim.occurred_us),
            claim.currency,
            claim.amount_minor,
            claim.refunded_minor,
            credit.unattributed_minor,
            credit.model,
            credit.version,
            int(credit.capped),
        )
        write = self._model.write
        write(CONVERSIONS, [conversion])
        contact_id, conversion_id = key
        ids = [touch.event_id for touch in credit.evidence]
        shares = zip(repeat(contact_id), repeat(conversion_id), count(), ids, credit.credits_minor)
        write(CREDIT_BY_TOUCHPOINT, list(shares))
        day, currency = day_text(claim.occurred_us), claim.currency
        rows = [
            (contact_id, conversion_id, place, dimension, value, day, currency, minor)
            for place, dimension, value, minor in _dimension_rows(credit)
        ]
        write(CREDIT_BY_DIMENSION, rows)
        for shadow, _ in shadows:
            self._add_shadow(key, day, ids, shadow)

    def finish(self) -> None:
        """All were taken."""
        rows = [(code, places, 10**places) for code, places in sorted(self._currencies.items())]
        self._model.write(CURRENCIES, rows)

    def _add_shadow(self, key: tuple[str, str], day: str, ids: list[str], credit: Credit) -> None:
        """What earned nothing under a further model is left out: it stands in the model's own shares."""
        contact_id, conversion_id = key
        model, currency = credit.model, credit.claim.currency
        write = self._model.write
        net_minor = credit.claim.amount_minor - credit.claim.refunded_minor
        said = (*key, model, credit.version, credit.unattributed_minor, int(credit.capped))
        write(SHADOW_CREDITS, [(*said, day, currency, net_minor)])
        earned = [
            (contact_id, conversion_id, model, place, touchpoint, minor)
            for place, touchpoint, minor in zip(count(), ids, credit.credits_minor)
            if minor
        ]
        write(SHADOW_CREDIT_BY_TOUCHPOINT, earned)
        rows = [
            (contact_id, conversion_id, model, place, dimension, value, day, currency, minor)
            for place, dimension, value, minor in _dimension_rows(credit)
            if minor
        ]
        write(SHADOW_CREDIT_BY_DIMENSION, rows)


def _dimension_rows(credit: Credit) -> Iterator[DimensionRow]:
    place = 0
    for dimension, split in credit.dimensions.items():
        for value, minor in split.credits.items():
            yield place, dimension, value, minor
            place += 1
        if split.unattributed:
            yield place, dimension, None, split.unattributed
            place += 1


def _removal(table: Table) -> str:
    return f"DELETE FROM {table.name} WHERE contact_id = ? AND conversion_id = ?"
