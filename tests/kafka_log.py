"""Topics of the broker under test, written and read without the project's own code."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import InvalidReplicationFactorError

from streams.admin.attempts import failed_attempts
from tests.kafka import Broker


class Entry(NamedTuple):
    """A record of a topic."""

    partition: int
    key: bytes | None
    value: bytes | None


def input_topics(prefix: str, partitions: int) -> dict[str, int]:
    """The partitions of each topic that producers write to; what is defined for everybody has one."""
    of_facts = dict.fromkeys(("touchpoints", "conversions", "interactions", "contacts"), partitions)
    return {prefix + name: count for name, count in {**of_facts, "definitions": 1}.items()}


@failed_attempts()
def make_topics(broker: Broker, partitions: Mapping[str, int], **config: str) -> None:
    """These topics exist, with so many partitions each, and can be written to."""
    admin = KafkaAdminClient(bootstrap_servers=broker.internal)
    new = [NewTopic(name, count, 1, topic_configs=config) for name, count in partitions.items()]
    deadline = time.monotonic() + 20
    while True:
        try:
            admin.create_topics(new)
            break
        except InvalidReplicationFactorError:
            # A broker that has just started answers a moment before it may hold replicas.
            assert time.monotonic() < deadline
            time.sleep(0.1)
    admin.wait_for_topics(list(partitions))
    admin.close()


@failed_attempts()
def write(broker: Broker, topic: str, entries: Iterable[Entry]) -> None:
    """The topic has these records."""
    producer = KafkaProducer(bootstrap_servers=broker.internal, acks="all", linger_ms=5)
    sent = [producer.send(topic, entry.value, entry.key, partition=entry.partition) for entry in entries]
    for future in sent:
        future.get(timeout=20)
    producer.close()


@failed_attempts()
def read(broker: Broker, topic: str) -> list[Entry]:
    """Every record that the topic has now, by partition, in the order of its log."""
    consumer = KafkaConsumer(bootstrap_servers=broker.internal, auto_offset_reset="earliest", fetch_max_wait_ms=50)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    entries: list[Entry] = []
    deadline = time.monotonic() + 20
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        assert time.monotonic() < deadline, f"{topic} could not be read to its end"
        for records in consumer.poll(timeout_ms=200).values():
            entries += [Entry(record.partition, record.key, record.value) for record in records]
    consumer.close()
    return sorted(entries, key=lambda entry: entry.partition)
