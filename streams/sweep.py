"""The sweep: what no accepted fact can need any more leaves the state, a little with every chunk.

A conversion leaves when its retention has passed, a touchpoint when its own hold has passed and no conversion that is
still held lies in its lifetime (that conversion's evidence is this row), both by the slower of the partition's two
clocks. The id of a follow-on fact leaves with its hold; a contact with its last row. A row past its hold is logically
absent already, so when it is swept changes no answer, and the sweep writes for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from streams.contact import NEVER
from streams.holds import Holds
from streams.rows import ConversionRow, touch_instants, unpack_claimed
from streams.state import PartitionState

_PASSES_PER_HORIZON = 4
_FIRST_CONTACT, _END = b"\x01", b"\xff" * 5


class Sweep:
    """Passes over one partition's state, one for every quarter of the horizon that its slower clock moves on."""

    def __init__(self, state: PartitionState, holds: Holds) -> None:
        self._state = state
        self._holds = holds
        self._next = _END
        self._clock_us = NEVER

    def advance(self, rows: int) -> None:
        """Look at about that many rows. Call it right after a commit, when the store has all that the state knows."""
        if self._next == _END:
            clock = self._slower_clock()
            if clock < self._state.meta.swept_us + self._holds.horizon_us // _PASSES_PER_HORIZON:
                return
            self._next, self._clock_us = _FIRST_CONTACT, clock
        seen = 0
        removed: dict[bytes, None] = {}
        for contact, held in self._contacts():
            removed.update(dict.fromkeys(self._unneeded(contact, held)))
            seen += len(held)
            if seen >= rows:
                self._next = contact + b"\1"
                break
        else:
            self._next = _END
            self._state.meta.swept_us = self._clock_us
        if removed:
            self._state.store.write(removed)

    def _slower_clock(self) -> int:
        """The slower of the two topics' clocks; before every instant until both have one."""
        newest = self._state.meta.newest_us
        return min(newest.get("touchpoints", NEVER), newest.get("conversions", NEVER))

    def _contacts(self) -> Iterator[tuple[bytes, list[tuple[bytes, bytes]]]]:
        rows = self._state.store.scan(self._next, _END)
        for contact, held in groupby(rows, lambda pair: pair[0].split(b"\0", 1)[0]):
            yield contact, list(held)

    def _unneeded(self, contact: bytes, rows: list[tuple[bytes, bytes]]) -> list[bytes]:
        kinds = len(contact) + 1
        conversions, gone = list[int](), list[bytes]()
        for key, row in rows:  # conversions come before touchpoints
            kind = key[kinds : kinds + 1]
            if kind == b"c":
                occurred = ConversionRow.unpack(row).occurred_us
                held = self._holds.conversion(occurred, self._clock_us)
                if held:
                    conversions.append(occurred)
            else:
                held = kind == b"k" or self._is_held(kind, row, conversions)
            if not held:
                gone.append(key)
        if gone:
            self._state.forget(contact)
        return [key for key, _ in rows] if len(gone) == len(rows) - 1 else gone

    def _is_held(self, kind: bytes, row: bytes, conversions: list[int]) -> bool:
        if kind == b"t":
            occurred, expires = touch_instants(row)
            needed = any(occurred <= at <= expires for at in conversions)
            return needed or self._holds.touchpoint(expires, self._clock_us)
        if kind == b"r":
            return unpack_claimed(row).held_until_us >= self._clock_us
        return True


def sweep_all(state: PartitionState, holds: Holds) -> None:
    """One whole pass, now."""
    state.meta.swept_us = NEVER
    Sweep(state, holds).advance(1 << 62)
