"""The credits of a replay: every version is taken, the last one of each is written."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from events.money import exponent
from projections.instants import instant_text
from projections.sqlite import SqliteWriter
from projections.tables import CONVERSIONS, CURRENCIES
from streams.crediting import Said
from streams.replay.messages import Messages
from streams.replay.shares import shadow_of, shares_of, write_shadow, write_shares
from streams.replay.sorting import ExternalSort

_BUDGET_BYTES: Final = 96 << 20
_OVERHEAD_BYTES: Final = 400

LastVersion = tuple[int, str, str, int, bytes]
"""occurred_us, conversion id, contact id, version, and the rest marshalled (as `_packed` has it)."""


class Ledger:
    """Collects what was said, and writes the last version of each: credits.jsonl's order is the ledger's."""

    def __init__(self, folder: Path) -> None:
        self._sorted = ExternalSort[LastVersion](folder, "credits", _BUDGET_BYTES)

    def add(self, said: Said) -> None:
        """Take one version of one conversion's credit."""
        claim = said.credits[0][0].claim
        packed = _packed(said)
        entry = (claim.occurred_us, claim.conversion_id, claim.contact_id, said.credits[0][0].version, packed)
        self._sorted.extend([entry], len(packed) + _OVERHEAD_BYTES)

    def last_versions(self) -> Iterator[LastVersion]:
        """The highest version of each conversion's credit, by (occurred_at, conversion id, contact id)."""
        last: LastVersion | None = None
        for batch in self._sorted.batches():
            for entry in batch:
                if last is not None and last[:3] != entry[:3]:
                    yield last
                last = entry
        if last is not None:
            yield last

    def write(self, messages: Messages | None, model: SqliteWriter) -> int:
        """Write the last versions into the read model, and as messages where they are wanted; how many there were."""
        currencies: dict[str, int] = {}
        number = 0
        for number, (occurred_us, conversion_id, contact_id, _, packed) in enumerate(self.last_versions(), 1):
            lines, (name, currency, *amounts), shares, shadows = marshal.loads(packed)
            if messages is not None:
                messages.write(lines)
            currencies.setdefault(currency, exponent(currency, occurred_us) or 0)
            at = instant_text(occurred_us)
            model.write(CONVERSIONS, [(number, contact_id, conversion_id, name, at, currency, *amounts)])
            write_shares(model, number, currency, shares)
            for shadow in shadows:
                write_shadow(model, number, currency, shadow)
        model.write(CURRENCIES, [(code, places, 10**places) for code, places in sorted(currencies.items())])
        return number


def _packed(said: Said) -> bytes:
    credit, _ = said.credits[0]
    claim = credit.claim
    conversion = (
        claim.conversion,
        claim.currency,
        claim.amount_minor,
        claim.refunded_minor,
        credit.unattributed_minor,
        credit.model,
        credit.version,
        int(credit.capped),
    )
    lines = [message for _, message in said.credits]
    shadows = [shadow_of(shadow) for shadow, _ in said.credits[1:]]
    return marshal.dumps((lines, conversion, shares_of(credit), shadows))
