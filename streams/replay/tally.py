"""How many events of a replay fared how, and when the newest accepted one occurred."""

from __future__ import annotations

from msgspec import Struct

from streams.contact import NEVER


class Tally(Struct):
    """Counts of facts; dead letters are counted elsewhere."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    """Facts about interactions that the rules forbid."""
    erased: int = 0
    """Facts that an erasure took, copies of them too: as if never sent."""
    later: int = 0
    """Facts about interactions beyond the instant that was asked for, left undecided."""
    newest_us: int = NEVER
    """The newest accepted `occurred_at`."""

    def accept(self, occurred_us: int) -> None:
        """Count an accepted fact."""
        self.accepted += 1
        self.newest_us = max(self.newest_us, occurred_us)
