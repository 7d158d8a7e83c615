"""A worker's tenure of a partition, from its takeover to its loss: the state, the processor, the producer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence

from aiokafka import TopicPartition

from events.refusal import Refusal
from streams.dead_letter import encode_dead_letter
from streams.live.deploy_guard import DeployGuard
from streams.live.intake import Guard, Judged
from streams.live.judge import Judge
from streams.live.kafka_log import describe_log
from streams.live.premises import Log
from streams.live.processor import Refused
from streams.live.publisher import Output, Publisher
from streams.live.tools import Tools
from streams.received import Received
from streams.rocks import RocksStore


class Tenure:
    """Everything that is thrown away together when a transaction fails or the partition goes."""

    def __init__(self, tools: Tools, partition: int, store: RocksStore) -> None:
        self.tools = tools
        self.partition = partition
        self.store = store
        self.names = tools.role.names
        self.places = {
            name: TopicPartition(topic, partition) for name, topic in zip(self.names, tools.topics.inputs, strict=True)
        }
        self.judges = {name: Judge(name, partition, tools.partitions) for name in self.names}
        self.guards: dict[str, Guard] = {}
        self.processor = tools.role.begin(tools, partition, store)
        self.state = self.processor.state
        self.publisher = Publisher(tools.connection, f"{tools.group}-{partition}", partition)
        ratio = 1.0 if tools.accept_dead_letters else tools.settings.dead_letter_ratio
        self.deploy = {
            name: DeployGuard(self.places[name].topic, ratio, self.state.meta.deploy.setdefault(name, []))
            for name in self.names
            if name in tools.role.decides
        }
        self._letters: Counter[tuple[str, str]] = Counter()

    def offset(self, name: str) -> int:
        """The next offset to decide."""
        return self.state.meta.offsets.get(name, 0)

    def topic(self, name: str) -> str:
        """The full name of an input."""
        topic: str = self.places[name].topic
        return topic

    def covers(self) -> dict[str, int]:
        """Up to which offsets (exclusive) of the input topics the state goes."""
        return {place.topic: self.offset(name) for name, place in self.places.items()}

    def seek(self) -> None:
        """Read on from where the state ends. Raises IllegalStateError when the partition is not assigned."""
        self.guards = {name: Guard(self.offset(name)) for name in self.names}
        for name, place in self.places.items():
            self.tools.consumer.seek(place, self.guards[name].next_offset)

    async def describe_log(self) -> Log:
        """What Kafka says now of this partition number."""
        return await asyncio.to_thread(describe_log, self.tools.cluster, self.tools.topics.all, self.partition)

    def decide(self, judged: Sequence[Judged]) -> list[tuple[Received, Refusal]]:
        """Take facts into the state; what is refused, also of facts that had waited, comes back with its record."""
        return self.processor.decide(judged)

    async def publish(self, refused: Refused) -> None:
        """Say the refusals and what the facts came to. Raises NotPublishedError."""
        if refused or self.processor.touched:
            said = self._said(refused)
            ends = await self.publisher.publish(said, self.covers(), self.state.meta.restated or 0)
            self.state.meta.output_ends.update(ends)
            for (topic, reason), letters in self._letters.items():
                self.tools.metrics.dead_letters.labels(topic, reason).inc(letters)
            self.processor.published()

    def _said(self, refused: Refused) -> Iterator[list[Output]]:
        """The dead letters, then what the processor says."""
        self._letters.clear()
        for received, refusal in refused:
            self._letters[received.topic, refusal.reason.value] += 1
            yield [Output(self.tools.topics.dead_letters, received.key, encode_dead_letter(received, refusal))]
        yield from self.processor.say()

    async def close(self) -> None:
        """Let go of the partition."""
        await self.publisher.stop()
        self.state.release()
        self.store.close()
