"""What stands in a partition's output topics, kept on the disk while its credits are compared with other rules."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import msgspec
from aiokafka.structs import ConsumerRecord
from msgspec import Struct, field

from streams.credit import Credit
from streams.live.ledger import SaidCredit, content_of, dead_letter_identity, said_credit
from streams.live.tools import Topics
from streams.received import Received
from streams.rows import instant_bytes, pack
from streams.store import Store

_PIECE = 5_000
_CREDIT, _DEAD_LETTER = b"c", b"d"
OWN_MODEL = ""


class StandingCredit(Struct):
    """What stands of a conversion's credit, under all models together."""

    said: int = 0
    """The highest version."""
    lift: int = 0
    """As that version's header has it."""
    offset: int = -1
    """Where its message stands in topic `credits`; below zero where none does."""
    told: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """By shadow model, `OWN_MODEL` for the conversion's own: the last version, and what its message says."""

    def note(self, said: SaidCredit, offset: int) -> None:
        """Take in a record, in the order of the log or in any other."""
        if said.version > self.told.get(said.model, (0, b""))[0]:
            self.told[said.model] = said.version, _digest(said.value)
            if said.model == OWN_MODEL:
                self.offset = offset
        if said.version >= self.said:
            self.said, self.lift = said.version, said.lift

    def differing(self, credits: list[tuple[Credit, bytes]]) -> list[str]:
        """The models whose message says anything else, or stands nowhere; versions aside."""
        names = [OWN_MODEL, *(credit.model for credit, _ in credits[1:])]
        return [
            credit.model
            for name, (credit, message) in zip(names, credits, strict=True)
            if self.told.get(name, (0, b""))[1] != _digest(message)
        ]


class Standing:
    """The credits and dead letters of a partition's outputs, over a store of their own that is thrown away after."""

    def __init__(self, store: Store, topics: Topics) -> None:
        self.credits = 0
        """How many conversions have a credit in the topics."""
        self._store = store
        self._dead_letters = topics.dead_letters
        self._rows: dict[bytes, bytes | None] = {}

    def note(self, record: ConsumerRecord) -> None:
        """Take in a record of any output topic."""
        if record.topic == self._dead_letters:
            self._rows[_dead_letter_key(*dead_letter_identity(record))] = b""
        elif (said := said_credit(record)) is not None:
            key = _credit_key(said.contact_id, said.conversion_id)
            row = self._rows.get(key) or self._store.get(key)
            self.credits += row is None
            credit = _unpack(row) if row else StandingCredit()
            credit.note(said, record.offset)
            self._rows[key] = pack(credit)
        if len(self._rows) >= _PIECE:
            self.flush()

    def flush(self) -> None:
        """What was noted or taken so far is on the disk. Call it after the last record."""
        self._store.write(self._rows)
        self._rows.clear()

    def is_dead(self, record: Received) -> bool:
        """Whether the record is a dead letter already."""
        return self._store.get(_dead_letter_key(record.topic, record.offset)) is not None

    def take(self, contact_id: bytes, conversion_id: bytes) -> StandingCredit | None:
        """What stands of a conversion's credit, None for nothing; from the next `flush` on it stands here no more."""
        key = _credit_key(contact_id, conversion_id)
        row = self._store.get(key)
        if row is None:
            return None
        self._rows[key] = None
        return _unpack(row)

    def left(self) -> Iterator[tuple[bytes, bytes, StandingCredit]]:
        """The credits that were not taken: (contact id, conversion id, what stands)."""
        for key, row in self._store.scan(_CREDIT, _DEAD_LETTER):
            contact_id, conversion_id = key[1:].split(b"\0", 1)
            yield contact_id, conversion_id, _unpack(row)


_unpack = msgspec.msgpack.Decoder(StandingCredit).decode


def _digest(message: bytes) -> bytes:
    return blake2b(content_of(message), digest_size=16).digest()


def _credit_key(contact_id: bytes, conversion_id: bytes) -> bytes:
    return b"%b%b\0%b" % (_CREDIT, contact_id, conversion_id)


def _dead_letter_key(topic: str, offset: int) -> bytes:
    return b"%b%b\0%b" % (_DEAD_LETTER, topic.encode(), instant_bytes(offset))
