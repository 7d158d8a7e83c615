"""Restating an installation: each partition's credits held against the catalogue as it is now, and said accordingly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import structlog
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import Struct

from config.catalogue import Catalogue
from config.errors import BrokenEnvironmentError, UsageError
from config.kafka_security import aiokafka_security, kafka_python_security
from config.settings import Settings
from streams.admin.cluster import Cluster
from streams.admin.group_members import require_no_members
from streams.live.client_log import tell_of_the_unforeseen, thin_out_complaints
from streams.live.comparison import Change, Tally
from streams.live.kafka_log import partition_count
from streams.live.restatement import Restatement
from streams.live.tools import Tools, Topics
from streams.metrics import Metrics
from streams.progress import Progress
from streams.rocks import RocksMemory
from streams.snapshots import scopes_at
from streams.state import CACHED_TOUCHES, Room
from streams.state_folder import StateFolder

log = structlog.get_logger(__name__)

_RECALL_MS = 10_000


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
        return runner.run(_restate(settings, catalogue, scale, progress))


async def _restate(settings: Settings, catalogue: Catalogue, scale: Scale, progress: Progress) -> Restated:
    cluster = Cluster(settings.kafka_bootstrap_servers, kafka_python_security(settings))
    topics = Topics.under(settings.topic_prefix)
    group = f"{settings.group}.attribution"
    cluster_id, count = await asyncio.to_thread(partition_count, cluster, topics.all)
    partitions = sorted(set(scale.partitions)) or list(range(count))
    if partitions[-1] >= count:
        raise UsageError(f"there is no partition {partitions[-1]}: topic {topics.credits} has 0 to {count - 1}")
    if not scale.dry_run:
        await asyncio.to_thread(require_no_members, cluster, group)
    if settings.snapshot_url and not scale.dry_run:
        await asyncio.to_thread(scopes_at, settings.snapshot_url)  # an outage had better come to light before the work
    folder_name = f"{group}.dry-run" if scale.dry_run else group
    with closing(StateFolder(settings.state_dir, cluster_id, folder_name)) as folder:
        connection = _connection(settings)
        consumer = _consumer(connection)
        tools = Tools(
            settings=settings,
            catalogue=catalogue,
            topics=topics,
            group=group,
            cluster_id=cluster_id,
            partitions=count,
            cluster=cluster,
            connection=connection,
            consumer=consumer,
            folder=folder,
            memory=RocksMemory(),
            room=Room(CACHED_TOUCHES),
            metrics=Metrics(),
        )
        try:
            await consumer.start()
            return await _each(tools, partitions, scale, progress)
        except KafkaError as error:
            raise BrokenEnvironmentError(f"Kafka at {settings.kafka_bootstrap_servers} fails: {error}") from error
        finally:
            await consumer.stop()


async def _each(tools: Tools, partitions: Sequence[int], scale: Scale, progress: Progress) -> Restated:
    restated = Restated({}, [])
    for partition in partitions:
        if not scale.dry_run:
            await asyncio.to_thread(require_no_members, tools.cluster, tools.group)
        restatement = Restatement(tools, partition, progress, dry_run=scale.dry_run)
        comparison = await restatement.run(scale.sample - len(restated.changes))
        await _recall(tools.consumer, TopicPartition(tools.topics.credits, partition), comparison.changes)
        restated.tallies[partition] = comparison.tally
        restated.changes += comparison.changes
        if scale.dry_run:
            tools.folder.remove(partition)
        else:
            log.info("partition restated", partition=partition, said_again=comparison.tally.said_again)
    return restated


async def _recall(consumer: AIOKafkaConsumer, place: TopicPartition, changes: Sequence[Change]) -> None:
    """Fetch the messages that stand where these changes would be said."""
    for change in changes:
        if change.offset >= 0:
            consumer.assign([place])
            consumer.seek(place, change.offset)
            for record in (await consumer.getmany(place, timeout_ms=_RECALL_MS, max_records=1)).get(place, ()):
                change.was = record.value if record.offset == change.offset else None


def _connection(settings: Settings) -> Mapping[str, Any]:
    return {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "client_id": "evenhand",
        **aiokafka_security(settings),
    }


def _consumer(connection: Mapping[str, Any]) -> AIOKafkaConsumer:
    """A reader of committed records that belongs to no group."""
    return AIOKafkaConsumer(
        **connection,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=2 << 20,
    )
