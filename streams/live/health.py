"""What is seen of a worker from outside: whether it is ready, how far it lags, a log line a partition, the gauges."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.live.assignment import Assignment
from streams.live.partition import PartitionLoop, Phase
from streams.live.processor import Role
from streams.live.tools import Topics
from streams.metrics import Metrics

log = structlog.get_logger(__name__)

BROKER_SILENCE_S: Final = 10.0
"""After that long without an answer the brokers count as away."""
STALLED_S: Final = 30.0
"""A partition that decides nothing for that long counts as stalled, if it has records to decide."""
CAUGHT_UP_RECORDS: Final = 20_000
"""A partition that lags by more, over its two topics, has not caught up."""
_ANSWER_S = 4.0


class Health:
    """Watches a worker's partitions. `watch` begins it, once the worker has joined its group."""

    def __init__(self, role: Role, topics: Topics, metrics: Metrics, *, saves: bool) -> None:
        """`saves`: whether there is a place for snapshots."""
        self.waiting_for: str | None = None
        """Why the worker cannot join yet; None when nothing hinders it."""
        self._role = role
        self._topics = topics
        self._metrics = metrics
        self._saves = saves
        self._consumer: AIOKafkaConsumer | None = None
        self._assignment: Assignment | None = None
        self._ends: Mapping[TopicPartition, int] = {}
        self._heard_at = time.monotonic()
        self._measured: set[int] = set()

    def watch(self, consumer: AIOKafkaConsumer, assignment: Assignment) -> None:
        """The worker has just joined with these."""
        self._consumer, self._assignment = consumer, assignment
        self._heard_at = time.monotonic()

    async def listen(self) -> None:
        """Ask the brokers for a sign of life, and where the partitions' topics end."""
        if self._consumer is None:
            return
        places = [place for partition in self._loops or (0,) for place in self._places(partition)]
        try:
            self._ends = await asyncio.wait_for(self._consumer.end_offsets(places), _ANSWER_S)
            self._heard_at = time.monotonic()
        except (KafkaError, TimeoutError) as error:
            log.warning("no sign of life from the brokers", why=str(error) or "they do not answer")

    async def unready(self) -> str | None:
        """Why the worker is not ready; None when it owns its partitions, keeps up and hears the brokers."""
        if self.waiting_for is not None:
            return self.waiting_for
        if time.monotonic() - self._heard_at > BROKER_SILENCE_S:
            return "no Kafka broker answers"
        if self._assignment is None or not self._assignment.settled:
            return "no partitions are assigned yet"
        for partition, loop in self._loops.items():
            if loop.phase is not Phase.RUNNING:
                return f"partition {partition} is {loop.phase.value}"
            busy_s = time.monotonic() - loop.looked_at
            if busy_s > STALLED_S:
                return f"partition {partition} has been at the same records for {busy_s:.0f} s"
            lag = sum((await self._lags(partition, loop)).values())
            if lag > CAUGHT_UP_RECORDS:
                return f"partition {partition} is {lag} records behind"
            if lag and time.monotonic() - loop.progressed_at > STALLED_S:
                return f"partition {partition} makes no progress though it is {lag} records behind"
        return None

    async def measure(self) -> None:
        """The gauges are up to date."""
        metrics = self._metrics
        for partition in self._measured - self._loops.keys():
            metrics.forget(self._role.name, self._topics.inputs, partition)
        for partition, loop in self._loops.items():
            labels = self._role.name, str(partition)
            for topic, lag in (await self._lags(partition, loop)).items():
                metrics.lag.labels(self._role.name, topic, str(partition)).set(lag)
            facts = loop.facts()
            metrics.waiting.labels(*labels).set(facts["waiting"])
            metrics.state_bytes.labels(*labels).set(facts["state_bytes"])
            if self._saves:
                metrics.snapshot_age.labels(*labels).set(time.monotonic() - loop.saving.saved_at)
        self._measured = set(self._loops)

    async def tell(self) -> None:
        """Log one line a partition."""
        for partition, loop in self._loops.items():
            lag = sum((await self._lags(partition, loop)).values())
            log.info(
                "partition",
                decider=self._role.name,
                partition=partition,
                phase=loop.phase.value,
                lag=lag,
                **loop.facts(),
            )

    @property
    def _loops(self) -> dict[int, PartitionLoop]:
        return {} if self._assignment is None else dict(self._assignment.loops)

    def _places(self, partition: int) -> list[TopicPartition]:
        return [TopicPartition(topic, partition) for topic in self._topics.inputs]

    async def _lags(self, partition: int, loop: PartitionLoop) -> dict[str, int]:
        """By full name of the topic, how many of its records can be read and are not decided, as far as known here."""
        offsets = loop.offsets()
        return {
            place.topic: await self._lag(place, offsets.get(name), loop)
            for name, place in zip(self._role.names, self._places(partition), strict=True)
        }

    async def _lag(self, place: TopicPartition, offset: int | None, loop: PartitionLoop) -> int:
        consumer = self._consumer
        if consumer is None or offset is None or place not in consumer.assignment():
            return 0
        end: int = max(self._ends.get(place, 0), consumer.last_stable_offset(place) or 0)
        if offset < end and loop.phase is Phase.RUNNING and time.monotonic() - loop.progressed_at > STALLED_S:
            # Behind the last record there may be marks of transactions, which nobody ever decides.
            offset = await consumer.position(place)
        return max(0, end - offset)
