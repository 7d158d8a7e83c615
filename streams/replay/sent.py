"""Facts about contacts and interactions on their way through their sorts: by key, and as they were sent.

Attribution's facts have a form of their own (`entry`), since there are so many more of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from typing import Final, NamedTuple, TypeAlias

import msgspec

from events.contacts import ContactFact
from events.facts import key_of
from events.interactions import InteractionFact
from streams.replay.entry import Line

OVERHEAD_BYTES: Final = 500
"""What one takes in memory beside its bytes."""

OtherFact: TypeAlias = ContactFact | InteractionFact

SentEntry: TypeAlias = tuple[str, int, int, int, int, str, bytes, bytes]
"""A `Sent` on its way through a sort, which takes plain tuples alone."""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(OtherFact).decode


class Sent(NamedTuple):
    """A fact with the record that it came as. They sort by key, and then as the log has them."""

    key: str
    intake: int
    number: int
    timestamp: int
    occurred_us: int
    event_id: str
    packed: bytes
    """The fact; the same bytes are the same fact."""
    value: bytes

    @property
    def fact(self) -> OtherFact:
        """The fact again."""
        fact: OtherFact = _unpack(self.packed)
        return fact

    @property
    def line(self) -> Line:
        """Where it came from."""
        return Line("", self.intake, self.number, self.timestamp, None, self.value)


def sent_as(fact: OtherFact, intake: int, number: int, timestamp: int, value: bytes) -> SentEntry:
    """The entry of a fact that came as that record of that intake."""
    return (key_of(fact), intake, number, timestamp, fact.occurred_us, fact.event_id, _pack(fact), value)


def by_key(batches: Iterable[list[SentEntry]]) -> Iterator[tuple[str, list[Sent]]]:
    """The facts of each key, in the order of the log."""
    for key, found in groupby(chain.from_iterable(batches), key=_key):
        yield key, [Sent(*each) for each in found]


def _key(sent: tuple[object, ...]) -> str:
    return str(sent[0])
