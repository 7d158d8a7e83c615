"""One partition restated: a new state from the topics, under new rules, and what comes out different said again.

    fence → read what stands → rebuild in silence → compare and say → refuse → keep the new state instead of the old

Whatever ends it early leaves the old state as it was. Begun anew, it finds what it said so far as it should be.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from pathlib import Path

from aiokafka.errors import KafkaError

from config.errors import BrokenEnvironmentError
from streams.holds import Holds
from streams.live.attributing import Attributing
from streams.live.comparison import Comparison
from streams.live.kafka_log import describe_log
from streams.live.ledger import Ledger, read_outputs
from streams.live.processor import Refused
from streams.live.publisher import NotPublishedError
from streams.live.rebuilding import begin_anew, check_topics, former_meta, rebuild
from streams.live.standing import Standing
from streams.live.tenure import Tenure
from streams.live.tools import Tools
from streams.progress import Progress
from streams.rocks import RocksStore
from streams.snapshots import Position, Scope, SnapshotStore
from streams.state_folder import RESTATING
from streams.sweep import sweep_all

_REFUSALS = 1_000
_WATCH_EVERY = 5_000


class InterruptedRestatementError(BrokenEnvironmentError):
    """The operator begins it anew, once nobody is in the way."""


class Restatement:
    """Restates one partition. A dry run says nothing, fences nobody and keeps no state."""

    def __init__(self, tools: Tools, partition: int, progress: Progress, *, dry_run: bool) -> None:
        self._tools = tools
        self._partition = partition
        self._progress = progress
        self._dry_run = dry_run

    async def run(self, sample: int) -> Comparison:
        """Do all of it. Gives what came out different: how many credits, and at most `sample` of them.

        Raises:
            PremiseError: the topics are not those that the credits were said from, or not whole.
            InterruptedRestatementError: a worker took the partition, or the brokers went away.
            BrokenEnvironmentError: the disk or the snapshots' place refuses.
        """
        tools, partition = self._tools, self._partition
        scratch = tools.folder.scratch(partition, RESTATING)
        tenure, attributing = await self._begin(scratch)
        try:
            with closing(RocksStore(scratch / "standing", tools.memory)) as notes:
                comparison = await self._restate(tenure, attributing, Standing(notes, tools.topics), sample)
            if not self._dry_run:
                await self._save(tenure, attributing, scratch / "whole")
        except (NotPublishedError, KafkaError) as error:
            raise InterruptedRestatementError(
                f"partition {partition}: {str(error) or type(error).__name__}; see that the brokers answer and that no "
                f"worker of {tools.group} runs, then begin anew: what was said so far is not said twice"
            ) from error
        finally:
            await tenure.close()
        if not self._dry_run:
            tools.folder.swap_in(partition, scratch / "whole")
        tools.folder.scratch(partition, RESTATING)
        return comparison

    async def _begin(self, scratch: Path) -> tuple[Tenure, Attributing]:
        tools, partition = self._tools, self._partition
        kafka_log = await asyncio.to_thread(describe_log, tools.cluster, tools.topics.all, partition)
        former = former_meta(tools, partition)
        check_topics(tools, partition, former, kafka_log)
        tenure, attributing = begin_anew(tools, partition, scratch / "db", kafka_log)
        tenure.state.meta.restated = former.restated
        return tenure, attributing

    async def _restate(self, tenure: Tenure, attributing: Attributing, standing: Standing, sample: int) -> Comparison:
        if not self._dry_run:
            await tenure.publisher.start()
        ledger = await self._read(standing, tenure.tools.topics.decided)
        meta = tenure.state.meta
        meta.output_ends.update(ledger.ends)
        meta.restated = max(meta.restated or 0, ledger.restated) + 1
        await rebuild(tenure, attributing, standing, ledger.covers, self._progress)
        comparison = Comparison(attributing.decider, attributing.crediting, standing, sample)
        self._progress.begin(f"partition {self._partition}: comparing", standing.credits)
        for _ in comparison.pieces():
            await self._say(tenure, attributing, [])
            self._progress.reach(comparison.tally.looked_at, comparison.tally.looked_at)
        while owed := tenure.state.owed_refusals(_REFUSALS):
            await self._say(tenure, attributing, list(owed))
            comparison.tally.dead_letters += len(owed)
        return comparison

    async def _read(self, standing: Standing, decided: frozenset[str]) -> Ledger:
        """Note all that stands in the outputs."""
        self._progress.begin(f"partition {self._partition}: reading what stands", None)
        ledger = Ledger(dead_letters=self._tools.topics.dead_letters, decides=decided)
        noted = 0
        starts = dict.fromkeys(self._tools.topics.outputs, 0)
        async for record in read_outputs(self._tools.connection, self._partition, starts, ledger):
            standing.note(record)
            noted += 1
            if noted % _WATCH_EVERY == 0:
                self._progress.reach(noted, noted)
        standing.flush()
        return ledger

    async def _say(self, tenure: Tenure, attributing: Attributing, refused: Refused) -> None:
        if self._dry_run:
            attributing.decider.touched.clear()
        else:
            await tenure.publish(refused)
        tenure.state.commit()

    async def _save(self, tenure: Tenure, attributing: Attributing, whole: Path) -> None:
        """The state stands at the path as a worker would have left it, and as the only snapshot."""
        catalogue, settings = self._tools.catalogue, self._tools.settings
        sweep_all(attributing.state, Holds(catalogue.horizon_us, catalogue.retention_us))
        tenure.state.commit()
        tenure.store.checkpoint(whole)
        if settings.snapshot_url:
            scope = Scope(self._tools.cluster_id, self._tools.group, self._partition)
            snapshots = SnapshotStore(settings.snapshot_url, scope, settings.snapshots_kept)
            # Those of before have read further than what the outputs cover: they would be taken for newer.
            await asyncio.to_thread(snapshots.clear)
            now_us = round(time.time() * 1_000_000)
            await asyncio.to_thread(snapshots.save, whole, Position.of(tenure.state.meta), now_us)
