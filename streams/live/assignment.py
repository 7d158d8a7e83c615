"""Which partitions this worker serves: a loop for each, started and stopped as the consumer group assigns them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition

from config.errors import BrokenEnvironmentError
from streams.live.partition import PartitionLoop

log = structlog.get_logger(__name__)

_PATIENCE_S = 20.0


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Keeps a loop per assigned partition number.

    aiokafka only logs what a listener raises, so everything that goes wrong is handed to `crash`.
    """

    def __init__(
        self,
        inputs: tuple[str, ...],
        make_loop: Callable[[int], PartitionLoop],
        pause: Callable[..., None],
        crash: Callable[[BaseException], None],
    ) -> None:
        self.loops: dict[int, PartitionLoop] = {}
        self.settled = False
        """Whether the group has assigned partitions and has not taken them back."""
        self._inputs = inputs
        self._make_loop = make_loop
        self._pause = pause
        self._crash = crash
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Every rebalance begins with this: no chunk may be under way when the group goes on."""
        self.settled = False
        try:
            await asyncio.gather(*(loop.hold() for loop in self.loops.values()))
        except Exception as error:  # noqa: BLE001 (aiokafka would only log it)
            self._crash(error)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Keep the loops of partitions that stayed, stop those of partitions that went, start those of new ones."""
        try:
            partitions = {place.partition for place in assigned}
            if assigned != {TopicPartition(topic, p) for topic in self._inputs for p in partitions}:
                raise BrokenEnvironmentError(
                    f"the group assigned {sorted(assigned)}: not the same partitions of {' and '.join(self._inputs)}; "
                    "one was deleted (`evenhand topics check` tells), or another program uses this group (set another "
                    "EVENHAND_GROUP)"
                )
            for partition in sorted(self.loops.keys() - partitions):
                self._leave(partition)
            for partition in sorted(partitions):
                self._pause(*(TopicPartition(topic, partition) for topic in self._inputs))
                self._take(partition)
            self.settled = True
        except Exception as error:  # noqa: BLE001 (aiokafka would only log it)
            self._crash(error)

    async def stop(self) -> None:
        """All loops end; what goes wrong on the way is told to `crash`.

        One that waits for a broker in vain is left as a crash would leave it, and its takeover makes up for that.
        """
        for partition in list(self.loops):
            self._leave(partition)
        if self._tasks:
            _, waiting = await asyncio.wait(self._tasks.values(), timeout=_PATIENCE_S)
            if waiting:
                log.warning(
                    "partitions are not let go in time, and left as a crash would leave them", count=len(waiting)
                )

    def _take(self, partition: int) -> None:
        kept = self.loops.get(partition)
        if kept is not None:
            kept.go_on()
            return
        loop = self.loops[partition] = self._make_loop(partition)
        loop.go_on()
        self._tasks[partition] = asyncio.create_task(self._serve(loop, self._tasks.get(partition)))

    def _leave(self, partition: int) -> None:
        self.loops.pop(partition).stop()

    async def _serve(self, loop: PartitionLoop, former: asyncio.Task[None] | None) -> None:
        """Serve once the former loop of the partition has let go of its state."""
        if former is not None:
            await asyncio.wait([former])
        try:
            await loop.run()
        except Exception as error:  # noqa: BLE001 (aiokafka would only log it)
            self._crash(error)
