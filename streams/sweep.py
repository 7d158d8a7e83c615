"""The sweep: what no accepted fact can need any more leaves the state, a little with every chunk.

A conversion leaves when its retention has passed and no touchpoint that is held has it in its lifetime (a retraction
could still change it), a touchpoint when its own hold has passed and no conversion that stays lies in its lifetime
(that conversion's evidence is this row), both by the slower of the partition's two clocks. The id of a follow-on fact
leaves with its hold; a contact with its last row. When a row is swept changes no answer: each answer is judged by the
holds, not by what is there, and the sweep writes for itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby

from streams.contact import NEVER
from streams.holds import Holds
from streams.rows import ConversionRow, touch_instants, unpack_claimed
from streams.state import PartitionState

ROWS_PER_RECORD = 8
"""How many rows to look at for each record decided. While a pass goes on, what is needed no more grows with
the records: with two rows each, thirty days of traffic left a state of over three times what was held."""
_PASSES_PER_HORIZON = 4
_PIECE_ROWS = 100_000
_FIRST_CONTACT, _END = b"\x01", b"\xff" * 5


class Sweep:
    """Passes over one partition's state, one for every quarter of the horizon that its slower clock moves on."""

    def __init__(self, state: PartitionState, holds: Holds) -> None:
        self._state = state
        self._holds = holds
        self._next = _END
        self._clock_us = NEVER

    @property
    def under_way(self) -> bool:
        """Whether a pass has begun and not come to its end."""
        return self._next != _END

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
        kind = slice(len(contact) + 1, len(contact) + 2)
        spans = [touch_instants(row) for key, row in rows if key[kind] == b"t"]
        held = [span for span in spans if self._holds.touchpoint(span[1], self._clock_us)]
        conversions = {key: ConversionRow.unpack(row).occurred_us for key, row in rows if key[kind] == b"c"}
        stay = sorted(at for key, at in conversions.items() if self._stays(contact, key[kind.stop :], at, held))
        gone = [key for key, row in rows if not self._is_needed(key[kind], row, stay)]
        if gone:
            self._state.forget(contact)
        return [key for key, _ in rows] if len(gone) == len(rows) - 1 else gone

    def _stays(self, contact: bytes, conversion_id: bytes, at: int, held: list[tuple[int, int]]) -> bool:
        """Whether a conversion is held, or a held touchpoint's retraction would change it, or it is owed a credit."""
        return (
            self._holds.conversion(at, self._clock_us)
            or any(first <= at <= last for first, last in held)
            or self._state.is_owed(contact, conversion_id)
        )

    def _is_needed(self, kind: bytes, row: bytes, conversions: list[int]) -> bool:
        if kind == b"t":
            first, last = touch_instants(row)
            return self._holds.touchpoint(last, self._clock_us) or _any_between(conversions, first, last)
        if kind == b"c":
            at = ConversionRow.unpack(row).occurred_us
            return _any_between(conversions, at, at)
        return kind != b"r" or unpack_claimed(row).held_until_us >= self._clock_us


def _any_between(ordered: list[int], first: int, last: int) -> bool:
    place = bisect_left(ordered, first)
    return place < len(ordered) and ordered[place] <= last


def sweep_all(state: PartitionState, holds: Holds) -> None:
    """One whole pass, now."""
    state.meta.swept_us = NEVER
    sweep = Sweep(state, holds)
    sweep.advance(_PIECE_ROWS)
    while sweep.under_way:
        sweep.advance(_PIECE_ROWS)
