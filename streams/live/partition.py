"""The loop of one partition number over its co-partitioned topics. The order of its steps is what makes it exactly-once.

    fetch → guard → align → decode (or dead-letter) and decide → publish in a transaction → commit state and offsets together
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from enum import StrEnum

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord

from events.fact import Touchpoint
from events.refusal import Refusal
from streams.admin.failure import BrokersAwayError
from streams.attribution import Attribution
from streams.contact import NEVER
from streams.crediting import Crediting, Said
from streams.dead_letter import encode_dead_letter
from streams.holds import Holds
from streams.live.deploy_guard import DeployGuard
from streams.live.intake import HELD_MOST, Alignment, Guard, Judged
from streams.live.judge import Judge
from streams.live.kafka_log import describe_log
from streams.live.ledger import Ledger, dead_letter_identity, read_outputs, said_credit
from streams.live.opening import Opening
from streams.live.premises import check_log
from streams.live.publisher import NotPublishedError, Output, Publisher
from streams.live.saving import Saving
from streams.live.tools import Tools
from streams.message import credit_key, shadow_key
from streams.received import Received
from streams.rocks import RocksStore
from streams.rows import origin_of
from streams.state import PartitionState
from streams.sweep import Sweep

log = structlog.get_logger(__name__)

_MOST_RECORDS, _LEAST_RECORDS = 10_000, 100
_OUTPUT_BYTES = 8 << 20
_FETCH_MS, _FETCH_ALIGNING_MS = 200, 10
_NOTED_PER_COMMIT = 5_000
_BACK_OFF_S, _LONGEST_BACK_OFF_S = 0.2, 10.0


class Phase(StrEnum):
    """What a partition is doing, for health and logs."""

    TAKING_OVER = "taking over"
    CATCHING_UP = "catching up"
    RUNNING = "running"
    WAITING = "waiting for the brokers"
    STOPPED = "stopped"


class PartitionLoop:
    """Takes the partition over, then carries chunks until it is stopped. Any publishing error leads to a new takeover."""

    def __init__(self, tools: Tools, partition: int) -> None:
        self.partition = partition
        self.phase = Phase.TAKING_OVER
        self.decided = 0
        """Records decided since the start."""
        self.progressed_at = time.monotonic()
        self.saving = Saving(tools, partition)
        self._tools = tools
        self._opening = Opening(tools, partition)
        self._touchpoints = TopicPartition(tools.topics.touchpoints, partition)
        self._conversions = TopicPartition(tools.topics.conversions, partition)
        self._judges = {
            name: Judge(name, partition, tools.partitions) for name in ("touchpoints", "conversions")
        }
        self._holds = Holds(tools.catalogue.horizon_us, tools.catalogue.retention_us)
        self._free = asyncio.Event()
        """Set while the assignment stands; between a revocation and the next assignment no chunk begins."""
        self._between_chunks = asyncio.Event()
        self._stopping = False
        self._state: PartitionState | None = None
        self._most_records = _MOST_RECORDS
        self._most_conversions = _MOST_RECORDS

    # What the assignment asks of it

    def seek(self) -> None:
        """Read on from where the state ends. Raises IllegalStateError when the partition is not assigned."""
        self._guards = {
            self._touchpoints: Guard(self._state.meta.offsets.get("touchpoints", 0)),
            self._conversions: Guard(self._state.meta.offsets.get("conversions", 0)),
        }
        self._alignment = Alignment(self._judges["conversions"], self._tools.settings.align_wait.total_seconds())
        for place, guard in self._guards.items():
            self._tools.consumer.seek(place, guard.next_offset)

    async def hold(self) -> None:
        """End the chunk at hand and begin none until `go_on`."""
        self._free.clear()
        if self.phase is Phase.RUNNING:
            await self._between_chunks.wait()

    def go_on(self) -> None:
        """The partition is still ours."""
        if self.phase in (Phase.RUNNING, Phase.CATCHING_UP):
            self.seek()
            self._tools.consumer.resume(self._touchpoints, self._conversions)
        self._free.set()

    def stop(self) -> None:
        """End after the chunk at hand; `run` returns."""
        self._stopping = True
        self._free.set()

    def offsets(self) -> tuple[int | None, int | None]:
        """The next offsets to decide of touchpoints and conversions; None before the state is open."""
        if self._state is None:
            return None, None
        offsets = self._state.meta.offsets
        return offsets.get("touchpoints", 0), offsets.get("conversions", 0)

    def facts(self) -> dict[str, int]:
        """What the log line and the gauges tell of the partition."""
        if self._state is None:
            return {"decided": self.decided, "waiting": 0, "state_bytes": 0}
        return {
            "decided": self.decided,
            "waiting": self._state.meta.waiting,
            "state_bytes": self._state.store.size_bytes(),
        }

    # Life

    async def run(self) -> None:
        """Serve the partition until it is stopped.

        Raises:
            EvenhandError: something that only a person can mend.
        """
        back_off = _BACK_OFF_S
        while not self._stopping:
            decided = self.decided
            try:
                await self._serve()
            except (NotPublishedError, KafkaError, BrokersAwayError) as error:
                back_off = _BACK_OFF_S if self.decided > decided else min(back_off * 2, _LONGEST_BACK_OFF_S)
                self.phase = Phase.WAITING
                log.warning("taking the partition over again", partition=self.partition, why=str(error), in_seconds=back_off)
                await asyncio.sleep(back_off)
            except IllegalStateError:
                await asyncio.sleep(_BACK_OFF_S)  # not assigned any more: the assignment is about to stop or to free us
        self.phase = Phase.STOPPED

    async def _serve(self) -> None:
        self.phase = Phase.TAKING_OVER
        self._tools.metrics.takeovers.inc()
        publisher = Publisher(
            self._tools.connection, f"{self._tools.group}-{self.partition}", self.partition
        )
        store: RocksStore | None = None
        try:
            kafka_log = await asyncio.to_thread(
                describe_log, self._tools.cluster, (*self._tools.topics.inputs, *self._tools.topics.outputs), self.partition
            )
            store, self._state = await self._opening.open(kafka_log)
            self._publisher = publisher
            await publisher.start()
            self._begin()
            await self._take_over()
            self.seek()
            self._tools.consumer.resume(self._touchpoints, self._conversions)
            self.phase = Phase.RUNNING
            self.progressed_at = time.monotonic()
            log.info("partition taken over", partition=self.partition, offsets=self._state.meta.offsets)
            while not self._stopping:
                self._between_chunks.set()
                await self._free.wait()
                self._between_chunks.clear()
                await self._chunk()
            if self._opening.snapshots is not None:
                await self.saving.save_last(store, self._state, self._opening.snapshots)
        finally:
            self._between_chunks.set()
            await self.saving.finish()
            await publisher.stop()
            if store is not None:
                store.close()

    def _begin(self) -> None:
        self._decider = Attribution(self._tools.catalogue, self._state, self._holds)
        self._crediting = Crediting(self._tools.catalogue, self._decider)
        self._sweep = Sweep(self._state, self._holds)
        ratio = 1.0 if self._tools.accept_dead_letters else self._tools.settings.dead_letter_ratio
        self._deploy = {
            name: DeployGuard(topic, ratio, self._state.meta.deploy.setdefault(name, []))
            for name, topic in zip(("touchpoints", "conversions"), self._tools.topics.inputs, strict=True)
        }

    # Takeover

    async def _take_over(self) -> None:
        """Learn what was said beyond the state, catch up with it in silence, then say what is missing."""
        ledger = Ledger()
        topics = self._tools.topics
        starts = {topic: self._state.meta.output_ends.get(topic, 0) for topic in (topics.credits, topics.dead_letters)}
        noted = 0
        async for record in read_outputs(self._tools.connection, self.partition, starts, ledger):
            if record.topic == topics.dead_letters:
                ledger.dead.add(dead_letter_identity(record))
            elif (said := said_credit(record)) is not None:
                self._state.note_said(said.contact_id, said.conversion_id, said.version, said.lift)
                noted += 1
                if noted % _NOTED_PER_COMMIT == 0:
                    self._state.commit()
        self._state.commit()
        await self._catch_up(ledger)
        self._crediting.speak_up()
        refused: list[tuple[Received, Refusal]] = list(self._state.owed_refusals())
        ends = await self._publish(refused)
        self._state.meta.output_ends.update(ledger.ends)
        self._state.meta.output_ends.update(ends)
        self._state.commit()

    async def _catch_up(self, ledger: Ledger) -> None:
        """Decide everything that the outputs were said from; the set of facts is the same, so the answers are."""
        places = {
            place: ledger.covers[place.topic]
            for place in (self._touchpoints, self._conversions)
            if ledger.covers.get(place.topic, 0) > self._offset(place)
        }
        if not places:
            return
        self.phase = Phase.CATCHING_UP
        log.info("catching up in silence", partition=self.partition, to={place.topic: end for place, end in places.items()})
        await self._free.wait()
        self.seek()
        self._tools.consumer.resume(*places)
        while left := [place for place, end in places.items() if self._offset(place) < end]:
            if self._stopping:
                return
            await self._free.wait()
            for place, records in (await self._fetch(left, _FETCH_MS)).items():
                name = self._name(place)
                judge = self._judges[name].judge
                known = [Judged(record, judge(record)) for record in records if record.offset < places[place]]
                for origin, refusal in self._decide(known):
                    if (origin.topic, origin.offset) not in ledger.dead:
                        self._state.owe_refusal(origin_of(origin), refusal)
                self._crediting.keep_quiet()
                self._state.meta.offsets[name] = min(self._guards[place].next_offset, places[place])
                self._state.commit()
                self._sweep.advance(2 * len(known))
                self.progressed_at = time.monotonic()
            await asyncio.sleep(0)

    def _offset(self, place: TopicPartition) -> int:
        return self._state.meta.offsets.get(self._name(place), 0)

    def _name(self, place: TopicPartition) -> str:
        return "touchpoints" if place == self._touchpoints else "conversions"

    # A chunk, in its one order

    async def _chunk(self) -> None:
        wait_ms = _FETCH_ALIGNING_MS if self._alignment.held else _FETCH_MS
        fetched = await self._fetch(self._wanted(), wait_ms)
        began = time.monotonic()
        judge = self._judges["touchpoints"].judge
        touchpoints = [Judged(record, judge(record)) for record in fetched.get(self._touchpoints, ())]
        self._alignment.hold(fetched.get(self._conversions, ()))
        self._alignment.listened(wait_ms / 1000, heard=bool(touchpoints))
        refused = self._decide(touchpoints)
        conversions = self._alignment.release(await self._passed(), self._most_conversions)
        refused += self._decide(conversions)
        if not touchpoints and not conversions:
            self._sweep.advance(0)
            return
        offsets = self._state.meta.offsets
        offsets["touchpoints"] = self._guards[self._touchpoints].next_offset
        if conversions:
            offsets["conversions"] = conversions[-1].record.offset + 1
        self._watch(touchpoints, conversions, refused)
        publishing = time.monotonic()
        self._state.meta.output_ends.update(await self._publish(refused))
        published = time.monotonic()
        self._state.commit()
        self._sweep.advance(2 * (len(touchpoints) + len(conversions)))
        if self._opening.snapshots is not None:
            await self.saving.save_when_due(self._publishing_store(), self._state, self._opening.snapshots)
        self._measure([*touchpoints, *conversions], began, publishing, published)
        await asyncio.sleep(0)

    def _publishing_store(self) -> RocksStore:
        store = self._state.store
        assert isinstance(store, RocksStore)
        return store

    def _wanted(self) -> list[TopicPartition]:
        """Both topics, unless conversions have run too far ahead of their touchpoints."""
        if self._alignment.held < HELD_MOST:
            return [self._touchpoints, self._conversions]
        return [self._touchpoints]

    async def _fetch(self, places: Sequence[TopicPartition], wait_ms: int) -> dict[TopicPartition, Sequence[ConsumerRecord]]:
        consumer = self._tools.consumer
        batches = await consumer.getmany(*places, timeout_ms=wait_ms, max_records=self._most_records)
        passed_on = {}
        for place, records in batches.items():
            guard = self._guards[place]
            if records[0].offset != guard.next_offset:
                await self._look_again(records[0].offset, place)
            guarded = guard.pass_on(records)
            if guarded is None:
                consumer.seek(place, guard.next_offset)
            elif guarded:
                passed_on[place] = guarded
        return passed_on

    async def _look_again(self, offset: int, place: TopicPartition) -> None:
        """Make sure that a jump in the log is no loss and a step back no other log."""
        topics = self._tools.topics
        kafka_log = await asyncio.to_thread(
            describe_log, self._tools.cluster, (*topics.inputs, *topics.outputs), self.partition
        )
        offsets = {place.topic: guard.next_offset for place, guard in self._guards.items()}
        where = f"partition {self.partition} at offset {offset} of {place.topic}"
        check_log(self._state.meta, offsets, kafka_log, where, self._tools.accept_gap)

    async def _passed(self) -> int | None:
        """The event time that the touchpoints have passed; None when they are read to their end."""
        consumer = self._tools.consumer
        end = consumer.last_stable_offset(self._touchpoints)
        if end is not None and await consumer.position(self._touchpoints) >= end:
            return None
        return self._state.meta.newest_us.get("touchpoints", NEVER)

    def _decide(self, judged: Sequence[Judged]) -> list[tuple[Received, Refusal]]:
        refused: list[tuple[Received, Refusal]] = []
        decide = self._decider.decide
        self._state.prefetch(
            [
                (one.record.key, one.fact.event_id.encode())
                for one in judged
                if isinstance(one.fact, Touchpoint) and one.record.key is not None
            ]
        )
        for one in judged:
            fact = one.fact
            refusal = fact if isinstance(fact, Refusal) else decide(fact, one.record)
            if refusal is not None:
                refused.append((one.record, refusal))
        self._decider.give_up()
        refused += self._decider.refused_later
        self._decider.refused_later.clear()
        return refused

    async def _publish(self, refused: list[tuple[Received, Refusal]]) -> dict[str, int]:
        if not refused and not self._decider.touched:
            return {}
        offsets = self._state.meta.offsets
        covers = {
            self._tools.topics.touchpoints: offsets.get("touchpoints", 0),
            self._tools.topics.conversions: offsets.get("conversions", 0),
        }
        return await self._publisher.publish(self._outputs(refused), covers)

    def _outputs(self, refused: list[tuple[Received, Refusal]]) -> Iterator[list[Output]]:
        topics, metrics = self._tools.topics, self._tools.metrics
        for received, refusal in refused:
            metrics.dead_letters.labels(received.topic, refusal.reason.value).inc()
            yield [Output(topics.dead_letters, received.key, encode_dead_letter(received, refusal))]
        credits = size = 0
        for said in self._crediting.say():
            outputs = self._credit_outputs(said)
            credits += 1
            size += sum(len(output.value) for output in outputs)
            yield outputs
        if credits:
            self._most_conversions = max(1, min(_MOST_RECORDS, _OUTPUT_BYTES * credits // size))

    def _credit_outputs(self, said: Said) -> list[Output]:
        topics, metrics = self._tools.topics, self._tools.metrics
        metrics.reissued.inc(said.reissued)
        main, *shadows = said.credits
        outputs = [Output(topics.credits, credit_key(said.contact_id, said.conversion_id), main[1], said.lift)]
        for credit, message in shadows:
            key = shadow_key(said.contact_id, said.conversion_id, credit.model)
            outputs.append(Output(topics.credits_shadow, key, message, said.lift))
        for credit, _ in said.credits:
            metrics.credits.labels(credit.model).inc()
            metrics.capped.inc(credit.capped)
        return outputs

    # Measures

    def _watch(self, touchpoints: list[Judged], conversions: list[Judged], refused: list[tuple[Received, Refusal]]) -> None:
        for name, records, topic in zip(
            ("touchpoints", "conversions"), (touchpoints, conversions), self._tools.topics.inputs, strict=True
        ):
            reasons = [refusal.reason for received, refusal in refused if received.topic == topic]
            self._deploy[name].watch(len(records), reasons)

    def _measure(self, judged: list[Judged], began: float, publishing: float, published: float) -> None:
        metrics, counts = self._tools.metrics, self._decider.counts
        now = time.monotonic()
        self.decided += len(judged)
        self.progressed_at = now
        metrics.chunk_seconds.observe(now - began)
        metrics.publish_seconds.observe(published - publishing)
        metrics.latency_seconds.observe(max(0.0, time.time() - min(one.record.timestamp for one in judged) / 1000))
        for topic in self._tools.topics.inputs:
            metrics.records.labels(topic, str(self.partition)).inc(sum(one.record.topic == topic for one in judged))
        metrics.duplicates.inc(counts.duplicates)
        metrics.late_facts.inc(counts.late)
        metrics.excess_refunds.inc(counts.excess_refunds)
        counts.duplicates = counts.late = counts.excess_refunds = 0
        if now - began > self._tools.settings.chunk_time.total_seconds():
            self._most_records = max(_LEAST_RECORDS, self._most_records // 2)
        else:
            self._most_records = min(_MOST_RECORDS, self._most_records * 2)
