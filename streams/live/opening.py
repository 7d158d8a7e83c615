"""Opening a partition's state: what is here, or what a snapshot has, if it is of this log and under these rules."""

from __future__ import annotations

import asyncio

import structlog

from config.errors import UsageError
from streams.kept import Meta
from streams.live.kafka_log import describe_log
from streams.live.premises import Log, beyond, check_log, check_rules, foreign, gap
from streams.live.tenure import Tenure
from streams.live.tools import Tools
from streams.rocks import RocksStore
from streams.snapshots import Position, Scope, SnapshotStore, restore_newest
from streams.state import PartitionState
from streams.state_folder import RESTORING

log = structlog.get_logger(__name__)


class Opening:
    """Opens the state of one partition. Blocking work goes to threads."""

    def __init__(self, tools: Tools, partition: int) -> None:
        self._tools = tools
        self._partition = partition
        url = tools.settings.snapshot_url
        scope = Scope(tools.cluster_id, tools.group, partition)
        self.snapshots = SnapshotStore(url, scope, tools.settings.snapshots_kept) if url else None

    async def open(self) -> Tenure:
        """A tenure over the furthest state there is, its premises checked against the log.

        Raises:
            PremiseError, UsageError: the state is of another log or under other rules.
            BrokenEnvironmentError: the disk or the snapshots' place refuses.
            BrokersAwayError: they do not answer now.
        """
        kafka_log = await asyncio.to_thread(describe_log, self._tools.cluster, self._tools.topics.all, self._partition)
        store = await asyncio.to_thread(self._open_local)
        if self.snapshots is not None:
            store = await asyncio.to_thread(self._further, store, self.snapshots, kafka_log)
        try:
            tenure = Tenure(self._tools, self._partition, store)
            self._check(tenure, kafka_log)
            return tenure
        except BaseException:
            store.close()
            raise

    def _check(self, tenure: Tenure, kafka_log: Log) -> None:
        meta = tenure.state.meta
        check_rules(meta, self._tools.catalogue)
        check_log(meta, self._by_full_name(meta.offsets), kafka_log, str(tenure.store.path), self._tools.accept_gap)
        if self._tools.accept_gap:
            self._skip_gaps(meta, kafka_log)
        meta.cluster_id = kafka_log.cluster_id
        meta.topic_ids = dict(kafka_log.topic_ids)
        meta.rules = self._tools.catalogue.serialised()
        tenure.state.commit()

    def _open_local(self) -> RocksStore:
        return RocksStore(self._tools.folder.database(self._partition), self._tools.memory)

    def _further(self, store: RocksStore, snapshots: SnapshotStore, kafka_log: Log) -> RocksStore:
        meta = PartitionState(store).meta
        # Under rules that hold no more, what is here gives way to what another machine has restated.
        local = Position.of(meta) if meta.cluster_id and self._broken_rules(meta) is None else None
        scratch = self._tools.folder.scratch(self._partition, RESTORING)
        found = restore_newest(snapshots, scratch, lambda position: self._unfit(position, kafka_log), local)
        if found is None:
            return store
        store.close()
        log.info("state restored from a snapshot", partition=self._partition, offsets=found.offsets)
        return RocksStore(self._tools.folder.swap_in(self._partition, scratch), self._tools.memory)

    def _unfit(self, position: Position, kafka_log: Log) -> str | None:
        meta = Meta(
            cluster_id=position.cluster_id,
            topic_ids=position.topic_ids,
            rules=position.rules,
            newest_us=position.newest_us,
        )
        offsets = self._by_full_name(position.offsets)
        known = {**position.output_ends, **offsets}
        hole = None if self._tools.accept_gap else gap(known, kafka_log)
        return self._broken_rules(meta) or foreign(meta, kafka_log) or beyond(known, kafka_log) or hole

    def _broken_rules(self, meta: Meta) -> str | None:
        try:
            check_rules(meta, self._tools.catalogue)
        except UsageError as error:
            return str(error)
        return None

    def _by_full_name(self, offsets: dict[str, int]) -> dict[str, int]:
        return {topic: offsets.get(name, 0) for name, topic in self._inputs()}

    def _skip_gaps(self, meta: Meta, kafka_log: Log) -> None:
        for name, topic in self._inputs():
            begin = kafka_log.begins[topic]
            if meta.offsets.get(name, 0) < begin:
                log.warning(
                    "records are gone, going on behind them", topic=topic, partition=self._partition, offset=begin
                )
                meta.offsets[name] = begin

    def _inputs(self) -> list[tuple[str, str]]:
        """The inputs as (bare name, full name)."""
        return list(zip(self._tools.role.names, self._tools.topics.inputs, strict=True))
