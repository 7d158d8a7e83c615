"""Erasure: what a contact did up to an instant is as if never sent, whichever comes first (contract, part 2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from events.codec import decode
from events.contacts import ContactErased
from events.facts import key_of
from events.instant import DAY_US
from events.refusal import Refusal
from projections.instants import instant_text
from projections.tables import (
    CONTACT_UPDATES,
    DEAD_LETTERS,
    ERASURES,
    INTERACTION_HISTORY,
    LATER_COPIES,
    REJECTIONS,
    REMINDERS,
    RETRACTIONS,
    SCORE_CHANGES,
    TOUCHPOINTS,
)
from projections.writing.record import Accepted
from projections.writing.rows import Row, Rows

_BY_TIME: Final = (
    (TOUCHPOINTS, "contact_id"),
    (RETRACTIONS, "contact_id"),
    (CONTACT_UPDATES, "contact_id"),
    (INTERACTION_HISTORY, "subject"),
    (REJECTIONS, "subject"),
)
_SAID: Final = (SCORE_CHANGES, REMINDERS)
_COLUMNS: Final = ("occurred_us", "offset")


class Erasures:
    """The erasures that concern a chunk. Of a contact they keep a digest only, so that nothing has its id."""

    def __init__(self, rows: Rows, bare: dict[str, str]) -> None:
        self._rows = rows
        self._bare = bare
        self.any = bool(rows.run("SELECT 1 FROM erasures LIMIT 1"))
        """Whether there are any at all."""
        self.erased: set[str] = set()
        """Contacts that were erased just now."""
        self._known: dict[str, tuple[int, int] | None] = {}

    def take(self, facts: Iterable[Accepted]) -> None:
        """Erase what these facts say, and remember it for what is still to come."""
        for accepted in facts:
            fact = accepted.fact
            ahead_us = fact.occurred_us - accepted.timestamp_ms * 1_000
            if isinstance(fact, ContactErased) and ahead_us <= DAY_US:  # else it will be refused as from the future
                self._erase(fact, accepted)

    def cover(self, contact_id: str, occurred_us: int) -> bool:
        """Whether a fact of that contact is as if never sent."""
        erasure = self._of(contact_id)
        return erasure is not None and occurred_us <= erasure[0]

    def outdate(self, contact_id: str, contacts_offset: int) -> bool:
        """Whether what was said from a state that went so far in topic `contacts` had not met an erasure."""
        erasure = self._of(contact_id)
        return erasure is not None and contacts_offset <= erasure[1]

    def cover_record(self, subject: str | None, topic: str, payload: str | None) -> bool:
        """Whether a refused record is that of an erased contact; one that tells no time is."""
        if subject is None or self._of(subject) is None:
            return False
        judged = decode(self._bare[topic], payload.encode()) if payload and topic in self._bare else None
        return judged is None or isinstance(judged, Refusal) or self.cover(key_of(judged), judged.occurred_us)

    def _of(self, contact_id: str) -> tuple[int, int] | None:
        if not self.any:
            return None
        if contact_id not in self._known:
            digest = _digest(contact_id)
            found = self._rows.fetch(ERASURES, _COLUMNS, ("contact_digest",), [(digest,)])
            self._known[contact_id] = (found[0][0], found[0][1]) if found else None
        return self._known[contact_id]

    def _erase(self, fact: ContactErased, accepted: Accepted) -> None:
        contact_id = fact.contact_id
        known = self._of(contact_id)
        newest_us = max(fact.occurred_us, known[0]) if known else fact.occurred_us
        self.any = True
        self.erased.add(contact_id)
        self._known[contact_id] = (newest_us, accepted.offset)
        self._rows.delete(ERASURES, ("contact_digest",), [(_digest(contact_id),)])
        self._rows.insert(ERASURES, [(_digest(contact_id), newest_us, accepted.offset)])
        for table, column in _BY_TIME:
            statement = f"DELETE FROM {table.name} WHERE {column} = ? AND occurred_at <= ?"
            self._rows.run(statement, (contact_id, instant_text(newest_us)))
        for table in _SAID:
            statement = f"DELETE FROM {table.name} WHERE contact_id = ? AND contacts_offset <= ?"
            self._rows.run(statement, (contact_id, accepted.offset))
        self._erase_records(contact_id)

    def _erase_records(self, contact_id: str) -> None:
        key = ("letter_partition", "letter_offset")
        letters = self._rows.fetch(DEAD_LETTERS, (*key, "topic", "payload"), ("record_key",), [(contact_id,)])
        erased = [letter[:2] for letter in letters if self.cover_record(contact_id, letter[2], letter[3])]
        self._rows.delete(DEAD_LETTERS, key, erased)
        self._rows.delete(LATER_COPIES, ("topic", "partition", "offset"), self._copies(contact_id))

    def _copies(self, contact_id: str) -> Sequence[Row]:
        columns = ("topic", "partition", "offset", "payload")
        copies = self._rows.fetch(LATER_COPIES, columns, ("subject",), [(contact_id,)])
        return [copy[:3] for copy in copies if self.cover_record(contact_id, copy[0], copy[3])]


def _digest(contact_id: str) -> str:
    return hashlib.blake2b(contact_id.encode(), digest_size=16).hexdigest()
