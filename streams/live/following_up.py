"""The role of follow-ups: interactions in; follow-ups, reminders and rejections out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from aiokafka.structs import ConsumerRecord

from events.facts import key_of
from events.refusal import Refusal
from events.topics import CONTACTS, DEAD_LETTERS, FOLLOWUPS, INTERACTIONS, REJECTIONS, REMINDERS
from projections.followups.messages import encode_rejection, encode_reminder, followup_key
from projections.followups.users import users_of
from streams.followups.desk import Desk, Rejected
from streams.followups.rows import (
    OWED,
    OWED_REJECTION,
    SAID_REJECTION,
    SAID_REMINDER,
    book_prefix,
    interaction_key,
    pack,
    unpack_owed,
)
from streams.kept import Kept
from streams.live.intake import Judged
from streams.live.processor import Refused, Role
from streams.live.publisher import ORIGIN, Output
from streams.live.tools import Tools
from streams.rocks import RocksStore
from streams.rows import instant_bytes, instant_of

_USER: Final = "user:"


class FollowingUp:
    """The follow-ups decider's work on one partition."""

    bytes_per_held = 1_000.0

    def __init__(self, tools: Tools, partition: int, store: RocksStore) -> None:
        self.state = Kept(store)
        self.desk = Desk(self.state, users_of(tools.definitions), tools.catalogue.horizon_us)
        self._looked_at_users = False
        self._metrics = tools.metrics
        self._interactions = tools.topics.full(INTERACTIONS)
        self._followups = tools.topics.full(FOLLOWUPS)
        self._reminders = tools.topics.full(REMINDERS)
        self._rejections = tools.topics.full(REJECTIONS)
        self._said: Counter[str] = Counter()

    @property
    def touched(self) -> bool:
        return bool(self.desk.touched or self.desk.rejected or self.desk.reminders)

    def decide(self, judged: Sequence[Judged]) -> Refused:
        refused: Refused = []
        for record, fact in judged:
            refusal = fact if isinstance(fact, Refusal) else self.desk.decide(fact, record)
            if refusal is not None and record.topic == self._interactions:
                refused.append((record, refusal))
        return refused

    def wake(self, now_us: int) -> None:
        if not self._looked_at_users:
            self._looked_at_users = True
            self.desk.look_at_users()
        self.desk.wake(now_us)

    def say(self) -> Iterator[list[Output]]:
        self._said.clear()
        for rejected in self.desk.rejected:
            self._said[self._rejections] += 1
            yield [self._rejection(rejected)]
        self.desk.rejected.clear()
        for key, reminding in self.desk.reminders.items():
            if self._was_said(key, reminding.due.date):
                continue
            self._said[self._reminders] += 1
            value = encode_reminder(reminding.interaction, reminding.due, reminding.contact_name)
            yield [
                Output(
                    self._reminders,
                    followup_key(reminding.interaction.book, reminding.interaction.interaction_id),
                    value,
                )
            ]
        self.desk.reminders.clear()
        for key in self.desk.touched:
            said = self.desk.followup(key)
            if said is not None:
                self._said[self._followups] += 1
                yield [Output(self._followups, *said)]
        self.desk.touched.clear()

    def published(self) -> None:
        for topic, said in self._said.items():
            self._metrics.said.labels(topic).inc(said)

    def note_said(self, record: ConsumerRecord) -> None:
        if record.topic == self._rejections:
            offset = next(int(value) for name, value in record.headers if name == ORIGIN)
            self.state.put(SAID_REJECTION + instant_bytes(offset), b"")
            return
        name, interaction_id = json.loads(record.key)
        message = None if record.value is None else json.loads(record.value)
        if message is not None:
            book = book_prefix(message["contact_id"], message["owner"])
        elif name.startswith(_USER):
            book = book_prefix(None, name.removeprefix(_USER))
        else:
            book = book_prefix(name, None)
        key = interaction_key(book, interaction_id)
        if record.topic == self._followups:
            self.desk.note_followup(key, record.value)
        elif message is not None:
            self.state.put(_said_reminder(key, date.fromisoformat(message["sent_for"])), b"")

    def keep_quiet(self) -> None:
        for rejected in self.desk.rejected:
            offset = instant_bytes(rejected.offset)
            if self.state.get(SAID_REJECTION + offset) is None:
                self.state.put(OWED_REJECTION + offset, pack((rejected.fact, rejected.reason)))
            else:
                self.state.put(SAID_REJECTION + offset, None)
        for key in self.desk.touched:
            self.state.put(OWED + key, b"")
        self._forget()

    def speak_up(self) -> None:
        for key, row in list(self.state.scan(OWED_REJECTION, OWED_REJECTION + b"\xff" * 9)):
            fact, reason = unpack_owed(row)
            self.desk.rejected.append(Rejected(fact, reason, instant_of(key[len(OWED_REJECTION) :])))
            self.state.put(key, None)
        for owed, _ in list(self.state.scan(OWED, OWED + b"\xff")):
            self.desk.touched[owed[len(OWED) :]] = None
            self.state.put(owed, None)

    def forget_counts(self) -> None:
        self.desk.duplicates = 0

    def count(self) -> None:
        self._metrics.duplicates.labels(FOLLOWING_UP.name).inc(self.desk.duplicates)
        self.desk.duplicates = 0

    def sweep(self, records: int) -> None:
        """Interactions stay: whoever asks what was ever said to a contact finds it."""

    def _forget(self) -> None:
        self.desk.rejected.clear()
        self.desk.reminders.clear()
        self.desk.touched.clear()

    def _rejection(self, rejected: Rejected) -> Output:
        value = encode_rejection(rejected.fact, rejected.reason)
        return Output(self._rejections, key_of(rejected.fact).encode(), value, origin=str(rejected.offset))

    def _was_said(self, key: bytes, sent_for: date) -> bool:
        """Whether a former owner sent the reminder; the interaction itself says so from now on."""
        said = _said_reminder(key, sent_for)
        if self.state.get(said) is None:
            return False
        self.state.put(said, None)
        return True


def _said_reminder(key: bytes, sent_for: date) -> bytes:
    return SAID_REMINDER + key + b"\0" + sent_for.isoformat().encode()


FOLLOWING_UP: Final = Role(
    name="followups",
    inputs=(INTERACTIONS, CONTACTS),
    decides=frozenset({INTERACTIONS.name}),
    outputs=(FOLLOWUPS, REMINDERS, REJECTIONS, DEAD_LETTERS),
    read_back=(FOLLOWUPS, REMINDERS, REJECTIONS),
    begin=FollowingUp,
    read_first=frozenset({CONTACTS.name}),
)
"""Erasures are read first: a follow-up of an erased contact is never said again."""
