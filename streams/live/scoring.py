"""The role of scores: facts of all topics in; scores, and their moves between bands, out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import structlog
from aiokafka.structs import ConsumerRecord

from events.fact import Touchpoint
from events.refusal import Refusal
from events.topics import CONTACTS, CONVERSIONS, DEAD_LETTERS, INTERACTIONS, SCORE_CHANGES, SCORES, TOUCHPOINTS
from projections.followups.users import users_of
from streams.holds import Holds
from streams.live.intake import Judged
from streams.live.processor import Refused, Role
from streams.live.publisher import Output
from streams.live.tools import Tools
from streams.rocks import RocksStore
from streams.scores.desk import Desk
from streams.state import PartitionState
from streams.sweep import ROWS_PER_RECORD, Sweep

log = structlog.get_logger(__name__)

_TOLD_EVERY_US: Final = 5_000_000
_LIVES_AT_ONCE: Final = 100


class ScoringRole:
    """The scores decider's work on one partition."""

    bytes_per_held = 2_000.0

    def __init__(self, tools: Tools, partition: int, store: RocksStore) -> None:
        self.state = PartitionState(store, tools.room)
        published = [profile for profile in tools.definitions.profiles.values() if profile.published]
        self.desk = Desk(self.state, tools.catalogue, users_of(tools.definitions), published)
        self._sweep = Sweep(self.state, Holds(tools.catalogue.horizon_us, tools.catalogue.retention_us))
        self._metrics = tools.metrics
        self._partition = partition
        self._topics = tools.topics
        self._contacts = tools.topics.full(CONTACTS)
        self._scores = tools.topics.full(SCORES)
        self._said: Counter[str] = Counter()
        self._told_us = 0

    @property
    def touched(self) -> bool:
        return bool(self.desk.touched)

    def decide(self, judged: Sequence[Judged]) -> Refused:
        accepting = self.desk.accepting
        accepting.attributed.prefetch([fact for _, fact in judged if isinstance(fact, Touchpoint)])
        refused: Refused = []
        for record, fact in judged:
            refusal = fact if isinstance(fact, Refusal) else accepting.decide(fact, record)
            if refusal is not None and record.topic == self._contacts:
                refused.append((record, refusal))
        accepting.give_up()
        return refused

    def wake(self, now_us: int) -> None:
        before = self.desk.publishing
        self.desk.wake(now_us)
        if not before.is_over:
            self._tell_progress(now_us)

    def say(self) -> Iterator[list[Output]]:
        self._said.clear()
        for messages in self.desk.say():
            outputs = [Output(self._topics.full(each.topic), each.key, each.value) for each in messages]
            self._said.update(output.topic for output in outputs)
            yield outputs

    def published(self) -> None:
        for topic, said in self._said.items():
            self._metrics.said.labels(topic).inc(said)

    def note_said(self, record: ConsumerRecord) -> None:
        if record.topic == self._scores:
            self.desk.ledger.note_score(record.key, record.value)
        else:
            self.desk.ledger.note_change(record.key, record.value)

    def keep_quiet(self) -> None:
        self.desk.keep_quiet()

    def speak_up(self) -> None:
        """Whoever was touched in silence is due, and looked at when woken."""

    def forget_counts(self) -> None:
        self.desk.accepting.duplicates = 0

    def count(self) -> None:
        self._metrics.duplicates.labels(SCORING.name).inc(self.desk.accepting.duplicates)
        self.desk.accepting.duplicates = 0

    def sweep(self, records: int) -> None:
        self._sweep.advance(ROWS_PER_RECORD * records)
        self.desk.accepting.lives.clear_away(_LIVES_AT_ONCE)

    def _tell_progress(self, now_us: int) -> None:
        publishing = self.desk.publishing
        if publishing.is_over or now_us - self._told_us >= _TOLD_EVERY_US:
            self._told_us = now_us
            log.info(
                "scoring contacts under the published profiles",
                partition=self._partition,
                contacts=publishing.contacts,
                over=publishing.is_over,
            )


SCORING: Final = Role(
    name="scores",
    inputs=(TOUCHPOINTS, CONVERSIONS, INTERACTIONS, CONTACTS),
    decides=frozenset({CONTACTS.name}),
    outputs=(SCORES, SCORE_CHANGES, DEAD_LETTERS),
    read_back=(SCORES, SCORE_CHANGES),
    begin=ScoringRole,
    read_first=frozenset({CONTACTS.name}),
)
"""Erasures are read first: a score of an erased contact is never said again."""
