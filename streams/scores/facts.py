"""The facts of contacts, accepted or forbidden, kept until the contact is erased: scores are made of those that count.

All of them stay: a profile that is published later counts what came before it.
"""

from __future__ import annotations

from collections import defaultdict

from projections.scores.facts import Scored, fact_of
from streams.kept import Kept
from streams.scores.rows import Held, fact_key, facts_of, pack, unpack_held


class Facts:
    """Rows of facts. What changed since the last commit is known by contact: a chunk changes many rows."""

    def __init__(self, state: Kept) -> None:
        self._state = state
        self._changed: defaultdict[str, dict[bytes, None]] = defaultdict(dict)

    def held(self, contact_id: str, letter: str, event_id: str) -> Held | None:
        """The fact that has this id."""
        row = self._state.get(fact_key(contact_id, letter, event_id))
        return None if row is None else unpack_held(row)

    def keep(self, contact_id: str, letter: str, event_id: str, held: Held) -> None:
        """Hold a fact."""
        self._put(contact_id, fact_key(contact_id, letter, event_id), pack(held))

    def drop(self, contact_id: str, letter: str, event_id: str) -> None:
        """Hold the fact no more, if it is held."""
        self._put(contact_id, fact_key(contact_id, letter, event_id), None)

    def all(self, contact_id: str) -> list[tuple[str, str, Held]]:
        """Topic letter, event id and row of each fact of a contact."""
        prefix = facts_of(contact_id)
        rows: dict[bytes, bytes | None] = dict(self._state.store.scan(prefix, prefix[:-1] + b"\1"))
        rows |= {key: self._state.get(key) for key in self._changed.get(contact_id, ())}
        start = len(prefix)
        return [
            (key[start : start + 1].decode(), key[start + 1 :].decode(), unpack_held(row))
            for key, row in rows.items()
            if row is not None
        ]

    def counting(self, contact_id: str) -> list[Scored]:
        """The facts of a contact that were not forbidden."""
        return [fact_of(held.row) for _, _, held in self.all(contact_id) if held.counts]

    def written(self) -> None:
        """What changed so far will be in the store when they are asked for again."""
        self._changed.clear()

    def _put(self, contact_id: str, key: bytes, row: bytes | None) -> None:
        self._state.put(key, row)
        self._changed[contact_id][key] = None
