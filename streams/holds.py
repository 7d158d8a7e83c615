"""How long facts are held: by the clock of a topic partition, its newest accepted event time (contract, section 1).

Whether a fact can still be named (by a copy, a refund, a retraction) is judged by the clock of its own topic partition,
so that each refusal follows from one topic partition's own order. Rows leave the disk later, by the slower clock.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

FOREVER: Final = 1 << 61


class Holds(Struct, frozen=True):
    """The spans of the catalogue, in microseconds. All instants are inclusive."""

    horizon_us: int
    retention_us: int

    def touchpoint_until(self, expires_us: int) -> int:
        return expires_us + self.horizon_us

    def conversion_until(self, occurred_us: int) -> int:
        return occurred_us + self.retention_us

    def follower_until(self, occurred_us: int) -> int:
        return occurred_us + self.horizon_us

    def touchpoint(self, expires_us: int, clock_us: int) -> bool:
        """Whether a touchpoint that expires then is held."""
        return self.touchpoint_until(expires_us) >= clock_us

    def conversion(self, occurred_us: int, clock_us: int) -> bool:
        """Whether a conversion of that time is held."""
        return self.conversion_until(occurred_us) >= clock_us


UNBOUNDED: Final = Holds(FOREVER, FOREVER)
"""A replay has all facts at hand: none is too late, none leaves."""
