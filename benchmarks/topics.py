"""Topics on the benchmark's broker: made, filled in bulk, watched and read back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError

PARTITIONS: Final = 4
KEPT: Final = {"retention.ms": "-1", "retention.bytes": "-1"}
_BATCH_BYTES: Final = 512 << 10
_UNDER_WAY: Final = 16


class Record(NamedTuple):
    """A record to be sent; its partition follows from its key."""

    topic: str
    key: bytes
    value: bytes
    timestamp_ms: int | None = None


@cache
def partition_of(key: bytes, partitions: int = PARTITIONS) -> int:
    """Where Java's default partitioner puts a key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def create(bootstrap: str, names: Sequence[str], settings: Mapping[str, str]) -> None:
    """The topics exist, empty."""
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=dict(settings)) for name in names])
        admin.wait_for_topics(list(names), timeout_ms=30_000)


def delete(bootstrap: str, word: str) -> None:
    """No topic is left with this word in its name."""
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        names = [name for name in admin.list_topics() if word in name]
        admin.delete_topics(names, raise_errors=False)


def send(bootstrap: str, records: Iterable[Record], partitions: int = PARTITIONS) -> int:
    """The broker has these records, in their order; how many they were."""
    return asyncio.run(_send(bootstrap, records, partitions))


async def _send(bootstrap: str, records: Iterable[Record], partitions: int) -> int:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_batch_size=_BATCH_BYTES)
    await producer.start()
    batches: dict[tuple[str, int], Any] = {}
    under_way: list[Any] = []
    sent = 0
    try:
        for topic, key, value, timestamp in records:
            place = topic, partition_of(key, partitions)
            batch = batches.get(place)
            if batch is None or batch.append(key=key, value=value, timestamp=timestamp) is None:
                if batch is not None:
                    under_way.append(await producer.send_batch(batch, place[0], partition=place[1]))
                batch = batches[place] = producer.create_batch()
                batch.append(key=key, value=value, timestamp=timestamp)
            if len(under_way) >= _UNDER_WAY:
                await asyncio.gather(*under_way)
                under_way.clear()
            sent += 1
        for (topic, partition), batch in batches.items():
            under_way.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*under_way)
    finally:
        await producer.stop()
    return sent


class Reader:
    """Reads a topic from its beginning, committed records only."""

    def __init__(self, bootstrap: str, topic: str, partitions: int = PARTITIONS) -> None:
        self._consumer = KafkaConsumer(
            bootstrap_servers=bootstrap,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
            max_partition_fetch_bytes=16 << 20,
            max_poll_records=5_000,
        )
        self._places = [TopicPartition(topic, number) for number in range(partitions)]
        self._consumer.assign(self._places)

    def poll(self, timeout_ms: int = 100) -> list[Any]:
        """What has come since."""
        polled = self._consumer.poll(timeout_ms=timeout_ms)
        return [record for records in polled.values() for record in records]

    def rest(self) -> Iterator[Any]:
        """All that has come since, up to now."""
        ends = self._consumer.end_offsets(self._places)
        while any(self._consumer.position(place) < end for place, end in ends.items()):
            yield from self.poll()

    def written(self) -> int:
        """How many offsets the topic has taken, markers of transactions included; 0 while it has no leader yet."""
        try:
            return sum(self._consumer.end_offsets(self._places).values())
        except KafkaError:
            return 0

    def close(self) -> None:
        self._consumer.close()
