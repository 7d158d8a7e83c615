"""How the state's rows are written: keys and values of the store, byte for byte. Change them and the format version.

A contact's rows lie together, under its id and a zero byte (no id holds a control character):

    <contact> 00 c <conversion_id>    a conversion, what was taken back of it, what was said of it
    <contact> 00 k                    the contact: its newest conversion, whether it ever had a follow-on fact
    <contact> 00 r <t|c> <event_id>   the id of a follow-on fact (retraction; refund, cancellation): for copies
    <contact> 00 t <event_id>         a touchpoint, and how many retractions name it
    <contact> 00 w <t|c> <target> 00 <event_id>   a follow-on fact that waits for the fact it names

Keys that begin with a zero byte belong to the partition: `00 meta`, `00 o …` (a credit owed a look
after a takeover), `00 r …` (a dead letter owed), `00 s …` (said by a former owner), `00 x …` (when a waiting fact gives
up). Instants are written as unsigned microseconds with 2^63 added, so that bytes order as time.
"""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from events.fact import Cancellation, Conversion, Refund, Retraction, Touchpoint
from streams.received import Received

FORMAT_VERSION: Final = 1
META: Final = b"\0meta"
_BIAS = 1 << 63
_INSTANT = struct.Struct(">Q")
_TOUCH = struct.Struct(">QQIB")
_COUNTS = struct.Struct(">QqqIIIB")
_PROPERTIES = 2  # bit 1; bit 0: the event brought its own lifetime


def instant_bytes(at_us: int) -> bytes:
    """Eight bytes that order as time does."""
    return _INSTANT.pack(at_us + _BIAS)


def instant_of(packed: bytes) -> int:
    """The instant, in microseconds, that `instant_bytes` wrote."""
    (biased,) = _INSTANT.unpack(packed)
    return int(biased) - _BIAS


# A touchpoint: occurred (8), expires (8), retractions (4), flags (1), name 00 dimensions [properties digest (16)].


def touch_row(fact: Touchpoint, expires_us: int) -> bytes:
    """The row of a touchpoint that nothing retracts. Two copies are the same fact when these bytes are equal."""
    flags = (fact.lifetime_us is not None) | (_PROPERTIES if fact.properties else 0)
    head = _TOUCH.pack(fact.occurred_us + _BIAS, expires_us + _BIAS, 0, flags)
    return b"%b%b\0%b%b" % (head, fact.name.encode(), fact.dimensions, fact.properties)


def touch_instants(row: bytes) -> tuple[int, int]:
    """When the touchpoint of a row occurred and when it expires."""
    return instant_of(row[:8]), instant_of(row[8:16])


def touch_retractions(row: bytes) -> int:
    """How many accepted retractions name the touchpoint of a row."""
    return int.from_bytes(row[16:20], "big")


def retracted_once_more(row: bytes) -> bytes:
    """The row with one more retraction."""
    return row[:16] + (touch_retractions(row) + 1).to_bytes(4, "big") + row[20:]


def same_touchpoint(row: bytes, other: bytes) -> bool:
    """Whether two rows are of the same fact; retractions do not count."""
    return row[:16] == other[:16] and row[20:] == other[20:]


def touch_fields(row: bytes) -> tuple[int, int, int, bytes]:
    """Of a row: when the touchpoint occurred, when it expires, its retractions, and its description.

    The description is the part of a row that touchpoints of equal name and equal sent dimensions share.
    """
    occurred, expires, retractions, flags = _TOUCH.unpack_from(row)
    described = row[_TOUCH.size : -16] if flags & _PROPERTIES else row[_TOUCH.size :]
    return occurred - _BIAS, expires - _BIAS, retractions, described


class ConversionRow(Struct, gc=False):
    """A conversion as the state holds it. Money in minor units."""

    occurred_us: int
    amount_minor: int
    refunded_minor: int
    """What accepted refunds take back, never more than the amount."""
    followers: int
    """Accepted refunds and cancellations that name it, also those that change nothing."""
    said: int
    """The last version that was published; 0 for none."""
    lift: int
    """How far the version stands above the count of facts (contract, section 1): changes of rules only."""
    cancelled: bool
    content: bytes
    """name 00 currency 00 [properties digest]: with the amount and the instant, what tells a copy from a conflict."""

    @property
    def name_and_currency(self) -> tuple[str, str]:
        name, currency, _ = self.content.split(b"\0", 2)
        return name.decode(), currency.decode()

    @property
    def taken_back_minor(self) -> int:
        return self.amount_minor if self.cancelled else self.refunded_minor

    def is_same(self, other: ConversionRow) -> bool:
        """Whether both are copies of one fact."""
        return (self.occurred_us, self.amount_minor, self.content) == (
            other.occurred_us,
            other.amount_minor,
            other.content,
        )

    def pack(self) -> bytes:
        counts = _COUNTS.pack(
            self.occurred_us + _BIAS,
            self.amount_minor,
            self.refunded_minor,
            self.followers,
            self.said,
            self.lift,
            self.cancelled,
        )
        return counts + self.content

    @classmethod
    def unpack(cls, row: bytes) -> ConversionRow:
        occurred, amount, refunded, followers, said, lift, cancelled = _COUNTS.unpack_from(row)
        return cls(
            occurred - _BIAS, amount, refunded, followers, said, lift, bool(cancelled), bytes(row[_COUNTS.size :])
        )


def conversion_row(fact: Conversion) -> ConversionRow:
    """The row of a conversion of which nothing was taken back and nothing said."""
    content = b"%b\0%b\0%b" % (fact.name.encode(), fact.currency.encode(), fact.properties)
    return ConversionRow(fact.occurred_us, fact.amount_minor, 0, 0, 0, 0, False, content)


class Origin(Struct, frozen=True):
    """A record as received, kept while its fact waits, so that it can still become a dead letter."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


Follower: TypeAlias = Retraction | Refund | Cancellation
"""A fact that follows on another: it names the touchpoint or conversion that it changes."""


def origin_of(record: Received) -> Origin:
    """What is kept of a record."""
    return Origin(record.topic, record.partition, record.offset, record.timestamp, record.key, record.value)


class WaitingRow(Struct, frozen=True):
    """A follow-on fact whose target has not come yet."""

    fact: Follower
    origin: Origin


class Claimed(Struct, frozen=True):
    """The id of an accepted follow-on fact, and its content, so that copies are known."""

    fact: Follower
    held_until_us: int
    """By the clock of its own topic partition; past it the id is free again."""


_waiting = msgspec.msgpack.Decoder(WaitingRow)
_claimed = msgspec.msgpack.Decoder(Claimed)
pack = msgspec.msgpack.Encoder().encode


def unpack_waiting(row: bytes) -> WaitingRow:
    """The waiting fact that `pack` wrote."""
    return _waiting.decode(row)


def unpack_claimed(row: bytes) -> Claimed:
    """The claimed id that `pack` wrote."""
    return _claimed.decode(row)
