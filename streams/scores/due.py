"""The due index: whose scores must be looked at when their time has come, ordered by that time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from streams.kept import Kept
from streams.rows import instant_bytes
from streams.scores.rows import AT, BEHIND, DUE

AT_ONCE = 0
"""Before any clock."""


class Due:
    """Which contacts are known, and when each is due."""

    def __init__(self, state: Kept) -> None:
        self._state = state

    def put(self, contact_id: str, at_us: int | None) -> None:
        """The contact is due then, and at no other time; None: at none."""
        key = AT + contact_id.encode()
        former, now = self._state.get(key), b"" if at_us is None else instant_bytes(at_us)
        if former == now:
            return
        self._leave(contact_id, former)
        self._state.put(key, now)
        if now:
            self._state.put(DUE + now + contact_id.encode(), b"")

    def forget(self, contact_id: str) -> None:
        """The contact is not known any more."""
        key = AT + contact_id.encode()
        former = self._state.get(key)
        if former is not None:
            self._leave(contact_id, former)
            self._state.put(key, None)

    def by(self, now_us: int, most: int) -> list[str]:
        """Contacts that are due by now as of the last commit, the longest due first; each stays so until put anew."""
        keys = self._stored(DUE, DUE + instant_bytes(now_us + 1), most)
        return [key[len(DUE) + 8 :].decode() for key in keys]

    def behind(self, cursor: bytes, most: int) -> list[str]:
        """Contacts known at the last commit, by the bytes of their ids, from behind one on."""
        keys = self._stored(AT + cursor + b"\0", AT + BEHIND, most)
        return [key[len(AT) :].decode() for key in keys]

    def _stored(self, start: bytes, end: bytes, most: int) -> Iterator[bytes]:
        # Of the store alone: of what is not written yet, the contacts are being looked at.
        return islice((key for key, _ in self._state.store.scan(start, end)), most)

    def _leave(self, contact_id: str, at: bytes | None) -> None:
        if at:
            self._state.put(DUE + at + contact_id.encode(), None)
