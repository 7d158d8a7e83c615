"""The role of attribution: touchpoints and conversions in, credits out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from aiokafka.structs import ConsumerRecord

from events.fact import Touchpoint
from events.refusal import Refusal
from events.topics import CONVERSIONS, CREDITS, CREDITS_SHADOW, DEAD_LETTERS, TOUCHPOINTS
from streams.attribution import Attribution
from streams.crediting import Crediting, Said
from streams.holds import Holds
from streams.live.intake import Judged
from streams.live.ledger import said_credit
from streams.live.processor import Refused, Role
from streams.live.publisher import Output
from streams.live.tools import Tools
from streams.message import credit_key, shadow_key
from streams.received import Received
from streams.rocks import RocksStore
from streams.state import PartitionState
from streams.sweep import ROWS_PER_RECORD, Sweep


class Attributing:
    """The attribution decider's work on one partition."""

    def __init__(self, tools: Tools, store: RocksStore) -> None:
        self.state = PartitionState(store, tools.room)
        holds = Holds(tools.catalogue.horizon_us, tools.catalogue.retention_us)
        self.decider = Attribution(tools.catalogue, self.state, holds)
        self.crediting = Crediting(tools.catalogue, self.decider)
        self.bytes_per_held = 2_000.0
        """Of a conversion's credit in the last chunk that had any: shadow models included."""
        self._sweep = Sweep(self.state, holds)
        self._metrics = tools.metrics
        self._credits = tools.topics.full(CREDITS)
        self._shadow = tools.topics.full(CREDITS_SHADOW)
        self._counts: list[Callable[[], None]] = []

    @property
    def touched(self) -> bool:
        return bool(self.decider.touched)

    def decide(self, judged: Sequence[Judged]) -> Refused:
        self.state.prefetch(
            [
                (record.key, fact.event_id.encode())
                for record, fact in judged
                if isinstance(fact, Touchpoint) and record.key is not None
            ]
        )
        refused: Refused = []
        decide: Callable[[Any, Received], Refusal | None] = self.decider.decide  # these topics have no other facts
        for record, fact in judged:
            refusal = fact if isinstance(fact, Refusal) else decide(fact, record)
            if refusal is not None:
                refused.append((record, refusal))
        self.decider.give_up()
        refused += self.decider.refused_later
        self.decider.refused_later.clear()
        return refused

    def wake(self, now_us: int) -> None:
        """A credit does not depend on the time."""

    def say(self) -> Iterator[list[Output]]:
        """The new versions of the credits that were touched; a conversion's stay together."""
        self._counts.clear()
        credits = size = 0
        for said in self.crediting.say():
            outputs = self._outputs(said)
            credits += 1
            size += sum([output.size for output in outputs])
            yield outputs
        if credits:
            self.bytes_per_held = size / credits

    def published(self) -> None:
        for count in self._counts:
            count()

    def note_said(self, record: ConsumerRecord) -> None:
        said = said_credit(record)
        if said is not None:
            self.state.note_said(said.contact_id, said.conversion_id, said.version, said.lift)

    def keep_quiet(self) -> None:
        self.crediting.keep_quiet()

    def speak_up(self) -> None:
        self.crediting.speak_up()

    def forget_counts(self) -> None:
        self.decider.counts.clear()

    def count(self) -> None:
        metrics, counts = self._metrics, self.decider.counts
        metrics.duplicates.labels(ATTRIBUTION.name).inc(counts.duplicates)
        metrics.late_facts.inc(counts.late)
        metrics.excess_refunds.inc(counts.excess_refunds)
        counts.clear()

    def sweep(self, records: int) -> None:
        self._sweep.advance(ROWS_PER_RECORD * records)

    def _outputs(self, said: Said) -> list[Output]:
        if said.reissued:
            self._counts.append(self._metrics.reissued.inc)
        outputs = []
        for place, (credit, message) in enumerate(said.credits):
            self._counts.append(self._metrics.credits.labels(credit.model).inc)
            if credit.capped:
                self._counts.append(self._metrics.capped.inc)
            if place == 0:
                topic, key = self._credits, credit_key(said.contact_id, said.conversion_id)
            else:
                topic, key = self._shadow, shadow_key(said.contact_id, said.conversion_id, credit.model)
            outputs.append(Output(topic, key, message, said.lift))
        return outputs


ATTRIBUTION: Final = Role(
    name="attribution",
    inputs=(TOUCHPOINTS, CONVERSIONS),
    decides=frozenset({TOUCHPOINTS.name, CONVERSIONS.name}),
    outputs=(CREDITS, CREDITS_SHADOW, DEAD_LETTERS),
    read_back=(CREDITS,),
    begin=lambda tools, _partition, store: Attributing(tools, store),
    held_back=CONVERSIONS.name,
)
