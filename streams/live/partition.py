"""The life of one partition at this worker: taken over, served, taken over again after any error, let go."""

from __future__ import annotations

import asyncio
import time
from enum import StrEnum

import structlog
from aiokafka.errors import ConsumerStoppedError, KafkaError

from streams.admin.failure import BrokersAwayError
from streams.live.chunks import Chunks
from streams.live.gate import Gate
from streams.live.membership import denial
from streams.live.opening import Opening
from streams.live.publisher import NotPublishedError
from streams.live.saving import Saving
from streams.live.takeover import take_over
from streams.live.tenure import Tenure
from streams.live.tools import Tools

log = structlog.get_logger(__name__)

_BACK_OFF_S, _LONGEST_BACK_OFF_S = 0.2, 10.0


class Phase(StrEnum):
    """What a partition is doing, for health and logs."""

    TAKING_OVER = "taking over"
    CATCHING_UP = "catching up"
    RUNNING = "running"
    WAITING = "waiting for the brokers"
    STOPPED = "stopped"


class PartitionLoop:
    """Serves one partition number until it is stopped. Any publishing error leads to a takeover, never to a retry."""

    def __init__(self, tools: Tools, partition: int) -> None:
        self.partition = partition
        self.phase = Phase.TAKING_OVER
        self.progressed_at = time.monotonic()
        """When it last decided records."""
        self.looked_at = time.monotonic()
        """When it last looked for records to decide, found or not: one that hangs does not."""
        self.saving = Saving(tools, partition)
        self.tenure: Tenure | None = None
        self._tools = tools
        self._opening = Opening(tools, partition)
        self._chunks: Chunks | None = None
        self._gate = Gate()

    # What the assignment asks of it

    async def hold(self) -> None:
        """End the chunk at hand and begin none until `go_on`."""
        await self._gate.close()

    def go_on(self) -> None:
        """The partition is still ours; the consumer has forgotten where it stood."""
        if self._chunks is not None:
            self._chunks.read_on()
        elif self.phase is Phase.CATCHING_UP and self.tenure is not None:
            self.tenure.seek()
        self._gate.open()

    def stop(self) -> None:
        """End after the chunk at hand; `run` returns."""
        self._gate.stop()

    async def run(self) -> None:
        """Serve the partition until it is stopped.

        Raises:
            EvenhandError: something that only a person can mend.
        """
        back_off = _BACK_OFF_S
        while not self._gate.stopping:
            began = time.monotonic()
            try:
                await self._serve()
            except (NotPublishedError, KafkaError, ConsumerStoppedError, BrokersAwayError) as error:
                cause = error.__cause__ if isinstance(error, NotPublishedError) else error
                if denied := denial(cause, self._tools.group, self._tools.settings):
                    raise denied from error
                long_ago = time.monotonic() - began > _LONGEST_BACK_OFF_S
                back_off = _BACK_OFF_S if long_ago else min(back_off * 2, _LONGEST_BACK_OFF_S)
                self.phase = Phase.WAITING
                log.warning("taking over again", partition=self.partition, why=str(error), in_seconds=back_off)
                await asyncio.sleep(back_off)
        self.phase = Phase.STOPPED

    async def _serve(self) -> None:
        self.phase = Phase.TAKING_OVER
        if not await self._gate.passed():
            return
        self._tools.metrics.takeovers.labels(self._tools.role.name).inc()
        tenure = self.tenure = await self._opening.open()
        try:
            # Who lost the partition meanwhile, or in its sleep, must not fence its heir.
            if await self._gate.passed():
                await take_over(tenure, self._gate, self._catching_up)
            if await self._gate.passed():
                self._chunks = Chunks(tenure, self._gate)
                self.phase = Phase.RUNNING
                log.info("partition taken over", partition=self.partition, offsets=tenure.state.meta.offsets)
                await self._carry(tenure, self._chunks)
            await self.saving.save_last(tenure, self._opening.snapshots)
        finally:
            self._chunks = None
            self._gate.rest()
            await self.saving.finish()
            await tenure.close()
            self.tenure = None
        log.info("partition let go", partition=self.partition)

    async def _carry(self, tenure: Tenure, chunks: Chunks) -> None:
        while await self._gate.passed():
            self.looked_at = time.monotonic()
            if await chunks.next():
                self.progressed_at = time.monotonic()
                await self.saving.save_when_due(tenure, self._opening.snapshots)

    def _catching_up(self) -> None:
        self.phase = Phase.CATCHING_UP
        self.progressed_at = time.monotonic()

    # What it tells

    def offsets(self) -> dict[str, int]:
        """By bare topic name, the next offset to decide; empty while the state is not open."""
        return {} if self.tenure is None else {name: self.tenure.offset(name) for name in self.tenure.names}

    def facts(self) -> dict[str, int]:
        """What the log line and the gauges tell of the partition."""
        if self.tenure is None:
            return {"decided": 0, "waiting": 0, "state_bytes": 0}
        return {
            "decided": 0 if self._chunks is None else self._chunks.decided,
            "waiting": self.tenure.state.meta.waiting,
            "state_bytes": self.tenure.store.size_bytes(),
        }
