"""Every version of every credit, as they arise: the order of the facts that made them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from streams.crediting import Said
from streams.replay.entry import Entry
from streams.replay.messages import Messages
from streams.replay.sorting import ExternalSort

_BUDGET_BYTES: Final = 96 << 20
_OVERHEAD_BYTES: Final = 500

Arrival = tuple[int, int, str, str, int, int, int, str, tuple[bytes, ...]]
"""Of the fact: occurred_us, rank, event id, contact, source, number; of the conversion: occurred_us, id, messages."""


class Arrivals:
    """Collects versions, and writes them in the order over all contacts (contract, section 4)."""

    def __init__(self, folder: Path) -> None:
        self._sorted = ExternalSort[Arrival](folder, "arrivals", _BUDGET_BYTES)

    def add(self, entry: Entry, said: Said) -> None:
        """Take a version that the fact of that entry made."""
        contact_id, occurred_us, rank, event_id, source, number, *_ = entry
        claim = said.credits[0][0].claim
        messages = tuple(message for _, message in said.credits)
        arrival = (
            occurred_us, rank, event_id, contact_id, source, number, claim.occurred_us, claim.conversion_id, messages,
        )  # fmt: skip
        self._sorted.extend([arrival], sum(map(len, messages)) + _OVERHEAD_BYTES)

    def write(self, messages: Messages) -> None:
        """Write them all."""
        for batch in self._sorted.batches():
            for arrival in batch:
                messages.write(arrival[-1])
