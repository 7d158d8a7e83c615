"""Facts that follow on others: retractions, refunds and cancellations, before or after the fact they name.

One that comes before its fact waits in the state; its own `occurred_at` never affects the split. Each accepted one
makes a version, also when it changes nothing (contract, section 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from events.fact import Cancellation, Refund
from events.refusal import Refusal
from streams.contact import Contact
from streams.effects import Effects
from streams.holds import Holds
from streams.received import Received
from streams.refusals import currency_mismatch, never_matched
from streams.rows import (
    Claimed,
    ConversionRow,
    Follower,
    WaitingRow,
    origin_of,
    retracted_once_more,
    touch_instants,
)
from streams.state import PartitionState

TOUCHPOINTS: Final = b"t"
CONVERSIONS: Final = b"c"


class Following:
    """Lets follow-on facts change what they name, now or when it comes."""

    def __init__(self, state: PartitionState, holds: Holds, effects: Effects) -> None:
        self._state = state
        self._holds = holds
        self._effects = effects

    def follow(
        self, contact: Contact, topic: bytes, target: bytes, fact: Follower, received: Received, clock_us: int
    ) -> Refusal | None:
        """Change the fact that is named, or wait for it. `clock_us` is the topic's clock with this fact."""
        met_until = self._change(contact, topic, target, fact, clock_us)
        if isinstance(met_until, Refusal):
            return met_until
        own_until = self._holds.follower_until(fact.occurred_us)
        if met_until is None:
            self._wait(contact, topic, target, WaitingRow(fact, origin_of(received)))
            met_until = own_until
        self._state.claim(contact, topic, fact.event_id.encode(), Claimed(fact, max(own_until, met_until)))
        return None

    def retractions_met(self, contact: Contact, touchpoint_id: bytes, expires_us: int, clock_us: int) -> int:
        """How many retractions waited for a touchpoint that has come now; they wait no more."""
        until_us = self._holds.touchpoint_until(expires_us)
        return sum(1 for _ in self._met(contact, TOUCHPOINTS, touchpoint_id, until_us, clock_us))

    def take_back_met(self, contact: Contact, conversion_id: bytes, row: ConversionRow, clock_us: int) -> None:
        """Let what waited for a conversion that has come now take back from it; they wait no more."""
        until_us = self._holds.conversion_until(row.occurred_us)
        for waiting in self._met(contact, CONVERSIONS, conversion_id, until_us, clock_us):
            mismatch = currency_mismatch(waiting.fact, row.name_and_currency[1])
            if mismatch is None:
                self._take_back(row, waiting.fact)
            else:
                self._effects.refused_later.append((waiting.origin, mismatch))

    def give_up(self, topic: bytes, clock_us: int) -> None:
        """Refuse the facts that still wait though their own occurred_at + horizon has passed: `never_matched`."""
        for contact, key, waiting in self._state.waited_since_before(topic, clock_us - self._holds.horizon_us):
            self._give_up(contact, topic, key, waiting)

    def is_claimed(self, contact: Contact, topic: bytes, event_id: bytes, clock_us: int) -> bool:
        """Whether an accepted follow-on fact of the topic has that id."""
        return self.claimed(contact, topic, event_id, clock_us) is not None

    def claimed(self, contact: Contact, topic: bytes, event_id: bytes, clock_us: int) -> Follower | None:
        """The accepted follow-on fact that has that id."""
        claimed = self._state.claimed(contact, topic, event_id)
        return claimed.fact if claimed is not None and claimed.held_until_us >= clock_us else None

    def _change(
        self, contact: Contact, topic: bytes, target: bytes, fact: Follower, clock_us: int
    ) -> int | Refusal | None:
        """Until when what the fact names is held, once changed; None when it has not come or is held no more."""
        if topic == TOUCHPOINTS:
            return self._retract(contact, target, clock_us)
        row = self._state.conversions(contact).get(target)
        if row is None or not self._holds.conversion(row.occurred_us, clock_us):
            return None
        mismatch = currency_mismatch(fact, row.name_and_currency[1])
        if mismatch is not None:
            return mismatch
        self._take_back(row, fact)
        self._state.put_conversion(contact, target, row)
        self._effects.counts.late += 1
        self._effects.touched[contact.prefix, target] = contact
        return self._holds.conversion_until(row.occurred_us)

    def _retract(self, contact: Contact, target: bytes, clock_us: int) -> int | None:
        row = self._state.touch(contact, target)
        if row is None:
            return None
        occurred_us, expires_us = touch_instants(row)
        if not self._holds.touchpoint(expires_us, clock_us):
            return None
        self._state.put_touch(contact, target, retracted_once_more(row))
        self._state.conversions(contact)
        self._effects.touch_between(contact, occurred_us, expires_us)
        return self._holds.touchpoint_until(expires_us)

    def _take_back(self, row: ConversionRow, fact: Follower) -> None:
        row.followers += 1
        if isinstance(fact, Cancellation):
            row.cancelled = True
        elif isinstance(fact, Refund):
            if row.refunded_minor + fact.amount_minor > row.amount_minor:
                self._effects.counts.excess_refunds += 1
            row.refunded_minor = min(row.refunded_minor + fact.amount_minor, row.amount_minor)

    def _met(self, contact: Contact, topic: bytes, target: bytes, until_us: int, clock_us: int) -> Iterator[WaitingRow]:
        """The facts that wait for this one, without those whose time has passed; they wait no more."""
        if not contact.followed:
            return
        for key, waiting in self._state.waiting_for(contact, topic, target):
            own_until = self._holds.follower_until(waiting.fact.occurred_us)
            if own_until >= clock_us:
                self._state.wait_no_more(contact, topic, key, waiting)
                claimed = Claimed(waiting.fact, max(own_until, until_us))
                self._state.claim(contact, topic, waiting.fact.event_id.encode(), claimed)
                yield waiting

    def _wait(self, contact: Contact, topic: bytes, target: bytes, row: WaitingRow) -> None:
        for key, former in self._state.waiting_for(contact, topic, target):
            if former.fact.event_id == row.fact.event_id:  # its time passed within this chunk: the id is free
                self._give_up(contact, topic, key, former)
        self._state.wait(contact, topic, target, row)

    def _give_up(self, contact: Contact, topic: bytes, key: bytes, waiting: WaitingRow) -> None:
        self._state.wait_no_more(contact, topic, key, waiting)
        self._effects.refused_later.append((waiting.origin, never_matched(waiting.fact)))
