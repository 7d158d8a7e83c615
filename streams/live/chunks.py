"""Chunks, in the one order that makes them exactly-once:

fetch → guard → align → decode (or dead-letter) and decide → publish in a transaction → commit state and offsets
together

The passing of time has its place between deciding and publishing, also in a chunk without records.
"""

from __future__ import annotations

import asyncio
import time

from streams.contact import NEVER
from streams.live.fetch import fetch_through
from streams.live.gate import Gate
from streams.live.intake import HELD_MOST, Alignment, Judged
from streams.live.processor import Refused
from streams.live.tenure import Tenure

MOST_RECORDS, LEAST_RECORDS = 10_000, 100
_OUTPUT_BYTES = 8 << 20
_FETCH_MS, _FETCH_ALIGNING_MS = 200, 10


class Chunks:
    """Carries chunks from the topics through the processor to the outputs, one after the other."""

    def __init__(self, tenure: Tenure, gate: Gate) -> None:
        self.decided = 0
        """Records decided in this tenure."""
        self._tenure = tenure
        self._gate = gate
        self._longest_s = tenure.tools.settings.chunk_time.total_seconds()
        self._most = MOST_RECORDS
        self._held_back = tenure.tools.role.held_back
        self.read_on()

    def read_on(self) -> None:
        """Begin, or begin again after a rebalance, where the state ends; what was held back is fetched again."""
        tenure = self._tenure
        name = self._held_back or tenure.names[0]
        self._alignment = Alignment(tenure.judges[name], tenure.tools.settings.align_wait.total_seconds())
        tenure.seek()
        tenure.tools.consumer.resume(*tenure.places.values())

    async def next(self) -> bool:
        """One chunk; False when there was nothing to decide or to say, or no chunk may begin now.

        Raises:
            NotPublishedError: only a takeover tells what was said.
            PremiseError, BadDeployError: an operator must act.
        """
        tenure, held_back = self._tenure, self._held_back
        wait_ms = _FETCH_ALIGNING_MS if self._alignment.held else _FETCH_MS
        fetched = await fetch_through(self._gate, tenure, self._wanted(), wait_ms, self._most)
        if fetched is None:
            return False
        began = time.monotonic()
        decided: dict[str, list[Judged]] = {}
        refused: Refused = []
        for name in tenure.names:
            if name == held_back:
                self._alignment.hold(fetched.get(name, ()))
                self._alignment.listened(wait_ms / 1000, heard=bool(decided[tenure.names[0]]))
                decided[name] = self._alignment.release(await self._passed(), self._most_released())
            else:
                judge = tenure.judges[name].judge
                decided[name] = [(record, judge(record)) for record in fetched.get(name, ())]
            refused += tenure.decide(decided[name])
        records = [judged for of_topic in decided.values() for judged in of_topic]
        tenure.processor.wake(time.time_ns() // 1000)
        if not records and not tenure.processor.touched:
            return False
        self._move_on(decided)
        self._watch(decided, refused)
        publishing = time.monotonic()
        await tenure.publish(refused)
        published = time.monotonic()
        tenure.state.commit()
        self._measure(records, began, publishing, published)
        tenure.processor.sweep(len(records))
        await asyncio.sleep(0)
        return True

    def _wanted(self) -> tuple[str, ...]:
        """All topics, unless what is held back has run too far ahead."""
        names = self._tenure.names
        if self._alignment.held < HELD_MOST:
            return names
        return tuple(name for name in names if name != self._held_back)

    def _most_released(self) -> int:
        return max(1, min(MOST_RECORDS, int(_OUTPUT_BYTES / self._tenure.processor.bytes_per_held)))

    async def _passed(self) -> int | None:
        """The event time that the first topic has passed; None when it is read to its end."""
        name = self._tenure.names[0]
        consumer, place = self._tenure.tools.consumer, self._tenure.places[name]
        end = consumer.last_stable_offset(place)
        if end is not None and await consumer.position(place) >= end:
            return None
        return self._tenure.state.meta.newest_us.get(name, NEVER)

    def _move_on(self, decided: dict[str, list[Judged]]) -> None:
        """The state goes up to behind what was decided."""
        offsets = self._tenure.state.meta.offsets
        for name, judged in decided.items():
            if name != self._held_back:
                offsets[name] = self._tenure.guards[name].next_offset
            elif judged:
                offsets[name] = judged[-1][0].offset + 1

    def _watch(self, decided: dict[str, list[Judged]], refused: Refused) -> None:
        for name, guard in self._tenure.deploy.items():
            topic = self._tenure.places[name].topic
            reasons = [refusal.reason for received, refusal in refused if received.topic == topic]
            guard.watch(len(decided[name]), reasons)

    def _measure(self, judged: list[Judged], began: float, publishing: float, published: float) -> None:
        tenure = self._tenure
        metrics, role = tenure.tools.metrics, tenure.tools.role.name
        now = time.monotonic()
        self.decided += len(judged)
        metrics.chunk_seconds.labels(role).observe(now - began)
        metrics.publish_seconds.labels(role).observe(published - publishing)
        if judged:
            oldest_ms = min([record.timestamp for record, _ in judged])
            metrics.latency_seconds.labels(role).observe(max(0.0, time.time() - oldest_ms / 1000))
        for place in tenure.places.values():
            count = sum([record.topic == place.topic for record, _ in judged])
            metrics.records.labels(role, place.topic, str(tenure.partition)).inc(count)
        tenure.processor.count()
        if now - began > self._longest_s:
            self._most = max(LEAST_RECORDS, self._most // 2)
        else:
            self._most = min(MOST_RECORDS, self._most * 2)
