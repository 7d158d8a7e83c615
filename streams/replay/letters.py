"""The dead letters of a replay: in input order, whenever they were refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from events.refusal import Refusal
from projections.sqlite import SqliteWriter
from projections.tables import DEAD_LETTERS
from streams.dead_letter import encode_dead_letter
from streams.received import Received
from streams.replay.entry import Line
from streams.replay.intake import Intake
from streams.replay.lines import KEPT_BYTES
from streams.replay.sorting import ExternalSort

_BUDGET_BYTES: Final = 16 << 20


class DeadLetters:
    """Collects refused records. A record's `partition` is the place of its intake among the intakes here."""

    def __init__(self, folder: Path, intakes: Sequence[Intake]) -> None:
        self.by_reason: dict[str, int] = {}
        self._intakes = intakes
        self._sorted = ExternalSort[tuple[int, int, bytes]](folder, "dead-letters", _BUDGET_BYTES)

    def log_of(self, place: int) -> int:
        """The log in which the records of an intake are numbered, given its place."""
        log = self._intakes[place].log
        return place if log is None else log

    def add(self, received: Received, refusal: Refusal) -> None:
        """Take a refused record."""
        place = received.partition
        intake = self._intakes[place]
        value = received.value
        if value is not None and len(value) > KEPT_BYTES:
            value = None  # it was cut while it was read; a part would look like the whole
        line = Line(intake.name, intake.partition, received.offset, received.timestamp, received.key, value)
        letter = encode_dead_letter(line, refusal)
        self._sorted.extend([(place, received.offset, letter)], len(letter))
        self.by_reason[refusal.reason] = self.by_reason.get(refusal.reason, 0) + 1

    def write(self, path: Path, model: SqliteWriter) -> None:
        """Write them all, as JSON Lines and into the read model."""
        number = 0
        with path.open("wb") as file:
            for batch in self._sorted.batches():
                rows = []
                for _, _, letter in batch:
                    number += 1
                    file.write(letter + b"\n")
                    rows.append((0, number, *_columns(letter)))
                model.write(DEAD_LETTERS, rows)


def _columns(letter: bytes) -> tuple[object, ...]:
    fields = msgspec.json.decode(letter)
    fields["errors"] = msgspec.json.encode(fields["errors"]).decode()
    return tuple(fields.get(column.name) for column in list(DEAD_LETTERS.columns)[2:])
