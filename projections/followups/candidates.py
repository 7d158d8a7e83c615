"""The contacts with whom interactions may be generated, as the filters see them (behaviours D35 to D39)."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class Opportunity(Struct, frozen=True):
    """A sale or gift that may come about with a contact."""

    value: Decimal | None = None
    currency: str | None = None
    is_open: bool = True
    """Neither won nor lost: one that is closed is no opportunity any more."""


class Candidate(Struct, frozen=True):
    """A contact with whom an interaction may be generated."""

    contact_id: str
    kind: str | None = None
    city: str | None = None
    postcode: str | None = None
    opportunities: tuple[Opportunity, ...] = ()
    contacted_us: int | None = None
    """When the last interaction was completed or logged; None: never."""


class ValueRange(Struct, frozen=True):
    """What an opportunity has to be worth: more than `above` and less than `below`; None: no bound."""

    above: Decimal | None = None
    below: Decimal | None = None
    currency: str | None = None
    """None: whatever it is valued in."""

    def holds(self, opportunity: Opportunity) -> bool:
        """Whether an opportunity is in range. One without a value is in none."""
        value = opportunity.value
        if value is None or not opportunity.is_open or self.currency not in (None, opportunity.currency):
            return False
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)
