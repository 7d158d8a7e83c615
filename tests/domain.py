"""Given, when, then for attribution: facts in few words, and one partition that takes them without a broker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from config.catalogue import Catalogue, load_catalogue
from config.catalogue_file import read_catalogue_file
from config.changes import rulebook_of
from events.dimensions import compact_dimensions
from events.fact import Cancellation, Conversion, Fact, Refund, Retraction, Touchpoint
from events.instant import DAY_US, HOUR_US, parse_instant
from events.refusal import Reason, Refusal
from streams.attribution import Attribution
from streams.crediting import Crediting, Said
from streams.holds import UNBOUNDED, Holds
from streams.message import credit_key, shadow_key
from streams.received import UNTIMED, Received
from streams.rows import Origin
from streams.state import CACHED_TOUCHES, PartitionState
from streams.store import MemoryStore, Store
from streams.sweep import Sweep

CONTACT = "donor-7"
NOON = parse_instant("2023-07-05T12:00:00Z")
SHIPPED = load_catalogue(None)

__all__ = ["CONTACT", "DAY_US", "HOUR_US", "NOON", "SHIPPED"]


def catalogue(text: str) -> Catalogue:
    """The catalogue that a TOML text describes."""
    return Catalogue.compiled(rulebook_of(read_catalogue_file(text, "a test's catalogue")), "a test's catalogue")


def touchpoint(
    event_id: str,
    at: int = NOON,
    name: str = "google_ad_click",
    lifetime: int | None = None,
    dimensions: Mapping[str, str] | None = None,
    contact: str = CONTACT,
    properties: bytes = b"",
) -> Touchpoint:
    sent = b"" if dimensions is None else compact_dimensions(dimensions)
    return Touchpoint(contact, event_id, at, name, lifetime, sent, properties)


def conversion(
    event_id: str,
    at: int = NOON,
    minor: int = 5000,
    currency: str = "GBP",
    name: str = "donation",
    contact: str = CONTACT,
    properties: bytes = b"",
) -> Conversion:
    return Conversion(contact, event_id, at, name, minor, currency, properties)


def retraction(
    event_id: str, touchpoint_id: str, at: int = NOON, reason: str | None = None, contact: str = CONTACT
) -> Retraction:
    return Retraction(contact, event_id, at, touchpoint_id, reason)


def refund(
    event_id: str, conversion_id: str, minor: int, at: int = NOON, currency: str = "GBP", contact: str = CONTACT
) -> Refund:
    return Refund(contact, event_id, at, conversion_id, minor, currency)


def cancellation(event_id: str, conversion_id: str, at: int = NOON, contact: str = CONTACT) -> Cancellation:
    return Cancellation(contact, event_id, at, conversion_id)


def topic_of(fact: Fact) -> str:
    return "touchpoints" if isinstance(fact, Touchpoint | Retraction) else "conversions"


class Record(NamedTuple):
    """A fact and the record it came in."""

    fact: Fact
    received: Received


class Refused(NamedTuple):
    topic: str
    offset: int
    reason: Reason


class Log:
    """The input topics of one partition: gives each fact the next offset of its topic."""

    def __init__(self) -> None:
        self._ends = {"touchpoints": 0, "conversions": 0}

    def append(self, fact: Fact, timestamp_ms: int = UNTIMED) -> Record:
        topic = topic_of(fact)
        offset = self._ends[topic]
        self._ends[topic] = offset + 1
        return Record(fact, Origin(topic, 0, offset, timestamp_ms, fact.contact_id.encode(), None))


class Partition:
    """One partition's decider, state and credits, driven as the runtime drives them: decide, say, commit."""

    def __init__(
        self,
        rules: Catalogue = SHIPPED,
        holds: Holds = UNBOUNDED,
        store: Store | None = None,
        cached_touches: int = CACHED_TOUCHES,
    ) -> None:
        self._rules, self._holds, self._cached_touches = rules, holds, cached_touches
        self._open(MemoryStore() if store is None else store)
        self.refused: list[Refused] = []
        self.said: list[Said] = []
        self.log: dict[bytes, list[bytes]] = {}
        """Every message said, by its record's key."""
        self._inputs = Log()

    def _open(self, store: Store) -> None:
        self.state = PartitionState(store, self._cached_touches)
        self.attribution = Attribution(self._rules, self.state, self._holds)
        self.crediting = Crediting(self._rules, self.attribution)
        self.sweep = Sweep(self.state, self._holds)

    def restart(self, store: Store | None = None) -> None:
        """Go on with what the store has, or another one."""
        self._open(store or self.state.store)

    def take(self, *facts: Fact, timestamp_ms: int = UNTIMED) -> list[Reason]:
        """Take the facts as one chunk; the reasons of those refused, now or after waiting."""
        return self.take_records([self._inputs.append(fact, timestamp_ms) for fact in facts])

    def take_records(self, records: list[Record]) -> list[Reason]:
        """The same with records of a log that several partitions read."""
        before = len(self.refused)
        for refused in self.decide(records):
            self.refuse(*refused)
        for said in self.crediting.say():
            self.publish(said)
        self.state.commit()
        return [refused.reason for refused in self.refused[before:]]

    def decide(self, records: list[Record]) -> list[tuple[Received, Refusal]]:
        """Decide the records of a chunk; those refused, now or after waiting."""
        self.state.prefetch(
            [(fact.contact_id.encode(), fact.event_id.encode()) for fact, _ in records if isinstance(fact, Touchpoint)]
        )
        decided = [(received, self.attribution.decide(fact, received)) for fact, received in records]
        self.attribution.give_up()
        later = list(self.attribution.refused_later)
        self.attribution.refused_later.clear()
        return [*((received, refusal) for received, refusal in decided if refusal is not None), *later]

    def refuse(self, received: Received, refusal: Refusal) -> None:
        """Write a dead letter."""
        self.refused.append(Refused(received.topic, received.offset, refusal.reason))

    def publish(self, said: Said) -> None:
        """Write a version of a credit, under every model."""
        self.said.append(said)
        for place, (credit, message) in enumerate(said.credits):
            who = said.contact_id, said.conversion_id
            key = shadow_key(*who, credit.model) if place else credit_key(*who)
            self.log.setdefault(key, []).append(message)

    def final(self) -> dict[bytes, bytes]:
        """What a compacted topic keeps: the last message of each key."""
        return {key: messages[-1] for key, messages in self.log.items()}

    def message(self, conversion_id: str, contact: str = CONTACT) -> dict[str, Any]:
        """The last message said of a conversion."""
        message: dict[str, Any] = json.loads(self.log[credit_key(contact, conversion_id)][-1])
        return message

    def credits(self, conversion_id: str, contact: str = CONTACT) -> dict[str, str]:
        """What each touchpoint of the evidence earned, in its order."""
        touchpoints = self.message(conversion_id, contact)["touchpoints"]
        return {touchpoint["touchpoint_id"]: touchpoint["credit"] for touchpoint in touchpoints}

    def versions(self, conversion_id: str, contact: str = CONTACT) -> list[int]:
        """The versions said of a conversion, in the order of the log."""
        return [json.loads(message)["version"] for message in self.log[credit_key(contact, conversion_id)]]

    def rows(self) -> dict[bytes, bytes]:
        """What the store holds of contacts."""
        return dict(self._contact_rows())

    def _contact_rows(self) -> Iterator[tuple[bytes, bytes]]:
        return self.state.store.scan(b"\x01", b"\xff" * 5)
