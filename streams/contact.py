"""A contact as the state keeps it in memory: its touchpoints, its conversions, and how much of them is loaded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Final

from streams.rows import ConversionRow, WaitingRow, instant_bytes, instant_of
from streams.window import Touch

NEVER: Final = -(1 << 62)
"""Before every instant an event can carry."""
COMPLETE: Final = b""
NOTHING: Final = b"\xff" * 9
_MOST_TRACES: Final = 1 << 15  # bytes: looking through more costs more than a look into the store


def trace(event_id: bytes) -> bytes:
    """Eight bytes that tell an id from nearly every other, in this process."""
    return hash(event_id).to_bytes(8, "little", signed=True)


class Contact:
    """The rows of one contact, written through to the store's batch, read from the store when first needed."""

    __slots__ = (
        "arrived",
        "conversions",
        "covered_from",
        "followed",
        "gone",
        "newest_conversion_us",
        "prefix",
        "stored",
        "timeline",
        "touches",
        "used",
        "waiting",
        "window",
        "window_us",
    )

    def __init__(self, prefix: bytes, row: bytes | None) -> None:
        self.prefix = prefix
        self.touches: dict[bytes, bytes] = {}
        """Touchpoint rows by event id: all that expire at `covered_from` or later, perhaps more.

        `gone` has the traces of the others that are held, one behind the other, when they are known: an id without a
        trace there is surely new.
        """
        self.used = True
        """Whether anyone asked for it since the last look for room."""
        self.window: list[Touch] | None = None
        """In order, the touchpoints that expire at `window_us` or later, but for those in `arrived`; None: not made."""
        self.window_us = NEVER
        self.arrived: list[tuple[bytes, bytes]] = []
        """Ids and rows of touchpoints held since the window was made."""
        self.stored = row is not None
        """Whether the contact has a row of its own in the store."""
        if row is None:
            self.covered_from = COMPLETE
            self.gone: bytes | None = b""
            self.newest_conversion_us = NEVER
            self.followed = False
            self.conversions: dict[bytes, ConversionRow] | None = {}
            self.waiting: dict[bytes, WaitingRow] | None = {}
        else:
            self.covered_from = NOTHING
            self.gone = None
            self.newest_conversion_us = instant_of(row[:8])
            self.followed = row[8:] != b"\0"
            self.conversions = None
            self.waiting = None if self.followed else {}
        self.timeline: list[tuple[int, bytes]] = []
        """The loaded conversions as (occurred_at, id), in order."""

    def may_hold(self, event_id: bytes) -> bool:
        """Whether the store may have a touchpoint of that id which is not in `touches`."""
        return self.covered_from != COMPLETE and (self.gone is None or trace(event_id) in self.gone)

    def remember(self, event_ids: list[bytes]) -> None:
        """Keep a trace of touchpoints that only the store has."""
        if self.gone is not None:
            self.gone += b"".join([trace(event_id) for event_id in event_ids])
            if len(self.gone) > _MOST_TRACES:
                self.gone = None

    def drop_touches(self) -> None:
        """Keep no touchpoint in memory, only traces of them; their rows must be in the store."""
        self.remember(list(self.touches))
        self.touches = {}
        self.covered_from = NOTHING
        self.window, self.window_us, self.arrived = None, NEVER, []

    def pack(self) -> bytes:
        """The contact's own row."""
        return instant_bytes(self.newest_conversion_us) + (b"\1" if self.followed else b"\0")

    def hold_conversions(self, rows: dict[bytes, ConversionRow]) -> None:
        """Take the conversions that the store has of this contact."""
        self.conversions = rows
        self.timeline = sorted((row.occurred_us, conversion_id) for conversion_id, row in rows.items())

    def add_conversion(self, conversion_id: bytes, row: ConversionRow) -> None:
        """Hold one more conversion, or a newer fact under an id that has become free."""
        assert self.conversions is not None
        former = self.conversions.get(conversion_id)
        if former is not None:
            self.timeline.remove((former.occurred_us, conversion_id))
        self.conversions[conversion_id] = row
        insort(self.timeline, (row.occurred_us, conversion_id))
        self.newest_conversion_us = max(self.newest_conversion_us, row.occurred_us)

    def conversions_between(self, first_us: int, last_us: int) -> Iterator[bytes]:
        """The ids of the conversions that occurred from the first to the last instant, both included."""
        start = bisect_left(self.timeline, (first_us, b""))
        end = bisect_right(self.timeline, (last_us, b"\xff" * 513))
        return (conversion_id for _, conversion_id in self.timeline[start:end])
