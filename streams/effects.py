"""What the facts of a chunk did: counts, credits that may have changed, and refusals that came late."""

from __future__ import annotations

from msgspec import Struct, field

from events.refusal import Refusal
from streams.contact import Contact
from streams.rows import Origin


class Counts(Struct):
    """What happened to the facts."""

    accepted: int = 0
    duplicates: int = 0
    late: int = 0
    """Credits already due that a touchpoint or a follow-on fact changed."""
    excess_refunds: int = 0

    def clear(self) -> None:
        """Begin to count anew."""
        self.accepted = self.duplicates = self.late = self.excess_refunds = 0


class Effects(Struct, frozen=True):
    """Filled by the decider, emptied by whoever has dealt with them."""

    counts: Counts = field(default_factory=Counts)
    refused_later: list[tuple[Origin, Refusal]] = field(default_factory=list)
    """Facts that had waited and turned out to be wrong, with the records they came in."""
    touched: dict[tuple[bytes, bytes], Contact] = field(default_factory=dict)
    """The conversions whose credit may have changed, by (contact, id)."""

    def touch_between(self, contact: Contact, first_us: int, last_us: int) -> None:
        """The conversions that a touchpoint of this lifetime is in the window of; they must be loaded."""
        for conversion_id in contact.conversions_between(first_us, last_us):
            self.counts.late += 1
            self.touched[contact.prefix, conversion_id] = contact
