"""Live events at a steady rate, and how long each conversion's credit took until it could be read.

Sent and read by one process that must not become the bottleneck: events are ready but for their time, and go in one
batch a partition every few milliseconds, as those of a busy collector would.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks import datasets
from benchmarks.datasets import NAMES, rfc3339
from benchmarks.installation import Installation
from benchmarks.topics import PARTITIONS, partition_of

WARM_UP_S: Final = 10.0
GRACE_S: Final = 5.0
_TICK_S: Final = 0.005
_CONTACTS: Final = 5_000
_TIME: Final = "@time@"


class Ready(NamedTuple):
    """An event that lacks only its time."""

    topic: str
    key: bytes
    before: bytes
    after: bytes
    conversion: str | None
    """Its id, when it is one."""


class Traffic:
    """A producer that keeps to a rate, and a subscriber that notes when each credit can be read."""

    def __init__(self, installation: Installation, rate: int, seconds: float) -> None:
        self.delays_ms: list[float] = []
        self.unanswered = 0
        """Conversions sent, warm-up apart, whose credit nobody could read some seconds after the last was sent."""
        self._installation = installation
        self._rate = rate
        self._ready = list(_events(installation, round(rate * (seconds + WARM_UP_S))))
        self._sent: dict[str, float] = {}

    async def flow(self) -> None:
        """Send everything at its time; give the last credits some seconds."""
        reading = asyncio.create_task(self._read())
        await self._send()
        await asyncio.sleep(GRACE_S)
        self.unanswered = len(self._sent)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    async def _send(self) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self._installation.bootstrap, acks="all")
        await producer.start()
        began = time.monotonic()
        sent = 0
        try:
            while sent < len(self._ready):
                due = min(len(self._ready), round((time.monotonic() - began) * self._rate))
                await self._send_now(producer, self._ready[sent:due], is_measured=sent > WARM_UP_S * self._rate)
                sent = due
                await asyncio.sleep(_TICK_S)
        finally:
            await producer.stop()

    async def _send_now(self, producer: Any, events: list[Ready], *, is_measured: bool) -> None:
        batches: defaultdict[tuple[str, int], Any] = defaultdict(producer.create_batch)
        now = rfc3339(time.time_ns() // 1_000_000).encode()
        for topic, key, before, after, conversion in events:
            batches[topic, partition_of(key)].append(key=key, value=before + now + after, timestamp=None)
            if conversion and is_measured:
                self._sent[conversion] = time.monotonic()
        for (topic, partition), batch in batches.items():
            await producer.send_batch(batch, topic, partition=partition)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._installation.bootstrap, isolation_level="read_committed", enable_auto_commit=False
        )
        consumer.assign([TopicPartition(self._installation.topic("credits"), number) for number in range(PARTITIONS)])
        await consumer.start()
        try:
            async for record in consumer:
                sent = self._sent.pop(json.loads(record.key)[1], None)
                if sent is not None:
                    self.delays_ms.append((time.monotonic() - sent) * 1000)
        finally:
            await consumer.stop()


def _events(installation: Installation, count: int) -> Iterator[Ready]:
    """One in ten a conversion, of contacts by chance."""
    chance = random.Random(1)
    topics = installation.topic("touchpoints"), installation.topic("conversions")
    for _ in range(count):
        is_conversion = chance.random() < 0.1
        event = _event(chance, is_conversion=is_conversion)
        before, after = json.dumps(event, separators=(",", ":")).split(_TIME)
        name = event["event_id"] if is_conversion else None
        yield Ready(topics[is_conversion], event["contact_id"].encode(), before.encode(), after.encode(), name)


def _event(chance: random.Random, *, is_conversion: bool) -> dict[str, Any]:
    event = {
        "event_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "contact_id": f"contact-{chance.randrange(_CONTACTS):06d}",
        "occurred_at": _TIME,
    }
    if is_conversion:
        return {"type": "conversion.recorded", **event, "name": "purchase", "value": "19.99", "currency": "GBP"}
    name = chance.choice(list(NAMES))
    return {"type": "touchpoint.recorded", **event, "name": name, "dimensions": datasets.dimensions(chance)}
