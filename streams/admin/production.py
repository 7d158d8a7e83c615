"""Lines of files on their way to the topics: each judged before it is sent, under the key that the contract wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from events.codec import decode_any
from events.facts import key_of, owner_key
from events.instant import EARLIEST_US
from events.refusal import Reason, Refusal
from events.topics import FACT_TOPICS, TOUCHPOINTS, full_name
from streams.replay.sources import Source

LARGEST_BYTES: Final = 1_000_000
"""Kafka takes about 1 MiB a record unless told otherwise; a longer line is never sent, and readers cut it anyway."""


class Outgoing(NamedTuple):
    """A record to send, and when its event occurred: microseconds since 1970-01-01T00:00:00Z."""

    occurred_us: int
    topic: str
    key: bytes | None
    value: bytes


class RefusedLine(NamedTuple):
    """A line that is no event, and why."""

    source: str
    number: int
    refusal: Refusal


class Production:
    """Turns lines into records, and reports those that the codec refuses.

    A refused line is left out; with `send_invalid` it goes all the same, as far as Kafka can take it: to the topic that
    its `type` names, else to the touchpoints, and in time right after the line before it in its file.
    """

    def __init__(self, prefix: str, report: Callable[[RefusedLine], None], *, send_invalid: bool = False) -> None:
        self.read = 0
        self.taken = 0
        self.refused: Counter[Reason] = Counter()
        self._prefix = prefix
        self._report = report
        self._send_invalid = send_invalid
        self._topic_of_type = {name: full_name(prefix, topic) for topic in FACT_TOPICS for name in topic.event_types}

    def records(self, source: Source) -> Iterator[Outgoing]:
        """The records of one source, in its order."""
        occurred_us = EARLIEST_US
        for number, line in source.lines():
            self.read += 1
            judged = decode_any(line)
            if not isinstance(judged, Refusal):
                topic, fact = judged
                occurred_us = fact.occurred_us
                self.taken += 1
                yield Outgoing(occurred_us, self._prefix + topic, key_of(fact).encode(), line)
                continue
            self.refused[judged.reason] += 1
            self._report(RefusedLine(source.name, number, judged))
            if self._send_invalid and len(line) <= LARGEST_BYTES:
                self.taken += 1
                yield self._as_it_is(line, occurred_us)

    def _as_it_is(self, line: bytes, occurred_us: int) -> Outgoing:
        try:
            label = _peek(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            label = _Label()
        topic = self._topic_of_type.get(label.type) if isinstance(label.type, str) else None
        key = label.contact_id.encode() if isinstance(label.contact_id, str) else None
        if isinstance(label.owner, str) and key is None:
            key = owner_key(label.owner).encode()
        return Outgoing(occurred_us, topic or full_name(self._prefix, TOUCHPOINTS), key, line)


class _Label(msgspec.Struct):
    """The fields that say where an event belongs, of whatever type they are."""

    type: Any = None
    contact_id: Any = None
    owner: Any = None


_peek = msgspec.json.Decoder(_Label).decode
