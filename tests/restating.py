"""Restating without a broker: logs of credits, partitions that took facts aloud or in silence, and what they say."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from aiokafka.structs import ConsumerRecord

from config.catalogue import Catalogue
from events.fact import Fact
from events.topics import CREDITS, CREDITS_SHADOW
from streams.crediting import Said
from streams.holds import UNBOUNDED, Holds
from streams.live.attributing import ATTRIBUTION
from streams.live.comparison import Comparison, conversions_of
from streams.live.publisher import LIFT
from streams.live.standing import Standing
from streams.live.tools import Topics
from streams.message import credit_key, shadow_key
from streams.store import MemoryStore
from tests.domain import Log, Partition, Record

TOPICS = Topics.of(ATTRIBUTION, "")


class Message(NamedTuple):
    """A record of a topic of credits."""

    key: bytes
    value: bytes
    lift: int
    shadow: bool

    @property
    def version(self) -> int:
        return int(json.loads(self.value)["version"])

    @property
    def content(self) -> dict[str, Any]:
        return {name: value for name, value in json.loads(self.value).items() if name != "version"}


def messages(said: Sequence[Said]) -> list[Message]:
    return [
        Message(
            shadow_key(one.contact_id, one.conversion_id, credit.model)
            if place
            else credit_key(one.contact_id, one.conversion_id),
            message,
            one.lift,
            bool(place),
        )
        for one in said
        for place, (credit, message) in enumerate(one.credits)
    ]


def stand(log: Sequence[Message]) -> Standing:
    standing = Standing(MemoryStore(), TOPICS)
    for offset, message in enumerate(log):
        topic = TOPICS.full(CREDITS_SHADOW if message.shadow else CREDITS)
        headers = ((LIFT, str(message.lift).encode()),) if message.lift else ()
        standing.note(ConsumerRecord(topic, 0, offset, 0, 0, message.key, message.value, None, 0, 0, headers))
    standing.flush()
    return standing


def served(rules: Catalogue, facts: Sequence[Fact], holds: Holds = UNBOUNDED) -> Partition:
    """A partition that has taken the facts one by one."""
    partition = Partition(rules, holds)
    for record in records(facts):
        partition.take_records([record])
    return partition


def rebuilt(rules: Catalogue, facts: Sequence[Fact], holds: Holds = UNBOUNDED) -> Partition:
    """One that has taken them in silence, as restating does."""
    partition = Partition(rules, holds)
    for fact, received in records(facts):
        partition.attribution.decide(fact, received)
        partition.attribution.give_up()
        partition.attribution.touched.clear()
        partition.state.commit()
    return partition


def recovered(rules: Catalogue, facts: Sequence[Fact], log: Sequence[Message]) -> Partition:
    """One that has lost all it had, learnt from the log what was said, and caught up, as a worker's takeover does."""
    partition = Partition(rules)
    for message in log:
        if not message.shadow:
            contact_id, conversion_id = json.loads(message.key)
            partition.state.note_said(contact_id.encode(), conversion_id.encode(), message.version, message.lift)
    partition.state.commit()
    for fact, received in records(facts):
        partition.attribution.decide(fact, received)
        partition.attribution.give_up()
        partition.crediting.keep_quiet()
        partition.state.commit()
    partition.crediting.speak_up()
    return partition


def records(facts: Sequence[Fact]) -> list[Record]:
    log = Log()
    return [log.append(fact) for fact in facts]


def restated(partition: Partition, log: Sequence[Message], sample: int = 0) -> tuple[Comparison, list[Message]]:
    """What restating says, given what stands; `partition` knows it from then on."""
    comparison = Comparison(partition.attribution, partition.crediting, stand(log), sample)
    said: list[Message] = []
    for _ in comparison.pieces():
        said += messages(list(partition.crediting.say()))
        partition.state.commit()
    return comparison, said


def last(log: Sequence[Message]) -> dict[bytes, dict[str, Any]]:
    return {message.key: message.content for message in log}


def versions(log: Sequence[Message]) -> dict[bytes, list[int]]:
    found = defaultdict(list)
    for message in log:
        found[message.key].append(message.version)
    return found


def touch_all(partition: Partition) -> None:
    """Have every credit looked at."""
    for contact, conversion_id in conversions_of(partition.state):
        partition.attribution.touched[contact.prefix, conversion_id] = contact
