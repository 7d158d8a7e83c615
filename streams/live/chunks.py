"""Chunks, in the one order that makes them exactly-once:

fetch → guard → align → decode (or dead-letter) and decide → publish in a transaction → commit state and offsets
together
"""

from __future__ import annotations

import asyncio
import time

from events.refusal import Refusal
from streams.contact import NEVER
from streams.live.fetch import fetch_through
from streams.live.gate import Gate
from streams.live.intake import HELD_MOST, Alignment, Judged
from streams.live.tenure import NAMES, Tenure
from streams.received import Received
from streams.sweep import ROWS_PER_RECORD

MOST_RECORDS, LEAST_RECORDS = 10_000, 100
_OUTPUT_BYTES = 8 << 20
_FETCH_MS, _FETCH_ALIGNING_MS = 200, 10


class Chunks:
    """Carries chunks from the topics through the decider to the outputs, one after the other."""

    def __init__(self, tenure: Tenure, gate: Gate) -> None:
        self.decided = 0
        """Records decided in this tenure."""
        self._tenure = tenure
        self._gate = gate
        self._longest_s = tenure.tools.settings.chunk_time.total_seconds()
        self._most = MOST_RECORDS
        self.read_on()

    def read_on(self) -> None:
        """Begin, or begin again after a rebalance, where the state ends; what was held back is fetched again."""
        tenure = self._tenure
        self._alignment = Alignment(tenure.judges["conversions"], tenure.tools.settings.align_wait.total_seconds())
        tenure.seek()
        tenure.tools.consumer.resume(*tenure.places.values())

    async def next(self) -> bool:
        """One chunk; False when there was nothing to decide, or no chunk may begin now.

        Raises:
            NotPublishedError: only a takeover tells what was said.
            PremiseError, BadDeployError: an operator must act.
        """
        tenure = self._tenure
        wait_ms = _FETCH_ALIGNING_MS if self._alignment.held else _FETCH_MS
        fetched = await fetch_through(self._gate, tenure, self._wanted(), wait_ms, self._most)
        if fetched is None:
            return False
        began = time.monotonic()
        judge = tenure.judges["touchpoints"].judge
        touchpoints = [(record, judge(record)) for record in fetched.get("touchpoints", ())]
        self._alignment.hold(fetched.get("conversions", ()))
        self._alignment.listened(wait_ms / 1000, heard=bool(touchpoints))
        refused = tenure.decide(touchpoints)
        conversions = self._alignment.release(await self._passed(), self._most_conversions())
        refused += tenure.decide(conversions)
        if not touchpoints and not conversions:
            return False
        offsets = tenure.state.meta.offsets
        offsets["touchpoints"] = tenure.guards["touchpoints"].next_offset
        if conversions:
            offsets["conversions"] = conversions[-1][0].offset + 1
        self._watch((touchpoints, conversions), refused)
        publishing = time.monotonic()
        await tenure.publish(refused)
        published = time.monotonic()
        tenure.state.commit()
        self._measure([*touchpoints, *conversions], began, publishing, published)
        tenure.sweep.advance(ROWS_PER_RECORD * (len(touchpoints) + len(conversions)))
        await asyncio.sleep(0)
        return True

    def _wanted(self) -> tuple[str, ...]:
        """Both topics, unless conversions have run too far ahead of their touchpoints."""
        return NAMES if self._alignment.held < HELD_MOST else ("touchpoints",)

    def _most_conversions(self) -> int:
        return max(1, min(MOST_RECORDS, int(_OUTPUT_BYTES / self._tenure.outputs.bytes_per_credit)))

    async def _passed(self) -> int | None:
        """The event time that the touchpoints have passed; None when they are read to their end."""
        consumer, place = self._tenure.tools.consumer, self._tenure.places["touchpoints"]
        end = consumer.last_stable_offset(place)
        if end is not None and await consumer.position(place) >= end:
            return None
        return self._tenure.state.meta.newest_us.get("touchpoints", NEVER)

    def _watch(self, records: tuple[list[Judged], list[Judged]], refused: list[tuple[Received, Refusal]]) -> None:
        for name, judged in zip(NAMES, records, strict=True):
            topic = self._tenure.places[name].topic
            reasons = [refusal.reason for received, refusal in refused if received.topic == topic]
            self._tenure.deploy[name].watch(len(judged), reasons)

    def _measure(self, judged: list[Judged], began: float, publishing: float, published: float) -> None:
        tenure = self._tenure
        metrics, counts = tenure.tools.metrics, tenure.decider.counts
        now = time.monotonic()
        self.decided += len(judged)
        metrics.chunk_seconds.observe(now - began)
        metrics.publish_seconds.observe(published - publishing)
        metrics.latency_seconds.observe(max(0.0, time.time() - min([record.timestamp for record, _ in judged]) / 1000))
        for place in tenure.places.values():
            count = sum([record.topic == place.topic for record, _ in judged])
            metrics.records.labels(place.topic, str(tenure.partition)).inc(count)
        metrics.duplicates.inc(counts.duplicates)
        metrics.late_facts.inc(counts.late)
        metrics.excess_refunds.inc(counts.excess_refunds)
        counts.clear()
        if now - began > self._longest_s:
            self._most = max(LEAST_RECORDS, self._most // 2)
        else:
            self._most = min(MOST_RECORDS, self._most * 2)
