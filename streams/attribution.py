"""The attribution decider: touchpoints and conversions in, credits out.

Key: the contact; no fact reaches another's. Duplicates: a fact is named by topic, contact and event id; a copy changes
nothing, other content under the name is refused. Order: none matters; a late touchpoint, a refund, a cancellation or a
retraction makes a new version of each credit it touches. Too late is what lies more than the horizon behind the newest
accepted event of its own topic partition, so that every refusal follows from one topic partition's own order.
Retention: see `holds`.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from config.catalogue import Catalogue
from events.fact import Cancellation, Conversion, Fact, Refund, Retraction, Touchpoint
from events.refusal import Reason, Refusal, refuse
from streams.contact import NEVER, Contact
from streams.holds import Holds
from streams.received import UNTIMED, Received
from streams.rows import (
    Claimed,
    ConversionRow,
    Follower,
    Origin,
    WaitingRow,
    conversion_row,
    origin_of,
    retracted_once_more,
    same_touchpoint,
    touch_instants,
    touch_row,
)
from streams.state import PartitionState

_DAY_US = 86_400_000_000
_TOUCHPOINTS, _CONVERSIONS = b"t", b"c"


class Counts(Struct):
    """What happened to the facts of a chunk."""

    accepted: int = 0
    duplicates: int = 0
    late: int = 0
    """Touchpoints and follow-on facts that changed a credit already due."""
    excess_refunds: int = 0


class Attribution:
    """Decides facts on the state of one partition."""

    def __init__(self, catalogue: Catalogue, state: PartitionState, holds: Holds) -> None:
        self.state = state
        self.counts = Counts()
        self.refused_later: list[tuple[Origin, Refusal]] = []
        """Facts that had waited and turned out to be wrong, with the records they came in."""
        self.touched: dict[tuple[bytes, bytes], Contact] = {}
        """The conversions whose credit may have changed since `touched` was last cleared, by (contact, id)."""
        self._lifetime_us = catalogue.lifetime_us
        self._holds = holds
        self._horizon_us = holds.horizon_us
        self._newest_us = state.meta.newest_us

    def decide(self, fact: Fact, received: Received) -> Refusal | None:
        """Take a fact into the state, or say why not. A copy of a fact that is held changes nothing."""
        kind = type(fact)
        if kind is Touchpoint:
            return self._touchpoint(fact, received)
        if kind is Conversion:
            return self._conversion(fact, received)
        if kind is Retraction:
            return self._follower(_TOUCHPOINTS, fact.touchpoint_id, fact, received)
        return self._follower(_CONVERSIONS, fact.conversion_id, fact, received)

    # Facts that stand on their own

    def _touchpoint(self, fact: Touchpoint, received: Received) -> Refusal | None:
        at = fact.occurred_us
        lifetime = fact.lifetime_us
        if lifetime is None:
            lifetime = self._lifetime_us(fact.name, at)
            if lifetime is None:
                return refuse(
                    Reason.UNKNOWN_TOUCHPOINT, fact.contact_id, "/name", f"the catalogue has no touchpoint {fact.name!r}"
                )
        newest = self._newest_us.get("touchpoints", NEVER)
        if at < newest - self._horizon_us or at > received.timestamp * 1000 + _DAY_US:
            untimely = self._untimely(fact, received, newest)
            if untimely is not None:
                return untimely
        contact = self.state.contact(received.key or fact.contact_id.encode())
        event_id = fact.event_id.encode()
        row = touch_row(fact, at + lifetime)
        held = self.state.touch(contact, event_id)
        if held is not None and self._holds.touchpoint(touch_instants(held)[1], newest):
            return self._copy(fact, same_touchpoint(held, row))
        if contact.followed and self._is_claimed(contact, _TOUCHPOINTS, event_id, newest):
            return self._copy(fact, False)
        if held is not None:  # the id is free again, but conversions may still have the former one as evidence
            self.state.put_touch(contact, event_id + b"\0" + held[:8], held)
        self.counts.accepted += 1
        if at > newest:
            self._newest_us["touchpoints"] = newest = at
        if contact.followed:
            for key, waiting in self._waiting_for(contact, _TOUCHPOINTS, event_id, newest):
                row = retracted_once_more(row)
                self._met(contact, _TOUCHPOINTS, key, waiting, self._holds.touchpoint_until(at + lifetime))
        self.state.put_touch(contact, event_id, row)
        if at <= contact.newest_conversion_us:
            self._touch(contact, at, at + lifetime)
        return None

    def _conversion(self, fact: Conversion, received: Received) -> Refusal | None:
        newest = self._newest_us.get("conversions", NEVER)
        untimely = self._untimely(fact, received, newest)
        if untimely is not None:
            return untimely
        contact = self.state.contact(received.key or fact.contact_id.encode())
        conversion_id = fact.event_id.encode()
        row = conversion_row(fact)
        held = self.state.conversions(contact).get(conversion_id)
        if held is not None:
            if self._holds.conversion(held.occurred_us, newest):
                return self._copy(fact, held.is_same(row))
            row.said = row.lift = held.said
        if contact.followed and self._is_claimed(contact, _CONVERSIONS, conversion_id, newest):
            return self._copy(fact, False)
        self.counts.accepted += 1
        if fact.occurred_us > newest:
            self._newest_us["conversions"] = newest = fact.occurred_us
        if held is None:
            row.said, row.lift = self.state.said_before(contact, conversion_id)
        for key, waiting in self._waiting_for(contact, _CONVERSIONS, conversion_id, newest):
            mismatch = _currency_mismatch(waiting.fact, fact.currency)
            if mismatch is None:
                self._take_back(row, waiting.fact)
            else:
                self.refused_later.append((waiting.origin, mismatch))
            self._met(contact, _CONVERSIONS, key, waiting, self._holds.conversion_until(fact.occurred_us))
        self.state.put_conversion(contact, conversion_id, row)
        self.touched[contact.prefix, conversion_id] = contact
        return None

    # Facts that follow on others

    def _follower(self, topic: bytes, target: str, fact: Follower, received: Received) -> Refusal | None:
        name = "touchpoints" if topic == _TOUCHPOINTS else "conversions"
        newest = self._newest_us.get(name, NEVER)
        untimely = self._untimely(fact, received, newest)
        if untimely is not None:
            return untimely
        contact = self.state.contact(received.key or fact.contact_id.encode())
        event_id = fact.event_id.encode()
        if self._is_held(contact, topic, event_id, newest):
            return self._copy(fact, False)
        claimed = self.state.claimed(contact, topic, event_id)
        if claimed is not None and claimed.held_until_us >= newest:
            return self._copy(fact, claimed.fact == fact)
        clock = max(newest, fact.occurred_us)
        own_hold = self._holds.follower_until(fact.occurred_us)
        met_hold = self._change(contact, topic, target.encode(), fact, clock)
        if isinstance(met_hold, Refusal):
            return met_hold
        self._newest_us[name] = clock
        self.counts.accepted += 1
        if met_hold is None:
            self._wait(contact, topic, target.encode(), WaitingRow(fact, origin_of(received)))
        self.state.claim(contact, topic, event_id, Claimed(fact, max(own_hold, met_hold or own_hold)))
        return None

    def _change(self, contact: Contact, topic: bytes, target: bytes, fact: Follower, clock: int) -> int | Refusal | None:
        """Change what the fact names: until when that is held; None when it has not come or is held no more."""
        if topic == _TOUCHPOINTS:
            row = self.state.touch(contact, target)
            if row is None or not self._holds.touchpoint(touch_instants(row)[1], clock):
                return None
            self.state.put_touch(contact, target, retracted_once_more(row))
            occurred, expires = touch_instants(row)
            self._touch(contact, occurred, expires)
            return self._holds.touchpoint_until(expires)
        conversion = self.state.conversions(contact).get(target)
        if conversion is None or not self._holds.conversion(conversion.occurred_us, clock):
            return None
        mismatch = _currency_mismatch(fact, conversion.currency)
        if mismatch is not None:
            return mismatch
        self._take_back(conversion, fact)
        self.state.put_conversion(contact, target, conversion)
        self.counts.late += 1
        self.touched[contact.prefix, target] = contact
        return self._holds.conversion_until(conversion.occurred_us)

    def _take_back(self, row: ConversionRow, fact: Follower) -> None:
        row.followers += 1
        if isinstance(fact, Cancellation):
            row.cancelled = True
        elif isinstance(fact, Refund):
            if row.refunded_minor + fact.amount_minor > row.amount_minor:
                self.counts.excess_refunds += 1
            row.refunded_minor = min(row.refunded_minor + fact.amount_minor, row.amount_minor)

    def _waiting_for(
        self, contact: Contact, topic: bytes, target: bytes, clock: int
    ) -> list[tuple[bytes, WaitingRow]]:
        """The facts that wait for this one, without those whose time has passed."""
        if not contact.followed:
            return []
        waiting = self.state.waiting_for(contact, topic, target)
        return [(key, row) for key, row in waiting if self._holds.follower_until(row.fact.occurred_us) >= clock]

    def _met(self, contact: Contact, topic: bytes, key: bytes, waiting: WaitingRow, target_hold: int) -> None:
        self.state.wait_no_more(contact, topic, key, waiting)
        hold = max(self._holds.follower_until(waiting.fact.occurred_us), target_hold)
        self.state.claim(contact, topic, waiting.fact.event_id.encode(), Claimed(waiting.fact, hold))

    def _wait(self, contact: Contact, topic: bytes, target: bytes, row: WaitingRow) -> None:
        for key, former in self.state.waiting_for(contact, topic, target):
            if former.fact.event_id == row.fact.event_id:  # its time passed within this chunk: the id is free
                self._give_up(contact, topic, key, former)
        self.state.wait(contact, topic, target, row)

    def give_up(self) -> None:
        """Refuse the facts that still wait though their own occurred_at + horizon has passed: `never_matched`."""
        for topic, name in ((_TOUCHPOINTS, "touchpoints"), (_CONVERSIONS, "conversions")):
            newest = self._newest_us.get(name)
            if newest is None:
                continue
            for contact, key, waiting in self.state.waited_since_before(topic, newest - self._holds.horizon_us):
                self._give_up(contact, topic, key, waiting)

    def _give_up(self, contact: Contact, topic: bytes, key: bytes, waiting: WaitingRow) -> None:
        self.state.wait_no_more(contact, topic, key, waiting)
        self.refused_later.append((waiting.origin, _never_matched(waiting.fact)))

    # Duplicates, lateness, and what is touched

    def _copy(self, fact: Fact, same: bool) -> Refusal | None:
        if same:
            self.counts.duplicates += 1
            return None
        return refuse(
            Reason.CONFLICTING_DUPLICATE, fact.contact_id, "/event_id", "another fact of this contact has this event_id"
        )

    def _is_held(self, contact: Contact, topic: bytes, event_id: bytes, clock: int) -> bool:
        if topic == _TOUCHPOINTS:
            row = self.state.touch(contact, event_id)
            return row is not None and self._holds.touchpoint(touch_instants(row)[1], clock)
        conversion = self.state.conversions(contact).get(event_id)
        return conversion is not None and self._holds.conversion(conversion.occurred_us, clock)

    def _is_claimed(self, contact: Contact, topic: bytes, event_id: bytes, clock: int) -> bool:
        claimed = self.state.claimed(contact, topic, event_id)
        return claimed is not None and claimed.held_until_us >= clock

    def _untimely(self, fact: Fact, received: Received, newest: int) -> Refusal | None:
        at = fact.occurred_us
        if received.timestamp != UNTIMED and at > received.timestamp * 1000 + _DAY_US:
            reason, message = Reason.FROM_THE_FUTURE, "more than 24 hours ahead of the record's timestamp"
        elif at < newest - self._holds.horizon_us:
            reason, message = Reason.TOO_LATE, "further behind the newest event than attribution_horizon"
        else:
            return None
        return refuse(reason, fact.contact_id, "/occurred_at", message)

    def _touch(self, contact: Contact, first_us: int, last_us: int) -> None:
        """Mark the conversions that a touchpoint of this lifetime is in the window of."""
        self.state.conversions(contact)
        for conversion_id in contact.conversions_between(first_us, last_us):
            self.counts.late += 1
            self.touched[contact.prefix, conversion_id] = contact


def _currency_mismatch(fact: Follower, currency: str) -> Refusal | None:
    if not isinstance(fact, Refund) or fact.currency == currency:
        return None
    return refuse(
        Reason.CURRENCY_MISMATCH, fact.contact_id, "/currency", f"the conversion is in {currency}, not in {fact.currency}"
    )


def _never_matched(fact: Follower) -> Refusal:
    path = "/touchpoint_id" if isinstance(fact, Retraction) else "/conversion_id"
    return refuse(Reason.NEVER_MATCHED, fact.contact_id, path, "what it names did not come within attribution_horizon")
