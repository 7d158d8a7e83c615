"""A role at a worker: one consumer in its group and its partition loops, from joining the group to leaving it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import Struct

from config.catalogue import Catalogue
from config.definitions import Definitions
from config.kafka_security import aiokafka_security, kafka_python_security
from config.settings import Settings
from streams.admin.cluster import Cluster
from streams.admin.failure import BrokersAwayError
from streams.live.assignment import Assignment
from streams.live.health import Health
from streams.live.kafka_log import partition_count, topic_ids
from streams.live.membership import denial, group_consumer, knock
from streams.live.partition import PartitionLoop
from streams.live.premises import check_same_topics
from streams.live.processor import Role
from streams.live.tools import Tools, Topics
from streams.metrics import Metrics
from streams.rocks import RocksMemory
from streams.state import Room
from streams.state_folder import StateFolder

log = structlog.get_logger(__name__)

_BACK_OFF_S, _LONGEST_BACK_OFF_S = 0.5, 5.0
_PATIENCE_S: Final = 3.0
"""For the brokers' first answer: no longer, so that a worker that waits for them can be stopped meanwhile."""
_GOODBYE_S: Final = 10.0


class Choices(Struct, frozen=True):
    """What the operator accepts on the command line."""

    accept_gap: bool = False
    accept_dead_letters: bool = False


class Shared(Struct, frozen=True):
    """What all roles of a worker have in common."""

    settings: Settings
    catalogue: Catalogue
    definitions: Definitions
    choices: Choices
    metrics: Metrics
    memory: RocksMemory
    room: Room
    crash: Callable[[BaseException], None]
    """Has the worker stopped."""


class Member:
    """Serves one role's partitions until it is stopped or fails."""

    def __init__(self, role: Role, shared: Shared) -> None:
        settings = shared.settings
        self.role = role
        self.topics = Topics.of(role, settings.topic_prefix)
        self.health = Health(role, self.topics, shared.metrics, saves=bool(settings.snapshot_url))
        self._shared = shared
        self._settings = settings
        self._group = f"{settings.group}.{role.name}"
        self._assignment: Assignment | None = None
        self._folder: StateFolder | None = None
        self._consumer: AIOKafkaConsumer | None = None
        self._topic_ids: dict[str, str] = {}

    async def start(self) -> None:
        """Join the group, once the brokers answer.

        Raises:
            EvenhandError: something that only a person can mend.
        """
        back_off = _BACK_OFF_S
        while True:
            try:
                await self._join()
            except (BrokersAwayError, KafkaError) as error:
                self.health.waiting_for = str(error)
                log.warning("waiting for the brokers", why=str(error), in_seconds=back_off)
                await asyncio.sleep(back_off)
                back_off = min(back_off * 2, _LONGEST_BACK_OFF_S)
            else:
                self.health.waiting_for = None
                return

    async def _join(self) -> None:
        security = kafka_python_security(self._settings)
        servers = self._settings.kafka_bootstrap_servers
        connection = {"bootstrap_servers": servers, "client_id": "evenhand", **aiokafka_security(self._settings)}
        await knock(connection)
        self._cluster = Cluster(servers, security, _PATIENCE_S)
        cluster_id, partitions = await asyncio.to_thread(partition_count, self._cluster, self.topics.all)
        self._topic_ids = self._topic_ids or await asyncio.to_thread(topic_ids, self._cluster, self.topics.all)
        self._folder = self._folder or StateFolder(self._settings.state_dir, cluster_id, self._group)
        consumer = group_consumer(connection, self._group, self._settings)
        tools = Tools(
            settings=self._settings,
            catalogue=self._shared.catalogue,
            definitions=self._shared.definitions,
            role=self.role,
            topics=self.topics,
            group=self._group,
            cluster_id=cluster_id,
            partitions=partitions,
            cluster=Cluster(servers, security),
            connection=connection,
            consumer=consumer,
            folder=self._folder,
            memory=self._shared.memory,
            room=self._shared.room,
            metrics=self._shared.metrics,
            accept_gap=self._shared.choices.accept_gap,
            accept_dead_letters=self._shared.choices.accept_dead_letters,
        )
        assignment = Assignment(
            self.topics.inputs, lambda partition: PartitionLoop(tools, partition), consumer.pause, self._shared.crash
        )
        consumer.subscribe(list(self.topics.inputs), listener=assignment)
        self._consumer, self._assignment = consumer, assignment
        try:
            await consumer.start()
        except KafkaError as error:
            await self._leave()
            raise denial(error, self._group, self._settings) or error from error
        self.health.watch(consumer, assignment)
        log.info("worker started", group=self._group, partitions=partitions, catalogue=self._shared.catalogue.source)

    async def stop(self) -> None:
        """Save the states, leave the group, let go of the state folder."""
        await self._leave()
        if self._folder is not None:
            self._folder.close()

    async def _leave(self) -> None:
        if self._assignment is not None:
            await self._assignment.stop()
            self._assignment = None
        if self._consumer is not None:
            try:
                await asyncio.wait_for(self._consumer.stop(), _GOODBYE_S)
            except (KafkaError, TimeoutError) as error:
                log.warning("left the group without a word", why=str(error))
            self._consumer = None

    async def watch_topics(self) -> None:
        """The topics are still those that the worker joined with; brokers that are away are no news.

        Raises:
            BrokenEnvironmentError: one was deleted, or deleted and made anew.
        """
        if self._topic_ids:
            with suppress(BrokersAwayError):
                check_same_topics(self._topic_ids, await asyncio.to_thread(topic_ids, self._cluster, self.topics.all))

    async def commit_for_monitoring(self) -> None:
        """Tell Kafka how far the state goes, so that the usual tools show the lag. Nothing reads it back."""
        if self._consumer is None or self._assignment is None:
            return
        offsets = {
            TopicPartition(topic, partition): offset
            for partition, loop in self._assignment.loops.items()
            for topic, offset in zip(self.topics.inputs, loop.offsets().values(), strict=False)
        }
        if offsets:
            try:
                await asyncio.wait_for(self._consumer.commit(offsets), _PATIENCE_S)
            except (KafkaError, TimeoutError) as error:
                log.debug("offsets not committed", why=str(error))
