"""Accepted facts as rows: of one id the first in the log counts, unless it turns out to be refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Table

from events.codec import decode
from events.contacts import ContactErased, ContactUpdated, ScoreAdjusted
from events.fact import Cancellation, Conversion, Refund, Retraction, Touchpoint
from events.facts import AnyFact, key_of
from events.interactions import InteractionFact
from events.refusal import Refusal
from projections.instants import instant_text
from projections.tables import (
    CONTACT_UPDATES,
    INTERACTION_HISTORY,
    LATER_COPIES,
    REJECTIONS,
    RETRACTIONS,
    TOUCHPOINTS,
)
from projections.touchpoint_rows import TouchpointRows, retraction_row
from projections.writing.contacts import refold
from projections.writing.erasing import Erasures
from projections.writing.letter_rows import Letter
from projections.writing.record import Accepted
from projections.writing.rows import Row, Rows

_SOURCE: Final = ("topic", "partition", "offset")


class _Typed(msgspec.Struct):
    type: str


_decode: Final = msgspec.json.Decoder(_Typed).decode


class _Placed(NamedTuple):
    key: tuple[str, str]
    row: Row
    accepted: Accepted


class Facts:
    """The facts of one chunk on their way into the tables."""

    def __init__(self, rows: Rows, touchpoints: TouchpointRows, erasures: Erasures, bare: dict[str, str]) -> None:
        self._rows = rows
        self._touchpoints = touchpoints
        self._erasures = erasures
        self._bare = bare
        self._contacts = set(erasures.erased)

    def withdraw(self, letters: Iterable[Letter]) -> list[Accepted]:
        """Rows of refused records are gone; the next copy of each such fact is given, to count in its place."""
        promoted = []
        for letter in letters:
            bare = self._bare.get(letter.topic)
            fact = letter.fact(bare) if bare is not None else None
            self._rows.delete(LATER_COPIES, _SOURCE, [(letter.topic, letter.partition, letter.offset)])
            table = None if fact is None else table_of(fact)
            if fact is not None and table is not None and self._remove(table, fact, letter):
                promoted += self._next_copy(letter.topic, fact)
        return promoted

    def take(self, facts: Sequence[Accepted]) -> None:
        """Each fact that stands has its row; what follows from rows is brought up to date."""
        refused = self._refused(facts)
        placed: dict[str, list[_Placed]] = {}
        for accepted in facts:
            fact = accepted.fact
            table = table_of(fact)
            if table is None or (refused and accepted[:3] in refused):
                continue
            key = key_of(fact)
            if self._erasures.any and self._erasures.cover(key, fact.occurred_us):
                continue
            row = self._row(fact, accepted)
            if row is not None:
                placed.setdefault(table.name, []).append(_Placed((key, fact.event_id), row, accepted))
        self._take_retractions(placed.get(RETRACTIONS.name, []))
        self._settle(TOUCHPOINTS, ("contact_id", "event_id"), placed.get(TOUCHPOINTS.name, []))
        updates = self._settle(CONTACT_UPDATES, ("contact_id", "event_id"), placed.get(CONTACT_UPDATES.name, []))
        self._contacts |= {update.key[0] for update in updates}
        history = placed.get(INTERACTION_HISTORY.name, [])
        rejected = set(self._rows.fetch(REJECTIONS, _ID, _ID, [each.key for each in history]))
        self._settle(INTERACTION_HISTORY, _ID, [each for each in history if each.key not in rejected])
        refold(self._rows, self._contacts)

    def _row(self, fact: AnyFact, accepted: Accepted) -> Row | None:
        source = (accepted.partition, accepted.offset)
        match fact:
            case Touchpoint():
                return self._touchpoints.row(fact, False, *source)
            case Retraction():
                return retraction_row(fact, *source)
            case ContactUpdated():
                attributes = fact.attributes_json.decode()
                return (fact.contact_id, fact.event_id, instant_text(fact.occurred_us), attributes, *source)
            case Conversion() | Refund() | Cancellation() | ScoreAdjusted() | ContactErased():
                return None
        return history_row(fact, accepted.value, *source)

    def _settle(self, table: Table, by: tuple[str, str], placed: Sequence[_Placed]) -> list[_Placed]:
        """The first of each id is in the table; those after it wait beside it. Gives those that are in."""
        taken = set(self._rows.fetch(table, by, by, [each.key for each in placed]))
        first: list[_Placed] = []
        later: list[_Placed] = []
        for each in placed:
            (later if each.key in taken else first).append(each)
            taken.add(each.key)
        if table is TOUCHPOINTS:
            self._rows.insert(table, self._with_retractions(first))
        else:
            self._rows.insert(table, [each.row for each in first])
        self._rows.insert(LATER_COPIES, [_copy(each) for each in later])
        return first

    def _with_retractions(self, placed: Sequence[_Placed]) -> list[Row]:
        contacts = {(each.key[0],) for each in placed}
        named = set(self._rows.fetch(RETRACTIONS, ("contact_id", "touchpoint_id"), ("contact_id",), list(contacts)))
        if not named:
            return [each.row for each in placed]
        return [(*each.row[:6], int(each.key in named), *each.row[7:]) for each in placed]

    def _take_retractions(self, placed: Sequence[_Placed]) -> None:
        for each in self._settle(RETRACTIONS, ("contact_id", "event_id"), placed):
            self._mark(each.key[0], each.row[2])

    def _mark(self, contact_id: str, touchpoint_id: str) -> None:
        """The touchpoint is retracted when a retraction names it."""
        self._rows.run(
            """UPDATE touchpoints SET retracted = EXISTS (
                   SELECT 1 FROM retractions AS r
                   WHERE r.contact_id = touchpoints.contact_id AND r.touchpoint_id = touchpoints.event_id)
               WHERE contact_id = ? AND event_id = ?""",
            (contact_id, touchpoint_id),
        )

    def _remove(self, table: Table, fact: AnyFact, letter: Letter) -> bool:
        """The row that came from this record is gone; False when its fact has none, or one from another record."""
        by = tuple(column.name for column in table.primary_key)
        key = (key_of(fact), fact.event_id)
        if (letter.partition, letter.offset) not in self._rows.fetch(table, ("partition", "offset"), by, [key]):
            return False
        self._rows.delete(table, by, [key])
        if isinstance(fact, Retraction):
            self._mark(fact.contact_id, fact.touchpoint_id)
        elif isinstance(fact, ContactUpdated):
            self._contacts.add(fact.contact_id)
        return True

    def _next_copy(self, topic: str, fact: AnyFact) -> list[Accepted]:
        key = ("subject", "event_id")
        columns = (*_SOURCE, "payload")
        copies = self._rows.fetch(LATER_COPIES, columns, key, [(key_of(fact), fact.event_id)])
        for copied, partition, offset, payload in sorted(copies, key=lambda copy: copy[:3]):
            if copied == topic:
                self._rows.delete(LATER_COPIES, _SOURCE, [(copied, partition, offset)])
                judged = decode(self._bare[topic], payload.encode())
                assert not isinstance(judged, Refusal)  # it was judged when it came
                return [Accepted(topic, partition, offset, 0, payload.encode(), judged)]
        return []

    def _refused(self, facts: Sequence[Accepted]) -> set[tuple[str, int, int]]:
        """The places of these facts that have a dead letter."""
        spans: dict[tuple[str, int], tuple[int, int]] = {}
        for topic, partition, offset, *_ in facts:
            low, high = spans.get((topic, partition), (offset, offset))
            spans[topic, partition] = (min(low, offset), max(high, offset))
        statement = """SELECT topic, "partition", "offset" FROM dead_letters
                       WHERE topic = ? AND "partition" = ? AND "offset" BETWEEN ? AND ?"""
        return {
            (topic, partition, offset)
            for place, span in spans.items()
            for topic, partition, offset in self._rows.run(statement, (*place, *span))
        }


_ID: Final = ("subject", "event_id")


def table_of(fact: AnyFact) -> Table | None:
    """The table that such facts have rows in; None: what follows from them comes by the outputs."""
    match fact:
        case Touchpoint():
            return TOUCHPOINTS
        case Retraction():
            return RETRACTIONS
        case ContactUpdated():
            return CONTACT_UPDATES
        case Conversion() | Refund() | Cancellation() | ScoreAdjusted() | ContactErased():
            return None
    return INTERACTION_HISTORY


def history_row(fact: InteractionFact, value: bytes, partition: int, offset: int) -> Row:
    """The row of an accepted fact about an interaction, which came as that value of that record."""
    at = instant_text(fact.occurred_us)
    head = (key_of(fact), fact.event_id, fact.interaction_id, _decode(value).type, at, fact.actor)
    return (*head, value.decode(), partition, offset)


def _copy(each: _Placed) -> Row:
    accepted = each.accepted
    return (*accepted[:3], *each.key, accepted.value.decode())
