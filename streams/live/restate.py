"""Restating an installation: each partition's credits held against the catalogue as it is now, and said accordingly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import closing

import structlog
import uvloop
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from msgspec import Struct

from config.catalogue import Catalogue
from config.definitions import NO_DEFINITIONS
from config.errors import BrokenEnvironmentError, UsageError
from config.kafka_security import aiokafka_security, kafka_python_security
from config.settings import Settings
from events.topics import CREDITS
from streams.admin.cluster import Cluster
from streams.admin.group_members import require_no_members
from streams.live.attributing import ATTRIBUTION
from streams.live.client_log import tell_of_the_unforeseen, thin_out_complaints
from streams.live.comparison import Change, Tally
from streams.live.kafka_log import partition_count
from streams.live.reader import reader, recall, running
from streams.live.restatement import Restatement
from streams.live.tools import Tools, Topics
from streams.metrics import Metrics
from streams.progress import Progress
from streams.rocks import RocksMemory
from streams.snapshots import scopes_at
from streams.state import CACHED_TOUCHES, Room
from streams.state_folder import StateFolder

log = structlog.get_logger(__name__)


class Restated(Struct):
    """What came of it."""

    tallies: dict[int, Tally]
    """By partition."""
    changes: list[Change]
    """At most as many as were asked for."""


class Scale(Struct, frozen=True):
    """How much of it is to be done."""

    partitions: Sequence[int]
    """Empty: all."""
    dry_run: bool
    sample: int
    """How many changes a dry run is to show."""


def restate(settings: Settings, catalogue: Catalogue, scale: Scale, progress: Progress) -> Restated:
    """The credits in the topics are what the catalogue makes of their facts; the state beside them is its own.

    Raises:
        UsageError: there is no such partition.
        GroupInUseError: a worker is at work; a dry run goes on beside it.
        BrokenEnvironmentError: see `Restatement.run`.
    """
    if not logging.getLogger().isEnabledFor(logging.DEBUG):
        thin_out_complaints()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.get_loop().set_exception_handler(tell_of_the_unforeseen)
        return runner.run(_Restating(settings, catalogue, scale).run(progress))


class _Restating:
    def __init__(self, settings: Settings, catalogue: Catalogue, scale: Scale) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._scale = scale
        self._topics = Topics.of(ATTRIBUTION, settings.topic_prefix)
        self._group = f"{settings.group}.{ATTRIBUTION.name}"
        self._cluster = Cluster(settings.kafka_bootstrap_servers, kafka_python_security(settings))
        self._connection = {
            "bootstrap_servers": settings.kafka_bootstrap_servers,
            "client_id": "evenhand",
            **aiokafka_security(settings),
        }

    async def run(self, progress: Progress) -> Restated:
        scale, url = self._scale, self._settings.snapshot_url
        cluster_id, count = await asyncio.to_thread(partition_count, self._cluster, self._topics.all)
        partitions = sorted(set(scale.partitions)) or range(count)
        if partitions[-1] >= count:
            raise UsageError(
                f"there is no partition {partitions[-1]}: topic {self._topics.full(CREDITS)} has 0 to {count - 1}"
            )
        if not scale.dry_run:
            await asyncio.to_thread(require_no_members, self._cluster, self._group)
            if url:  # an outage had better come to light before the work
                await asyncio.to_thread(scopes_at, url)
        restated = Restated({}, [])
        # Apart from the workers' own, so that a dry run can be done beside them.
        folder_name = f"{self._group}.dry-run" if scale.dry_run else self._group
        with closing(StateFolder(self._settings.state_dir, cluster_id, folder_name)) as folder:
            for partition in partitions:
                if not scale.dry_run:
                    await asyncio.to_thread(require_no_members, self._cluster, self._group)
                try:
                    await self._one(partition, self._tools(cluster_id, count, folder), progress, restated)
                except KafkaError as error:
                    where = self._settings.kafka_bootstrap_servers
                    raise BrokenEnvironmentError(f"Kafka at {where} fails ({error}): see the brokers' log") from error
        return restated

    def _tools(self, cluster_id: str, partitions: int, folder: StateFolder) -> Tools:
        return Tools(
            settings=self._settings,
            catalogue=self._catalogue,
            definitions=NO_DEFINITIONS,
            role=ATTRIBUTION,
            topics=self._topics,
            group=self._group,
            cluster_id=cluster_id,
            partitions=partitions,
            cluster=self._cluster,
            connection=self._connection,
            consumer=reader(self._connection),
            folder=folder,
            memory=RocksMemory(),
            room=Room(CACHED_TOUCHES),
            metrics=Metrics(),
        )

    async def _one(self, partition: int, tools: Tools, progress: Progress, restated: Restated) -> None:
        dry_run = self._scale.dry_run
        async with running(tools.consumer):
            sample = self._scale.sample - len(restated.changes)
            comparison = await Restatement(tools, partition, progress, dry_run=dry_run).run(sample)
        await recall(self._connection, TopicPartition(self._topics.full(CREDITS), partition), comparison.changes)
        restated.tallies[partition] = comparison.tally
        restated.changes += comparison.changes
        if dry_run:
            tools.folder.remove(partition)
        else:
            log.info("partition restated", partition=partition, said_again=comparison.tally.said_again)
