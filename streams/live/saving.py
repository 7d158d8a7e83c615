"""Saving a partition's state: a checkpoint between two chunks, its upload in the background."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import structlog

from config.errors import EvenhandError
from streams.live.tenure import Tenure
from streams.live.tools import Tools
from streams.rocks import RocksStore
from streams.snapshots import Position, SnapshotStore
from streams.state_folder import CHECKPOINT

log = structlog.get_logger(__name__)


class Saving:
    """Saves one partition's state every snapshot interval when it has moved on."""

    def __init__(self, tools: Tools, partition: int) -> None:
        self._tools = tools
        self._partition = partition
        self._interval_s = tools.settings.snapshot_interval.total_seconds()
        self._due_at = time.monotonic() + self._interval_s
        self._upload: asyncio.Task[None] | None = None
        self._saved: dict[str, int] = {}
        self.saved_at = time.monotonic()

    async def save_when_due(self, tenure: Tenure, snapshots: SnapshotStore | None) -> None:
        """Call it right after a commit; the loop goes on while the files travel."""
        if (
            snapshots is None
            or time.monotonic() < self._due_at
            or (self._upload is not None and not self._upload.done())
        ):
            return
        self._due_at = time.monotonic() + self._interval_s
        position = Position.of(tenure.state.meta)
        checkpoint = await self._checkpoint(tenure.store)
        self._upload = asyncio.create_task(self._send(checkpoint, position, snapshots))

    async def save_last(self, tenure: Tenure, snapshots: SnapshotStore | None) -> None:
        """Save before the partition is left, unless nothing has changed."""
        await self.finish()
        if snapshots is not None and tenure.state.meta.offsets != self._saved:
            await self._send(await self._checkpoint(tenure.store), Position.of(tenure.state.meta), snapshots)

    async def finish(self) -> None:
        """Wait for an upload under way."""
        if self._upload is not None:
            await asyncio.wait([self._upload])

    async def _checkpoint(self, store: RocksStore) -> Path:
        path = self._tools.folder.scratch(self._partition, CHECKPOINT)
        await asyncio.to_thread(store.checkpoint, path)
        return path

    async def _send(self, checkpoint: Path, position: Position, snapshots: SnapshotStore) -> None:
        now_us = round(time.time() * 1_000_000)
        try:
            await asyncio.to_thread(snapshots.save, checkpoint, position, now_us)
            await asyncio.to_thread(snapshots.prune, position, now_us)
        except EvenhandError as error:
            log.warning("snapshot not saved", partition=self._partition, why=str(error))
            return
        self._saved = position.offsets
        self.saved_at = time.monotonic()
