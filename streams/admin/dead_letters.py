"""The dead letters as they lie on Kafka (contract, section 3)."""

from __future__ import annotations

import base64
from collections.abc import Generator
from typing import Literal, NamedTuple

import msgspec
from kafka import TopicPartition

from events.topics import DEAD_LETTERS
from streams.admin.committed import committed_records, committed_spans
from streams.admin.installation import Installation
from streams.admin.topic_state import partition_counts


class LetterError(msgspec.Struct, frozen=True):
    """One thing that was wrong with the record; `path` is a JSON Pointer."""

    path: str
    message: str


class DeadLetter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A refused record, and why: `topic` (its full name), `partition` and `offset` say where it stands."""

    topic: str
    partition: int
    offset: int
    reason: str
    errors: list[LetterError]
    received_at: str | None
    payload: str | None
    encoding: Literal["base64"] | None = None

    def value(self) -> bytes | None:
        """The record's value, byte for byte as it was; None for a record that had none."""
        if self.payload is None:
            return None
        return base64.b64decode(self.payload) if self.encoding else self.payload.encode()


class FoundLetter(NamedTuple):
    """A dead letter where it was found; `key` is the refused record's own, `written_ms` when it was refused."""

    partition: int
    offset: int
    written_ms: int
    key: bytes | None
    letter: DeadLetter


class Wanted(NamedTuple):
    """Which dead letters are meant; None and empty stand for all."""

    reasons: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    """Full names of the topics that the refused records stand in."""
    since_ms: int | None = None
    """Refused at that time or later, in milliseconds since 1970-01-01T00:00:00Z."""

    def includes(self, found: FoundLetter) -> bool:
        """True for one of those that are meant."""
        return (
            (not self.reasons or found.letter.reason in self.reasons)
            and (not self.topics or found.letter.topic in self.topics)
            and (self.since_ms is None or found.written_ms >= self.since_ms)
        )


class DeadLetterTopic:
    """The wanted ones among an installation's dead letters.

    `foreign` counts the records read that are no dead letters.
    """

    def __init__(self, installation: Installation, wanted: Wanted) -> None:
        self.installation = installation
        self.foreign = 0
        self._wanted = wanted

    def read(self) -> Generator[FoundLetter, None, None]:
        """Those that stand on Kafka now: by partition, each in the order of refusal.

        What is refused while they are read is left for the next time. Raises BrokenEnvironmentError.
        """
        cluster, name = self.installation.cluster, self.installation.topic(DEAD_LETTERS)
        with cluster.admin() as admin:
            count = partition_counts(admin, [name])[name]
        partitions = [TopicPartition(name, number) for number in range(count)]
        with cluster.consumer() as consumer:
            spans = committed_spans(consumer, partitions, self._wanted.since_ms)
            for record in committed_records(consumer, spans, cluster.patience_s):
                try:
                    letter = _decode(record.value or b"")
                except msgspec.MsgspecError:
                    self.foreign += 1
                    continue
                found = FoundLetter(record.partition, record.offset, record.timestamp, record.key, letter)
                if self._wanted.includes(found):
                    yield found


_decode = msgspec.json.Decoder(DeadLetter).decode
