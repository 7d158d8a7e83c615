"""Publishing for one partition: a transactional producer of its own, which fences whoever owned it before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation, KafkaError
from msgspec import Struct

TRANSACTION_BYTES: Final = 8 << 20
_BATCH_BYTES: Final = 512 << 10
_GOODBYE_S: Final = 5
COVERS, LIFT, RESTATED, ORIGIN = "covers", "lift", "restated", "origin"


class NotPublishedError(Exception):
    """The transaction did not end as it should, or nobody knows; only a takeover tells what was said."""


class Output(Struct, frozen=True):
    """A record to write to an output topic (full name)."""

    topic: str
    key: bytes | None
    value: bytes | None
    """None: a tombstone, the key is no more."""
    lift: int = 0
    origin: str = ""
    """Of what has no identity of its own: where the record stands that it is about."""

    @property
    def size(self) -> int:
        return 0 if self.value is None else len(self.value)


class Publisher:
    """Writes outputs in transactions, to one partition number of every output topic."""

    def __init__(self, connection: Mapping[str, Any], transactional_id: str, partition: int) -> None:
        """`connection`: aiokafka's bootstrap servers and security."""
        self._partition = partition
        self._leaving: asyncio.Task[None] | None = None
        self._producer = AIOKafkaProducer(
            **connection,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            max_request_size=16 << 20,
            request_timeout_ms=15_000,
            transaction_timeout_ms=30_000,
            transactional_id=transactional_id,
        )

    async def start(self) -> None:
        """Take the transactional id: a former owner is fenced, what it had open is aborted."""
        await self._producer.start()

    async def publish(
        self, said: Iterable[list[Output]], covers: Mapping[str, int], restated: int = 0
    ) -> dict[str, int]:
        """Write everything that is said; what stands in one list goes into one transaction.

        Args:
            covers: by input topic (full name), the offset up to which (exclusive) the state goes.
            restated: how often the partition had been restated when its state was begun.

        Returns:
            By output topic, the offset behind the last record written.

        Raises:
            NotPublishedError: whatever went wrong.
        """
        headers = [(COVERS, json.dumps(covers, separators=(",", ":")).encode())]
        if restated:
            headers.append((RESTATED, str(restated).encode()))
        ends: dict[str, int] = {}
        try:
            transaction = _Transaction(self._producer, self._partition, headers)
            for outputs in said:
                if (
                    transaction.bytes
                    and transaction.bytes + sum([output.size for output in outputs]) > TRANSACTION_BYTES
                ):
                    ends.update(await transaction.commit())
                    transaction = _Transaction(self._producer, self._partition, headers)
                for output in outputs:
                    await transaction.add(output)
            ends.update(await transaction.commit())
        except (KafkaError, IllegalOperation, OSError, AssertionError) as error:
            raise NotPublishedError(f"{type(error).__name__}: {error}") from error
        return ends

    async def stop(self) -> None:
        """Leave; an open transaction is aborted by whoever comes next, or by its timeout.

        While no broker answers the producer cannot say goodbye: it goes on trying, and whoever comes next fences it.
        """
        self._leaving = asyncio.create_task(self._leave())
        await asyncio.wait([self._leaving], timeout=_GOODBYE_S)

    async def _leave(self) -> None:
        with suppress(KafkaError, OSError):  # fenced or cut off: there is nobody left to say goodbye to
            await self._producer.stop()


class _Transaction:
    def __init__(self, producer: AIOKafkaProducer, partition: int, headers: list[tuple[str, bytes]]) -> None:
        self._producer = producer
        self._partition = partition
        self._headers = headers
        self._batches: dict[str, Any] = {}
        self._sent: dict[str, list[tuple[asyncio.Future[Any], int]]] = {}
        self.bytes = 0

    async def add(self, output: Output) -> None:
        if not self.bytes:
            await self._producer.begin_transaction()
        self.bytes += output.size + 64
        headers = self._headers
        if output.lift:
            headers = [*headers, (LIFT, str(output.lift).encode())]
        if output.origin:
            headers = [*headers, (ORIGIN, output.origin.encode())]
        batch = self._batches.get(output.topic) or self._producer.create_batch()
        added = batch.append(key=output.key, value=output.value, timestamp=None, headers=headers)
        if added is None:
            await self._send(output.topic, batch)
            batch = self._producer.create_batch()
            batch.append(key=output.key, value=output.value, timestamp=None, headers=headers)
        self._batches[output.topic] = batch

    async def _send(self, topic: str, batch: Any) -> None:
        future = await self._producer.send_batch(batch, topic, partition=self._partition)
        self._sent.setdefault(topic, []).append((future, batch.record_count()))

    async def commit(self) -> dict[str, int]:
        if not self.bytes:
            return {}
        for topic, batch in self._batches.items():
            await self._send(topic, batch)
        ends = {}
        for topic, sent in self._sent.items():
            for future, records in sent:
                first = await future  # the metadata of a batch names its first record
                ends[topic] = first.offset + records
        await self._producer.commit_transaction()
        return ends
