"""The messages of a replay's credits: every version is taken, the last one of each is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from streams.crediting import Said
from streams.replay.messages import Messages
from streams.replay.sorting import ExternalSort

_BUDGET_BYTES: Final = 96 << 20
_OVERHEAD_BYTES: Final = 400

LastVersion = tuple[int, str, str, int, tuple[bytes, ...]]
"""occurred_us, conversion id, contact id, version, the messages."""


class Ledger:
    """Collects what was said, and writes the last version of each: credits.jsonl's order is the ledger's."""

    def __init__(self, folder: Path) -> None:
        self._sorted = ExternalSort[LastVersion](folder, "credits", _BUDGET_BYTES)

    def add(self, said: Said) -> None:
        """Take one version of one conversion's credit."""
        credit = said.credits[0][0]
        messages = tuple([message for _, message in said.credits])
        entry = (credit.claim.occurred_us, said.conversion_id, said.contact_id, credit.version, messages)
        self._sorted.extend([entry], sum(map(len, messages)) + _OVERHEAD_BYTES)

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

    def write(self, messages: Messages) -> None:
        """Write the last versions."""
        for *_, lines in self.last_versions():
            messages.write(lines)
