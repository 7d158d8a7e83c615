"""Reading: every event of every intake is judged, and becomes an entry of a sort or a dead letter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from events.contacts import ContactErased, ContactUpdated, ScoreAdjusted
from events.fact import Cancellation, Conversion, Refund, Retraction, Touchpoint
from events.refusal import Refusal
from streams.progress import Progress
from streams.replay.entry import OVERHEAD_BYTES, Entry, Line, entry_of
from streams.replay.intake import Intake
from streams.replay.letters import DeadLetters
from streams.replay.sent import OVERHEAD_BYTES as SENT_OVERHEAD_BYTES
from streams.replay.sent import OtherFact, SentEntry, sent_as
from streams.replay.sorting import ExternalSort

_BUDGET_BYTES: Final = 160 << 20
_CONTACTS_BUDGET_BYTES: Final = 24 << 20
_INTERACTIONS_BUDGET_BYTES: Final = 40 << 20
_BATCH: Final = 4_000


class Spool:
    """All facts of the intakes, in the order in which they are taken."""

    def __init__(self, folder: Path, letters: DeadLetters) -> None:
        self.facts = ExternalSort[Entry](folder, "facts", _BUDGET_BYTES)
        """Of attribution (see `entry`)."""
        self.contacts = ExternalSort[SentEntry](folder, "contacts", _CONTACTS_BUDGET_BYTES)
        self.interactions = ExternalSort[SentEntry](folder, "interactions", _INTERACTIONS_BUDGET_BYTES)
        self.events = 0
        """Lines read, blank ones apart."""
        self._letters = letters

    def read(self, intakes: Sequence[Intake], progress: Progress) -> None:
        """Read all intakes to their ends."""
        sizes = [intake.size for intake in intakes]
        progress.begin("reading", None if None in sizes else sum(size or 0 for size in sizes))
        before = 0
        for place, intake in enumerate(intakes):
            for batch, size_bytes in self._facts(place, intake):
                self.facts.extend(batch, size_bytes + OVERHEAD_BYTES * len(batch))
                progress.reach(before + intake.consumed(), self.events)
            before += intake.size or 0

    def _facts(self, place: int, intake: Intake) -> Iterator[tuple[list[Entry], int]]:
        """The facts of an intake in batches, with the size of their bytes; what is none goes to the dead letters."""
        batch: list[Entry] = []
        size_bytes = 0
        for number, timestamp, value, judged in intake.judged():
            self.events += 1
            if isinstance(judged, Refusal):
                self._letters.add(Line(intake.name, place, number, timestamp, None, value), judged)
                continue
            assert value is not None  # a record without a value is refused
            if not isinstance(judged, Touchpoint | Conversion | Retraction | Refund | Cancellation):
                self._sort_other(judged, place, number, timestamp, value)
                continue
            batch.append(entry_of(judged, place, number, timestamp, value))
            size_bytes += len(value)
            if len(batch) == _BATCH:
                yield batch, size_bytes
                batch, size_bytes = [], 0
        if batch:
            yield batch, size_bytes

    def _sort_other(self, fact: OtherFact, place: int, number: int, timestamp: int, value: bytes) -> None:
        about_contact = isinstance(fact, ContactUpdated | ScoreAdjusted | ContactErased)
        order = self.contacts if about_contact else self.interactions
        # The fact itself takes about as much as the bytes it came as.
        order.extend([sent_as(fact, place, number, timestamp, value)], 2 * len(value) + SENT_OVERHEAD_BYTES)
