"""The gate of a partition: a rebalance waits for the work at hand, and no work begins until the rebalance is over."""

from __future__ import annotations

import asyncio


class Gate:
    """Closed until the partition is assigned. One loop goes through it; the assignment opens and closes it."""

    def __init__(self) -> None:
        self.stopping = False
        """Whether the partition is to be let go."""
        self._open = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    # The assignment's side

    async def close(self) -> None:
        """No work begins, and the work at hand has ended."""
        self._open.clear()
        await self._idle.wait()

    def open(self) -> None:
        """Work may begin."""
        self._open.set()

    def stop(self) -> None:
        """No work begins ever again; whoever waits is told so."""
        self.stopping = True
        self._open.set()

    # The loop's side

    async def passed(self) -> bool:
        """Wait, idle, until work may begin; False when the partition is to be let go."""
        self.rest()
        await self._open.wait()
        return not self.stopping

    def begin(self) -> bool:
        """Work is at hand until the next rest; False, and it is not, when it may not begin now."""
        if self.stopping or not self._open.is_set():
            return False
        self._idle.clear()
        return True

    def rest(self) -> None:
        """No work is at hand."""
        self._idle.set()
