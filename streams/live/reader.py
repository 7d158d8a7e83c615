"""A reader of committed records that belongs to no group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.live.comparison import Change

_RECALL_MS = 10_000


def reader(connection: Mapping[str, Any]) -> AIOKafkaConsumer:
    """A consumer that is not started yet. Assign it once: given other partitions and stopped at once, it would not end.

    `connection`: aiokafka's bootstrap servers and security.
    """
    return AIOKafkaConsumer(
        **connection,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=2 << 20,
    )


@asynccontextmanager
async def running(consumer: AIOKafkaConsumer) -> AsyncIterator[AIOKafkaConsumer]:
    """The consumer runs inside. Raises KafkaError when no broker lets it."""
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def recall(connection: Mapping[str, Any], place: TopicPartition, changes: Sequence[Change]) -> None:
    """The changes know the messages that stand where they would be said; `place` is the partition of `credits`."""
    known = [change for change in changes if change.offset >= 0]
    if not known:
        return
    async with running(reader(connection)) as consumer:
        consumer.assign([place])
        for change in known:
            consumer.seek(place, change.offset)
            for record in (await consumer.getmany(place, timeout_ms=_RECALL_MS, max_records=1)).get(place, ()):
                change.was = record.value if record.offset == change.offset else None
