"""The attribution decider: touchpoints and conversions in, credits out.

Key: the contact; no fact reaches another's. Duplicates: a fact is named by topic, contact and event id; a copy changes
nothing, other content under the name is refused. Order: none matters; a late touchpoint, a refund, a cancellation or a
retraction makes a new version of each credit it touches. Too late is what lies more than the horizon behind the newest
accepted event of its own topic partition, so that every refusal follows from one topic partition's own order.
Retention: see `holds`.
"""

from __future__ import annotations

from config.catalogue import Catalogue
from events.fact import Conversion, Fact, Retraction, Touchpoint
from events.instant import DAY_US
from events.refusal import Refusal
from streams.clock import untimely
from streams.contact import NEVER, Contact
from streams.effects import Effects
from streams.following import CONVERSIONS, TOUCHPOINTS, Following
from streams.holds import Holds
from streams.received import Received
from streams.refusals import conflicting_duplicate, unknown_touchpoint
from streams.rows import (
    Follower,
    conversion_row,
    retracted_once_more,
    same_touchpoint,
    touch_instants,
    touch_row,
)
from streams.state import PartitionState

_NAMES = {TOUCHPOINTS: "touchpoints", CONVERSIONS: "conversions"}


class Attribution:
    """Decides facts on the state of one partition."""

    def __init__(self, catalogue: Catalogue, state: PartitionState, holds: Holds) -> None:
        effects = Effects()
        self.state = state
        self.counts = effects.counts
        self.refused_later = effects.refused_later
        self.touched = effects.touched
        self._effects = effects
        self._following = Following(state, holds, effects)
        self._lifetime_us = catalogue.lifetime_us
        self._holds = holds
        self._horizon_us = holds.horizon_us
        self._newest_us = state.meta.newest_us

    def decide(self, fact: Fact, received: Received) -> Refusal | None:
        """Take a fact into the state, or say why not. A copy of a fact that is held changes nothing."""
        if isinstance(fact, Touchpoint):
            return self._touchpoint(fact, received)
        if isinstance(fact, Conversion):
            return self._conversion(fact, received)
        if isinstance(fact, Retraction):
            return self._follower(TOUCHPOINTS, fact.touchpoint_id, fact, received)
        return self._follower(CONVERSIONS, fact.conversion_id, fact, received)

    def give_up(self) -> None:
        """Refuse the follow-on facts that have waited too long; they join `refused_later`."""
        for topic, name in _NAMES.items():
            self._following.give_up(topic, self._newest_us.get(name, NEVER))

    def _touchpoint(self, fact: Touchpoint, received: Received) -> Refusal | None:
        at = fact.occurred_us
        lifetime = fact.lifetime_us
        if lifetime is None:
            lifetime = self._lifetime_us(fact.name, at)
            if lifetime is None:
                return unknown_touchpoint(fact)
        newest = self._newest_us.get("touchpoints", NEVER)
        if at < newest - self._horizon_us or at > received.timestamp * 1000 + DAY_US:
            refusal = untimely(fact, received, newest - self._horizon_us)
            if refusal is not None:
                return refusal
        contact = self.state.contact(received.key or fact.contact_id.encode())
        event_id = fact.event_id.encode()
        row = touch_row(fact, at + lifetime)
        held = self.state.touch(contact, event_id)
        if held is not None and self._holds.touchpoint(touch_instants(held)[1], newest):
            return self._copy(fact, same_touchpoint(held, row))
        if contact.followed and self._following.is_claimed(contact, TOUCHPOINTS, event_id, newest):
            return self._copy(fact, False)
        if held is not None:  # the id is free again, but conversions may still have the former one as evidence
            self.state.put_touch(contact, event_id + b"\0" + held[:8], held)
        self.counts.accepted += 1
        if at > newest:
            self._newest_us["touchpoints"] = newest = at
        if contact.followed:
            for _ in range(self._following.retractions_met(contact, event_id, at + lifetime, newest)):
                row = retracted_once_more(row)
        self.state.put_touch(contact, event_id, row)
        if at <= contact.newest_conversion_us:
            self.state.conversions(contact)
            self._effects.touch_between(contact, at, at + lifetime)
        return None

    def _conversion(self, fact: Conversion, received: Received) -> Refusal | None:
        newest = self._newest_us.get("conversions", NEVER)
        refusal = untimely(fact, received, newest - self._horizon_us)
        if refusal is not None:
            return refusal
        contact = self.state.contact(received.key or fact.contact_id.encode())
        conversion_id = fact.event_id.encode()
        row = conversion_row(fact)
        held = self.state.conversions(contact).get(conversion_id)
        if held is not None and self._holds.conversion(held.occurred_us, newest):
            return self._copy(fact, held.is_same(row))
        if contact.followed and self._following.is_claimed(contact, CONVERSIONS, conversion_id, newest):
            return self._copy(fact, False)
        if held is not None:  # the id is free again, but its versions go on: the output's key is the same
            row.said = row.lift = held.said
        else:
            row.said, row.lift = self.state.said_before(contact, conversion_id)
        self.counts.accepted += 1
        self._newest_us["conversions"] = newest = max(newest, fact.occurred_us)
        self._following.take_back_met(contact, conversion_id, row, newest)
        self.state.put_conversion(contact, conversion_id, row)
        self.touched[contact.prefix, conversion_id] = contact
        return None

    def _follower(self, topic: bytes, target: str, fact: Follower, received: Received) -> Refusal | None:
        name = _NAMES[topic]
        newest = self._newest_us.get(name, NEVER)
        refusal = untimely(fact, received, newest - self._horizon_us)
        if refusal is not None:
            return refusal
        contact = self.state.contact(received.key or fact.contact_id.encode())
        event_id = fact.event_id.encode()
        if self._is_held(contact, topic, event_id, newest):
            return self._copy(fact, False)
        claimed = self._following.claimed(contact, topic, event_id, newest)
        if claimed is not None:
            return self._copy(fact, claimed == fact)
        clock = max(newest, fact.occurred_us)
        refusal = self._following.follow(contact, topic, target.encode(), fact, received, clock)
        if refusal is None:
            self._newest_us[name] = clock
            self.counts.accepted += 1
        return refusal

    def _copy(self, fact: Fact, same: bool) -> Refusal | None:
        if not same:
            return conflicting_duplicate(fact)
        self.counts.duplicates += 1
        return None

    def _is_held(self, contact: Contact, topic: bytes, event_id: bytes, clock: int) -> bool:
        if topic == TOUCHPOINTS:
            row = self.state.touch(contact, event_id)
            return row is not None and self._holds.touchpoint(touch_instants(row)[1], clock)
        conversion = self.state.conversions(contact).get(event_id)
        return conversion is not None and self._holds.conversion(conversion.occurred_us, clock)
