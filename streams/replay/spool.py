"""Reading: every line of every source is judged, and becomes an entry of the sort or a dead letter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final

from events.codec import decode_any
from events.refusal import Refusal
from streams.contact import NEVER
from streams.received import UNTIMED
from streams.replay.entry import OVERHEAD_BYTES, Entry, Line, entry_of
from streams.replay.letters import DeadLetters
from streams.replay.progress import Progress
from streams.replay.sorting import ExternalSort
from streams.replay.sources import Source

_BUDGET_BYTES: Final = 224 << 20
_BATCH: Final = 4_000


class Spool:
    """All facts of the sources, in the order in which they are taken (see `entry`)."""

    def __init__(self, folder: Path, letters: DeadLetters) -> None:
        self.sorted = ExternalSort[Entry](folder, "facts", _BUDGET_BYTES)
        self.events = 0
        """Lines read, blank ones apart."""
        self.newest_us = NEVER
        """Of the facts: an upper bound of the newest accepted `occurred_at`."""
        self._letters = letters

    def read(self, sources: Sequence[Source], progress: Progress) -> None:
        """Read all sources to their ends."""
        sizes = [source.size_bytes for source in sources]
        progress.begin("reading", None if None in sizes else sum(size or 0 for size in sizes))
        before = 0
        for place, source in enumerate(sources):
            for batch, size_bytes in self._judged(place, source):
                self.sorted.extend(batch, size_bytes + OVERHEAD_BYTES * len(batch))
                self.newest_us = max(self.newest_us, max(batch, key=itemgetter(1))[1])
                progress.reach(before + source.consumed_bytes(), self.events)
            before += source.size_bytes or 0

    def _judged(self, place: int, source: Source) -> Iterator[tuple[list[Entry], int]]:
        """The facts of a source in batches, with the size of their bytes; what is none goes to the dead letters."""
        batch: list[Entry] = []
        size_bytes = 0
        for number, value in source.lines():
            self.events += 1
            judged = decode_any(value)
            if isinstance(judged, Refusal):
                self._letters.add(Line(source.name, place, number, UNTIMED, None, value), judged)
                continue
            batch.append(entry_of(judged[1], place, number, UNTIMED, value))
            size_bytes += len(value)
            if len(batch) == _BATCH:
                yield batch, size_bytes
                batch, size_bytes = [], 0
        if batch:
            yield batch, size_bytes
