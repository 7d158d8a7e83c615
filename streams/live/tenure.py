"""A worker's tenure of a partition, from its takeover to its loss: the state, the decider, the producer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from aiokafka import TopicPartition

from events.fact import Touchpoint
from events.refusal import Refusal
from streams.attribution import Attribution
from streams.crediting import Crediting
from streams.holds import Holds
from streams.live.deploy_guard import DeployGuard
from streams.live.intake import Guard, Judged
from streams.live.judge import Judge
from streams.live.kafka_log import describe_log
from streams.live.outputs import Outputs
from streams.live.premises import Log
from streams.live.publisher import Publisher
from streams.live.tools import Tools
from streams.received import Received
from streams.rocks import RocksStore
from streams.state import PartitionState
from streams.sweep import Sweep

NAMES: Final = ("touchpoints", "conversions")


class Tenure:
    """Everything that is thrown away together when a transaction fails or the partition goes."""

    def __init__(self, tools: Tools, partition: int, store: RocksStore, state: PartitionState) -> None:
        self.tools = tools
        self.partition = partition
        self.store = store
        self.state = state
        self.places = {
            name: TopicPartition(topic, partition) for name, topic in zip(NAMES, tools.topics.inputs, strict=True)
        }
        self.judges = {name: Judge(name, partition, tools.partitions) for name in NAMES}
        self.guards: dict[str, Guard] = {}
        holds = Holds(tools.catalogue.horizon_us, tools.catalogue.retention_us)
        self.decider = Attribution(tools.catalogue, state, holds)
        self.crediting = Crediting(tools.catalogue, self.decider)
        self.sweep = Sweep(state, holds)
        self.outputs = Outputs(tools, self.crediting)
        self.publisher = Publisher(tools.connection, f"{tools.group}-{partition}", partition)
        ratio = 1.0 if tools.accept_dead_letters else tools.settings.dead_letter_ratio
        self.deploy = {
            name: DeployGuard(place.topic, ratio, state.meta.deploy.setdefault(name, []))
            for name, place in self.places.items()
        }

    def offset(self, name: str) -> int:
        """The next offset to decide."""
        return self.state.meta.offsets.get(name, 0)

    def covers(self) -> dict[str, int]:
        """Up to which offsets (exclusive) of the input topics the state goes."""
        return {place.topic: self.offset(name) for name, place in self.places.items()}

    def seek(self) -> None:
        """Read on from where the state ends. Raises IllegalStateError when the partition is not assigned."""
        self.guards = {name: Guard(self.offset(name)) for name in NAMES}
        for name, place in self.places.items():
            self.tools.consumer.seek(place, self.guards[name].next_offset)

    async def describe_log(self) -> Log:
        """What Kafka says now of this partition number."""
        topics = self.tools.topics
        return await asyncio.to_thread(
            describe_log, self.tools.cluster, (*topics.inputs, *topics.outputs), self.partition
        )

    def decide(self, judged: Sequence[Judged]) -> list[tuple[Received, Refusal]]:
        """Take facts into the state; what is refused, also of facts that had waited, comes back with its record."""
        self.state.prefetch(
            [
                (record.key, fact.event_id.encode())
                for record, fact in judged
                if isinstance(fact, Touchpoint) and record.key is not None
            ]
        )
        refused: list[tuple[Received, Refusal]] = []
        decide = self.decider.decide
        for record, fact in judged:
            refusal = fact if isinstance(fact, Refusal) else decide(fact, record)
            if refusal is not None:
                refused.append((record, refusal))
        self.decider.give_up()
        refused += self.decider.refused_later
        self.decider.refused_later.clear()
        return refused

    async def publish(self, refused: list[tuple[Received, Refusal]]) -> None:
        """Say the refusals and the credits that were touched. Raises NotPublishedError."""
        if refused or self.decider.touched:
            ends = await self.publisher.publish(self.outputs.of(refused), self.covers(), self.state.meta.restated or 0)
            self.state.meta.output_ends.update(ends)
            self.outputs.published()

    async def close(self) -> None:
        """Let go of the partition."""
        await self.publisher.stop()
        self.state.release()
        self.store.close()
