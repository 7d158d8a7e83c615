"""The worker: one consumer in the group, its partition loops, and what it tells of itself. A service of the Faust app."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from config.catalogue import Catalogue
from config.kafka_security import aiokafka_security, kafka_python_security
from config.settings import Settings
from streams.admin.cluster import Cluster
from streams.admin.failure import BrokersAwayError
from streams.live.assignment import Assignment
from streams.live.kafka_log import partition_count
from streams.live.partition import PartitionLoop, Phase
from streams.live.tools import Tools, Topics
from streams.metrics import Metrics
from streams.rocks import RocksMemory
from streams.state_folder import StateFolder

log = structlog.get_logger(__name__)

_LONGEST_BACK_OFF_S = 10.0
_BROKER_SILENCE_S = 15.0
_STALLED_S = 30.0
_CAUGHT_UP_RECORDS = 20_000


class Choices(msgspec.Struct, frozen=True):
    """What the operator accepts on the command line."""

    accept_gap: bool = False
    accept_dead_letters: bool = False


class AttributionWorker:
    """Serves the attribution decider's partitions until it is stopped or fails."""

    def __init__(self, settings: Settings, catalogue: Catalogue, choices: Choices) -> None:
        self.metrics = Metrics()
        self.failure: BaseException | None = None
        self.over = asyncio.Event()
        """Set when the worker cannot go on; `failure` says why."""
        self._settings = settings
        self._catalogue = catalogue
        self._choices = choices
        self._topics = Topics.under(settings.topic_prefix)
        self._group = f"{settings.group}.attribution"
        self._assignment: Assignment | None = None
        self._folder: StateFolder | None = None
        self._consumer: Any = None
        self._waiting_for_brokers = False
        self._heard_at = time.monotonic()

    # Life

    async def start(self) -> None:
        """Join the group, once the brokers answer.

        Raises:
            EvenhandError: something that only a person can mend.
        """
        cluster = Cluster(self._settings.kafka_bootstrap_servers, kafka_python_security(self._settings))
        cluster_id, partitions = await self._when_brokers_answer(cluster)
        self._folder = StateFolder(self._settings.state_dir, cluster_id, self._group)
        connection = {
            "bootstrap_servers": self._settings.kafka_bootstrap_servers,
            "client_id": "evenhand",
            **aiokafka_security(self._settings),
        }
        session_ms = round(self._settings.session_timeout.total_seconds() * 1000)
        self._consumer = AIOKafkaConsumer(
            **connection,
            group_id=self._group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=max(100, session_ms // 6),
            max_poll_interval_ms=600_000,
            rebalance_timeout_ms=10_000,
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=2 << 20,
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        tools = Tools(
            settings=self._settings,
            catalogue=self._catalogue,
            topics=self._topics,
            group=self._group,
            cluster_id=cluster_id,
            partitions=partitions,
            cluster=cluster,
            connection=connection,
            consumer=self._consumer,
            folder=self._folder,
            memory=RocksMemory(),
            metrics=self.metrics,
            accept_gap=self._choices.accept_gap,
            accept_dead_letters=self._choices.accept_dead_letters,
        )
        self._assignment = Assignment(
            self._topics.inputs, lambda partition: PartitionLoop(tools, partition), self._consumer.pause, self.crash
        )
        self._consumer.subscribe(list(self._topics.inputs), listener=self._assignment)
        await self._consumer.start()
        log.info("worker started", group=self._group, partitions=partitions, catalogue=self._catalogue.source)

    async def _when_brokers_answer(self, cluster: Cluster) -> tuple[str, int]:
        back_off = 0.5
        while True:
            try:
                topics = (*self._topics.inputs, *self._topics.outputs)
                answer = await asyncio.to_thread(partition_count, cluster, topics)
            except BrokersAwayError as error:
                self._waiting_for_brokers = True
                log.warning("waiting for the brokers", why=str(error), in_seconds=back_off)
                await asyncio.sleep(back_off)
                back_off = min(back_off * 2, _LONGEST_BACK_OFF_S)
            else:
                self._waiting_for_brokers = False
                return answer

    async def stop(self) -> None:
        """Save the state, then leave the group."""
        if self._assignment is not None:
            await self._assignment.stop()
        if self._consumer is not None:
            try:
                await asyncio.wait_for(self._consumer.stop(), 10)
            except (KafkaError, TimeoutError) as error:
                log.warning("left the group without a word", why=str(error))
        if self._folder is not None:
            self._folder.close()

    def crash(self, error: BaseException) -> None:
        """Remember the first thing that went wrong, and have the worker stopped."""
        if self.failure is None:
            self.failure = error
        self.over.set()

    # What it does and tells now and then

    async def commit_for_monitoring(self) -> None:
        """Tell Kafka how far the state goes, so that the usual tools show the lag. Nothing reads it back."""
        offsets = {}
        for partition, loop in self._loops().items():
            for topic, offset in zip(self._topics.inputs, loop.offsets().values(), strict=False):
                offsets[TopicPartition(topic, partition)] = offset
        if offsets:
            try:
                await self._consumer.commit(offsets)
            except KafkaError as error:
                log.debug("offsets not committed", why=str(error))

    async def listen(self) -> None:
        """Ask the brokers for a sign of life."""
        partition = next(iter(self._loops()), None)
        if partition is None:
            return
        try:
            await asyncio.wait_for(self._consumer.end_offsets([TopicPartition(self._topics.touchpoints, partition)]), 5)
            self._heard_at = time.monotonic()
        except (KafkaError, TimeoutError) as error:
            log.warning("no sign of life from the brokers", why=str(error) or type(error).__name__)

    def measure(self) -> None:
        """Bring the gauges up to date and log one line a partition."""
        for partition, loop in self._loops().items():
            lags = {topic: self.lag(topic, partition) for topic in self._topics.inputs}
            for topic, lag in lags.items():
                self.metrics.lag.labels(topic, str(partition)).set(lag)
            facts = loop.facts()
            self.metrics.waiting.labels(str(partition)).set(facts["waiting"])
            self.metrics.state_bytes.labels(str(partition)).set(facts["state_bytes"])
            self.metrics.snapshot_age.labels(str(partition)).set(time.monotonic() - loop.saving.saved_at)
            log.info("partition", partition=partition, phase=loop.phase.value, lag=sum(lags.values()), **facts)
        self.metrics.ready.set(self.unready() is None)

    def lag(self, topic: str, partition: int) -> int:
        """How many records of a topic partition are not decided yet, as far as is known here."""
        loop = self._loops().get(partition)
        end = self._consumer.highwater(TopicPartition(topic, partition)) if loop is not None else None
        if loop is None or end is None:
            return 0
        offset = loop.offsets().get(topic.removeprefix(self._settings.topic_prefix), 0)
        return max(0, end - offset)

    def unready(self) -> str | None:
        """Why the worker is not ready; None when it owns its partitions, keeps up and hears the brokers."""
        if self._waiting_for_brokers or time.monotonic() - self._heard_at > _BROKER_SILENCE_S:
            return "no broker answers"
        if self._assignment is None or not self._assignment.settled:
            return "no partitions are assigned yet"
        for partition, loop in self._loops().items():
            if loop.phase is not Phase.RUNNING:
                return f"partition {partition} is {loop.phase.value}"
            lag = sum(self.lag(topic, partition) for topic in self._topics.inputs)
            if lag > _CAUGHT_UP_RECORDS:
                return f"partition {partition} is {lag} records behind"
            if lag and time.monotonic() - loop.progressed_at > _STALLED_S:
                return f"partition {partition} makes no progress though it is {lag} records behind"
        return None

    def _loops(self) -> dict[int, PartitionLoop]:
        return self._assignment.loops if self._assignment is not None else {}
