"""A loop by hand: aiokafka, msgspec and ordered keys in RocksDB. No validation, transactions, changelog or rebalance.

It shows what Python can do at most. Key of a touchpoint: contact 00 occurred event_id; value: expires, dimensions 00
the ready beginning of its credit. A conversion waits until its touchpoint partition has passed it or is read to its
end. The rows of a batch and its offsets go in one write. Nothing expires: that costs it state and saves it a sweep.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime
from struct import Struct
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from rocksdict import Options, Rdict, ReadOptions, WriteBatch

from benchmarks.peers import job

LONGEST_MS: Final = 14 * 86_400_000
MOST_WAITING: Final = 20_000
INSTANT: Final = Struct(">q")
FOR_EVER: Final = 1 << 62


class Touchpoint(msgspec.Struct):
    event_id: str
    contact_id: str
    occurred_at: datetime
    lifetime_s: int
    dimensions: msgspec.Raw


class Conversion(msgspec.Struct):
    event_id: str
    contact_id: str
    occurred_at: datetime
    value: str
    currency: str


touchpoint = msgspec.json.Decoder(Touchpoint).decode
conversion = msgspec.json.Decoder(Conversion).decode
dimensions = msgspec.json.Decoder(dict[str, str]).decode
encode = msgspec.json.Encoder().encode


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000 + 0.5)


def row(fact: Touchpoint) -> tuple[int, bytes, bytes]:
    """When it occurred, key and value."""
    at = milliseconds(fact.occurred_at)
    event_id, described = fact.event_id.encode(), bytes(fact.dimensions)
    head = b'{"touchpoint_id":"%b","dimensions":%b,"value":' % (event_id, described)
    key = b"%b\0%b%b" % (fact.contact_id.encode(), INSTANT.pack(at), event_id)
    return at, key, b"%b%b\0%b" % (INSTANT.pack(at + fact.lifetime_s * 1000), described, head)


def active(rows: Any, contact: bytes, at: int) -> list[bytes]:
    """The values of the contact's active touchpoints, in their order."""
    rows.seek(contact + b"\0" + INSTANT.pack(at - LONGEST_MS))
    end, now = contact + b"\0" + INSTANT.pack(at + 1), INSTANT.pack(at)
    found = []
    while rows.valid() and rows.key() < end:
        value = rows.value()
        if value[:8] >= now:
            found.append(value)
        rows.next()
    return found


def credit(fact: Conversion, at: int, rows: Any) -> bytes:
    """The message of a conversion."""
    evidence = active(rows, fact.contact_id.encode(), at)
    pounds, pence = fact.value.split(".")
    value = int(pounds) * 100 + int(pence)
    sums: dict[str, dict[str, int]] = {name: {} for name in job.DIMENSIONS}
    by_description: dict[bytes, int] = {}
    credits = []
    part, over = divmod(value, len(evidence)) if evidence else (0, 0)
    for place, held in enumerate(evidence):
        described, head = held[8:].split(b"\0")
        share = part + (place < over)
        by_description[described] = by_description.get(described, 0) + share
        credits.append(b"%b%d}" % (head, share))
    for described, share in by_description.items():
        for name, chosen in dimensions(described).items():
            sums[name][chosen] = sums[name].get(chosen, 0) + share
    head = encode(
        {"conversion_id": fact.event_id, "contact_id": fact.contact_id, "currency": fact.currency, "value": value}
    )
    tail = encode({"by_dimension": sums, "unattributed": 0 if evidence else value})
    return b'%b,"credits":[%b],%b' % (head[:-1], b",".join(credits), tail[1:])


class Loop:
    """Both topics, all partitions, one store."""

    def __init__(self, consumer: Any, producer: Any, store: Rdict) -> None:
        self._consumer = consumer
        self._producer = producer
        self._store = store
        self._newest = dict.fromkeys(range(job.PARTITIONS), -1)
        self._waiting: dict[int, deque[tuple[int, int, Conversion]]] = {p: deque() for p in self._newest}

    async def turn(self) -> None:
        """One batch: keep its touchpoints, answer the conversions that may be answered."""
        fetched = await self._consumer.getmany(timeout_ms=200, max_records=8000)
        writes = WriteBatch(raw_mode=True)
        for place, records in fetched.items():
            if place.topic == job.TOUCHPOINTS:
                self._keep(place.partition, records, writes)
            else:
                self._waiting[place.partition].extend(
                    (record.offset, milliseconds(fact.occurred_at), fact)
                    for record in records
                    for fact in (conversion(record.value),)
                )
        self._store.write(writes)
        await self._answer()
        for partition, waiting in self._waiting.items():  # conversions must not run away from their touchpoints
            place = TopicPartition(job.CONVERSIONS, partition)
            (self._consumer.pause if len(waiting) > MOST_WAITING else self._consumer.resume)(place)

    def _keep(self, partition: int, records: list[Any], writes: WriteBatch) -> None:
        for record in records:
            at, key, value = row(touchpoint(record.value))
            self._newest[partition] = max(self._newest[partition], at)
            writes.put(key, value)
        writes.put(b"\0%d" % partition, INSTANT.pack(records[-1].offset + 1))

    async def _answer(self) -> None:
        rows = self._store.iter(ReadOptions())
        under_way = []
        writes = WriteBatch(raw_mode=True)
        for partition, waiting in self._waiting.items():
            passed = await self._passed(partition)
            if not waiting or waiting[0][1] > passed:
                continue
            batch = self._producer.create_batch()
            while waiting and waiting[0][1] <= passed:
                offset, at, fact = waiting.popleft()
                key, message = fact.event_id.encode(), credit(fact, at, rows)
                if batch.append(key=key, value=message, timestamp=None) is None:
                    under_way.append(await self._producer.send_batch(batch, job.CREDITS, partition=partition))
                    batch = self._producer.create_batch()
                    batch.append(key=key, value=message, timestamp=None)
                writes.put(b"\1%d" % partition, INSTANT.pack(offset + 1))
            under_way.append(await self._producer.send_batch(batch, job.CREDITS, partition=partition))
        for acknowledged in under_way:
            await acknowledged
        self._store.write(writes)

    async def _passed(self, partition: int) -> int:
        """The time up to which all touchpoints are in the store."""
        place = TopicPartition(job.TOUCHPOINTS, partition)
        end = self._consumer.highwater(place)
        is_read = end is not None and await self._consumer.position(place) >= end
        return FOR_EVER if is_read else self._newest[partition]


async def main() -> None:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=job.BOOTSTRAP,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 << 20,
        fetch_max_bytes=16 << 20,
    )
    consumer.assign([TopicPartition(t, p) for t in (job.TOUCHPOINTS, job.CONVERSIONS) for p in range(job.PARTITIONS)])
    producer = AIOKafkaProducer(
        bootstrap_servers=job.BOOTSTRAP, acks="all", max_batch_size=8 << 20, max_request_size=job.MAX_MESSAGE
    )
    await consumer.start()
    await producer.start()
    loop = Loop(consumer, producer, Rdict(f"{job.STATE_DIR}/db", options))
    while True:
        await loop.turn()


if __name__ == "__main__":
    asyncio.run(main())
