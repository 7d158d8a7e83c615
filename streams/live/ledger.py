"""The output topics are the ledger of what has been said: read from where the state ends, say nothing twice."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from msgspec import Struct, field

from config.errors import BrokenEnvironmentError
from streams.live.publisher import COVERS, LIFT, RESTATED
from streams.received import Received

# Text inside JSON strings has its quotes escaped, so this stands only where the encoder put it.
_VERSION = re.compile(rb'","version":([0-9]+),"currency"')
_DEADLINE_S = 60.0


class Ledger(Struct):
    """What a partition's outputs say beyond the state."""

    covers: dict[str, int] = field(default_factory=dict)
    """By input topic (full name), the offset up to which everything was said."""
    dead: set[tuple[str, int]] = field(default_factory=set)
    """The refused records that are dead letters already: (topic, offset)."""
    ends: dict[str, int] = field(default_factory=dict)
    """By output topic, how far was read."""
    restated: int = 0
    """How often the partition had been restated when the last of them was said."""
    dead_letters: str = ""
    """The topic (full name) that other roles write to as well."""
    decides: frozenset[str] = frozenset()
    """The input topics (full names) whose dead letters are this role's."""

    def is_dead(self, record: Received) -> bool:
        """Whether the record is a dead letter already."""
        return (record.topic, record.offset) in self.dead

    def is_own(self, record: ConsumerRecord) -> bool:
        """Whether this role said the record: every role's dead letters stand in one topic."""
        return record.topic != self.dead_letters or dead_letter_identity(record)[0] in self.decides


class SaidCredit(Struct, frozen=True):
    """A version of a credit that stands in the topic."""

    contact_id: bytes
    conversion_id: bytes
    model: str
    """Of a shadow model its name; of the conversion's own nothing."""
    version: int
    lift: int
    value: bytes


async def read_outputs(
    connection: Mapping[str, Any], partition: int, starts: Mapping[str, int], ledger: Ledger
) -> AsyncIterator[ConsumerRecord]:
    """The role's own committed records of output topics, from the starts to where they ended just now.

    Meanwhile `ledger` notes covers and ends. Another role may have a transaction open in the topic of dead letters, and
    our own records stand behind it: so the ends are those of the log, and what is open there is waited for.

    Raises:
        BrokenEnvironmentError: the topics could not be read to their end in a minute without progress.
    """
    consumer = AIOKafkaConsumer(
        **connection,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 << 20,
    )
    await consumer.start()
    try:
        topics = {TopicPartition(topic, partition): start for topic, start in starts.items()}
        consumer.assign(list(topics))
        ends = await _log_ends(connection, list(topics))
        begins = await consumer.beginning_offsets(list(topics))
        for place, start in topics.items():
            consumer.seek(place, max(start, begins[place]))
        progress = asyncio.get_running_loop().time()
        while left := [place for place in topics if await consumer.position(place) < ends[place]]:
            batches = await consumer.getmany(*left, timeout_ms=200)
            now = asyncio.get_running_loop().time()
            if batches:
                progress = now
            elif now - progress > _DEADLINE_S:
                raise BrokenEnvironmentError(
                    f"{left[0].topic}, partition {partition}: cannot be read to its end; look at the broker"
                )
            for records in batches.values():
                for record in records:
                    if ledger.is_own(record):
                        _note_headers(ledger, record)
                        yield record
        ledger.ends.update({place.topic: end for place, end in ends.items()})
    finally:
        await consumer.stop()


async def _log_ends(connection: Mapping[str, Any], places: list[TopicPartition]) -> dict[TopicPartition, int]:
    """Where the log ends, what stands in open transactions included."""
    consumer = AIOKafkaConsumer(**connection, isolation_level="read_uncommitted", enable_auto_commit=False)
    await consumer.start()
    try:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
        return ends
    finally:
        await consumer.stop()


def said_credit(record: ConsumerRecord) -> SaidCredit | None:
    """What a record of topic `credits` or `credits.shadow` says; None for a tombstone."""
    if record.value is None:
        return None
    contact_id, conversion_id, *shadow = json.loads(record.key)
    found = _VERSION.search(record.value)
    assert found is not None, "only this program writes to its outputs"
    return SaidCredit(
        contact_id=contact_id.encode(),
        conversion_id=conversion_id.encode(),
        model="".join(shadow),
        version=int(found[1]),
        lift=next((int(value) for name, value in record.headers if name == LIFT), 0),
        value=record.value,
    )


def content_of(message: bytes) -> bytes:
    """What a credit's message says, but for the version."""
    return _VERSION.sub(b"", message, count=1)


def dead_letter_identity(record: ConsumerRecord) -> tuple[str, int]:
    """The topic and offset of the record that a dead letter refuses."""
    letter = json.loads(record.value)
    return letter["topic"], letter["offset"]


def _note_headers(ledger: Ledger, record: ConsumerRecord) -> None:
    for name, value in record.headers:
        if name == COVERS:
            for topic, offset in json.loads(value).items():
                ledger.covers[topic] = max(offset, ledger.covers.get(topic, 0))
        elif name == RESTATED:
            ledger.restated = max(int(value), ledger.restated)
