"""The lives of contacts: an erasure ends one, what occurs after it begins the next.

Attribution's rows of each life lie under a name of its own, so that none of an earlier one is met.
"""

from __future__ import annotations

from typing import Final

from events.canonical import digest
from streams.contact import NEVER
from streams.rows import instant_bytes, instant_of, unpack_waiting
from streams.scores.rows import BEHIND, ERASED, GONE
from streams.state import PartitionState

_MARK: Final = "\x1f"  # no id holds a control character
_REMEMBERED: Final = 200_000


class Lives:
    """When each contact was erased last."""

    def __init__(self, state: PartitionState) -> None:
        self._state = state
        self._erased_us: dict[str, int] = {}

    def erased_us(self, contact_id: str) -> int:
        """Up to when the contact's facts are as if never sent."""
        found = self._erased_us.get(contact_id)
        if found is None:
            row = self._state.get(_key(contact_id))
            found = NEVER if row is None else instant_of(row)
            if len(self._erased_us) == _REMEMBERED:
                self._erased_us.clear()
            self._erased_us[contact_id] = found
        return found

    def name(self, contact_id: str) -> bytes:
        """Of the present life."""
        erased_us = self.erased_us(contact_id)
        return (contact_id if erased_us == NEVER else f"{contact_id}{_MARK}{erased_us}").encode()

    def end(self, contact_id: str, erased_us: int) -> None:
        """The contact was erased: another life begins, attribution's rows of the last one are to go."""
        self._state.put(GONE + self.name(contact_id), b"")
        self._state.put(_key(contact_id), instant_bytes(erased_us))
        self._erased_us[contact_id] = erased_us

    def clear_away(self, most: int) -> None:
        """Remove attribution's rows of lives that are over, right after a commit; a few lives at a time."""
        gone = [key for _, (key, _) in zip(range(most), self._state.store.scan(GONE, GONE + BEHIND), strict=False)]
        for key in gone:
            self._remove(key[len(GONE) :])
            self._state.put(key, None)
        if gone:
            self._state.commit()

    def _remove(self, name: bytes) -> None:
        state, contact = self._state, self._state.contact(name)
        waits = contact.prefix + b"w"
        for key, row in list(state.store.scan(contact.prefix, name + b"\1")):
            if key.startswith(waits):  # it may be due to give up, which knows it
                topic = key[len(waits) : len(waits) + 1]
                state.wait_no_more(contact, topic, key, unpack_waiting(row))
            else:
                state.put(key, None)
        state.forget(name)


def _key(contact_id: str) -> bytes:
    return ERASED + digest(contact_id.encode())
