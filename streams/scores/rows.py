"""How the rows of scores are written: keys and values of the store, byte for byte.

They stand beside the rows by which attribution decides, and begin with a zero byte, which its sweep does not meet; none
begins as a row of `streams.state` does.

    00 a <contact>                        the contact is known: when its scores are due, or nothing
    00 b <contact> 00 <interaction_id>    an interaction, as far as what is accepted depends on it
    00 d <instant> <contact>              its scores are due then
    00 e <digest of the contact>          its newest erasure: that must not name whom it erased
    00 f <contact> 00 <topic><event_id>   a fact; topics are c, i, k (contacts) and t
    00 g <life>                           attribution's rows of that life are to go
    00 p                                  which profiles the scores are made under
    00 u <owner> 00 <event_id>            the id of a fact about a personal interaction
    00 v <contact>                        what was said of the contact, by profile
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec
from msgspec import Struct

from events.topics import CONTACTS, CONVERSIONS, INTERACTIONS, TOUCHPOINTS
from projections.scores.facts import fact_of

AT, INTERACTION, DUE, ERASED, FACT, GONE, PROFILES, PERSONAL, SAID = (
    *(b"\0a", b"\0b", b"\0d", b"\0e", b"\0f"),
    *(b"\0g", b"\0p", b"\0u", b"\0v"),
)
BEHIND: Final = b"\xff"
"""Orders behind every id: none has this byte."""
LETTERS: Final = {TOUCHPOINTS.name: "t", CONVERSIONS.name: "c", INTERACTIONS.name: "i", CONTACTS.name: "k"}
"""The topics in keys."""


class Held(Struct, frozen=True, array_like=True):
    """A fact that holds its event id."""

    offset: int
    counts: bool
    """False when the rules of interactions forbade it."""
    content: bytes
    """Of a fact about a contact its digest, to tell a copy from a conflict."""
    row: bytes
    """As `projections.scores.facts` writes it."""


class Said(Struct, frozen=True, array_like=True):
    """What stands in the topics of a contact under a profile."""

    version: int
    content: bytes
    """The digest of the score but for its instant and version; empty for a tombstone."""
    band: str | None
    """The last one that was said."""


class Publishing(Struct, frozen=True, array_like=True):
    """Under which profiles every contact is to be scored, and how far that has come."""

    signature: bytes
    cursor: bytes = b""
    """The last contact that was scored under them."""
    contacts: int = 0
    is_over: bool = False


pack = msgspec.msgpack.Encoder().encode
# Made before any thread needs them: msgspec may crash when two threads build the same one at once.
unpack_held = msgspec.msgpack.Decoder(Held).decode
unpack_said = msgspec.msgpack.Decoder(dict[str, Said]).decode
unpack_publishing = msgspec.msgpack.Decoder(Publishing).decode


_occurred_us = msgspec.json.Decoder(tuple[str, int, msgspec.Raw]).decode
_sent = msgspec.json.Encoder(decimal_format="number").encode


def occurred_us(row: bytes) -> int:
    """When the fact of a row occurred."""
    return _occurred_us(row)[1]


def sent_of(row: bytes) -> bytes:
    """An event that says what the fact of a row says, amounts as text again."""
    fields = dict(fact_of(row).fields)
    value = fields.get("value")
    if isinstance(value, int | Decimal):
        fields["value"] = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return _sent(fields)


def fact_key(contact_id: str, letter: str, event_id: str) -> bytes:
    """The key of a fact."""
    return facts_of(contact_id) + letter.encode() + event_id.encode()


def facts_of(contact_id: str) -> bytes:
    """What the keys of a contact's facts begin with."""
    return b"%b%b\0" % (FACT, contact_id.encode())


def interactions_of(contact_id: str) -> bytes:
    """What the keys of a contact's interactions begin with."""
    return b"%b%b\0" % (INTERACTION, contact_id.encode())
