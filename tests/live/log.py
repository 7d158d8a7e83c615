"""The topics of an installation, written and read without the project's own code."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from tests.kafka import Broker

DEADLINE_S = 60.0


class Sent(NamedTuple):
    """A record as a producer sends it. Without a partition it goes where its key's murmur2 says."""

    topic: str
    """The bare name."""
    key: bytes | None
    value: bytes | None
    partition: int | None = None


class Logged(NamedTuple):
    """A record of a topic as a subscriber gets it."""

    topic: str
    """The full name."""
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    covers: dict[str, int]

    @property
    def place(self) -> tuple[str, int, int]:
        """What tells it from every other record."""
        return self.topic, self.partition, self.offset


@contextmanager
def producing(broker: Broker) -> Iterator[KafkaProducer]:
    """A producer as the docs ask for: idempotent, and patient while the broker is away."""
    producer = KafkaProducer(
        bootstrap_servers=broker.internal,
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        delivery_timeout_ms=120_000,
        max_block_ms=60_000,
    )
    try:
        yield producer
        producer.flush(timeout=DEADLINE_S)
    finally:
        producer.close(timeout=DEADLINE_S)


def send(producer: KafkaProducer, prefix: str, records: Iterable[Sent]) -> None:
    """The records are on their way, in their order."""
    for record in records:
        producer.send(prefix + record.topic, record.value, record.key, partition=record.partition)


def produce(broker: Broker, prefix: str, records: Iterable[Sent]) -> None:
    """The topics have these records."""
    with producing(broker) as producer:
        send(producer, prefix, records)


class Reader:
    """Follows topics from their beginnings, committed records only."""

    def __init__(self, broker: Broker, topics: Iterable[str]) -> None:
        """`topics`: full names."""
        self._consumer = KafkaConsumer(
            bootstrap_servers=broker.internal,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
            max_poll_records=5_000,
        )
        self._places = [
            TopicPartition(topic, number)
            for topic in topics
            for number in sorted(self._consumer.partitions_for_topic(topic) or ())
        ]
        self._consumer.assign(self._places)

    def poll(self) -> list[Logged]:
        """What has come since."""
        polled = self._consumer.poll(timeout_ms=100)
        return [_logged(record) for records in polled.values() for record in records]

    def rest(self) -> list[Logged]:
        """All that has come since, up to now; by topic, partition and offset."""
        ends = self._consumer.end_offsets(self._places)
        logged: list[Logged] = []
        give_up = time.monotonic() + DEADLINE_S
        while any(self._consumer.position(place) < end for place, end in ends.items()):
            assert time.monotonic() < give_up, f"{self._places} could not be read to their ends"
            logged += self.poll()
        return sorted(logged, key=lambda record: record.place)

    def ends(self) -> dict[TopicPartition, int]:
        """Where each partition ends now."""
        ends: dict[TopicPartition, int] = self._consumer.end_offsets(self._places)
        return ends

    def close(self) -> None:
        self._consumer.close()


def read(broker: Broker, *topics: str) -> list[Logged]:
    """Every committed record that the topics (full names) have now, by topic, partition and offset."""
    reader = Reader(broker, topics)
    try:
        return reader.rest()
    finally:
        reader.close()


def _logged(record: Any) -> Logged:
    covers = json.loads(dict(record.headers).get("covers", b"{}"))
    return Logged(record.topic, record.partition, record.offset, record.timestamp, record.key, record.value, covers)
