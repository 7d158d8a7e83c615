"""What a chunk of the topics changes in the read model: everything it says, and how far it goes, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Table

from config.catalogue import Catalogue
from events.instant import parse_instant
from events.topics import (
    CONTACTS,
    CREDITS,
    CREDITS_SHADOW,
    DEAD_LETTERS,
    FACT_TOPICS,
    FOLLOWUPS,
    REJECTIONS,
    REMINDERS,
    SCORE_CHANGES,
    SCORES,
    full_name,
)
from projections import tables
from projections.touchpoint_rows import TouchpointRows
from projections.writing.credit_rows import Credits, ShadowCredits
from projections.writing.erasing import Erasures
from projections.writing.facts import Facts
from projections.writing.latest import Compacted
from projections.writing.letter_rows import letter_of
from projections.writing.person_rows import Interactions, Scores, rejection_row, reminder_row, score_change_row
from projections.writing.record import Accepted, Chunk, Message, Step, read
from projections.writing.rows import Row, Rows
from projections.writing.sql import column_names
from projections.writing.sums import SumsByDay

READ: Final = (
    *FACT_TOPICS[:1],
    *FACT_TOPICS[2:],
    CREDITS,
    CREDITS_SHADOW,
    SCORES,
    SCORE_CHANGES,
    FOLLOWUPS,
    REMINDERS,
    REJECTIONS,
    DEAD_LETTERS,
)
"""The topics that the read model is made from. Conversions come with their credits: what is accepted has one."""
_POSITION: Final = ("topic", "partition")


class PositionMovedError(Exception):
    """Another projector has written this stretch of the topics, or the read model was built anew."""


class Projection:
    """Applies chunks to a read model under a catalogue."""

    def __init__(self, catalogue: Catalogue, prefix: str) -> None:
        self._touchpoints = TouchpointRows(catalogue)
        self._bare = {full_name(prefix, topic): topic.name for topic in FACT_TOPICS}
        self._contacts = full_name(prefix, CONTACTS)
        self._credits, self._shadows = Credits(), ShadowCredits()
        self._compacted: dict[str, Compacted] = {
            CREDITS.name: self._credits,
            CREDITS_SHADOW.name: self._shadows,
            SCORES.name: Scores(),
            FOLLOWUPS.name: Interactions(),
        }

    def apply(self, rows: Rows, chunk: Chunk) -> None:
        """The tables say what the chunk says, and the positions that they do.

        Raises:
            PositionMovedError: the chunk does not begin where the read model ends.
        """
        advance(rows, chunk.steps)
        erasures = Erasures(rows, self._bare)
        erasures.take(chunk.facts)
        facts = Facts(rows, self._touchpoints, erasures, self._bare)
        promoted = self._letters(rows, chunk.messages.get(DEAD_LETTERS.name, ()), erasures, facts)
        self._reject(rows, chunk.messages.get(REJECTIONS.name, ()), erasures)
        facts.take([*promoted, *chunk.facts])
        sums = self._credits.sums = self._shadows.sums = SumsByDay()
        for topic, compacted in self._compacted.items():
            if messages := chunk.messages.get(topic):
                compacted.apply(rows, messages)
        sums.write(rows)
        self._log(rows, tables.REMINDERS, chunk.messages.get(REMINDERS.name, ()), erasures)
        self._log(rows, tables.SCORE_CHANGES, chunk.messages.get(SCORE_CHANGES.name, ()), erasures)
        self._note_currencies(rows)

    def _letters(self, rows: Rows, messages: Sequence[Message], erasures: Erasures, facts: Facts) -> list[Accepted]:
        found = [letter for message in messages if (letter := read(message, letter_of, message)) is not None]
        kept = [each for each in found if not erasures.cover_record(each.record_key, each.topic, each.payload)]
        rows.insert(tables.DEAD_LETTERS, [letter.row for letter in kept])
        return facts.withdraw(found)

    def _reject(self, rows: Rows, messages: Sequence[Message], erasures: Erasures) -> None:
        """A rejected fact changed nothing: it is no history."""
        rejected = [read(message, rejection_row, message.value) for message in messages if message.value is not None]
        kept = [row for row in rejected if not erasures.cover(row[0], parse_instant(row[_REJECTED_AT]))]
        _replace(rows, tables.REJECTIONS, kept)
        rows.delete(tables.INTERACTION_HISTORY, ("subject", "event_id"), [row[:2] for row in rejected])

    def _log(self, rows: Rows, table: Table, messages: Sequence[Message], erasures: Erasures) -> None:
        row_of = _ROW_OF[table.name]
        # Both tables begin with the contact and end with the offset; an owner's reminders begin with no contact.
        said = [
            (*read(message, row_of, message.value)[:-1], message.covers.get(self._contacts, 0))
            for message in messages
            if message.value is not None
        ]
        _replace(rows, table, [row for row in said if not erasures.outdate(row[0], row[-1])])

    def _note_currencies(self, rows: Rows) -> None:
        """In order, so that two projectors that note the same ones never wait for each other in a circle."""
        for code, places in sorted(self._credits.currencies.items()):
            rows.run("INSERT INTO currencies VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (code, places, 10**places))
        self._credits.currencies.clear()


def advance(rows: Rows, steps: Sequence[Step]) -> None:
    """The positions are where these steps end, when they were where the steps begin."""
    stored = positions(rows, [(step.topic, step.partition) for step in steps])
    for step in steps:
        known = stored.get((step.topic, step.partition))
        if known != ((step.topic_id, step.start) if known or step.start else None):
            raise PositionMovedError(f"{step.topic} partition {step.partition}: {known} is not at {step.start}")
    rows.delete(tables.POSITIONS, _POSITION, [(step.topic, step.partition) for step in steps])
    rows.insert(tables.POSITIONS, [(step.topic, step.partition, step.topic_id, step.end) for step in steps])


def positions(rows: Rows, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], tuple[str, int]]:
    """By topic (full name) and partition: the topic's id and the first offset that is not in the read model."""
    found = rows.fetch(tables.POSITIONS, (*_POSITION, "topic_id", "next_offset"), _POSITION, places)
    return {(topic, partition): (topic_id, offset) for topic, partition, topic_id, offset in found}


def _replace(rows: Rows, table: Table, given: Sequence[Row]) -> None:
    by = [column.name for column in table.primary_key]
    last = {row[: len(by)]: row for row in given}
    rows.delete(table, by, list(last))
    rows.insert(table, list(last.values()))


_ROW_OF: Final[dict[str, Callable[[bytes], Row]]] = {
    tables.REMINDERS.name: reminder_row,
    tables.SCORE_CHANGES.name: score_change_row,
}
_REJECTED_AT: Final = column_names(tables.REJECTIONS).index("occurred_at")
