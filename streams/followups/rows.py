"""How the rows of follow-ups are written: keys and values of the store, byte for byte.

A book's rows lie together, under the contact's id and a zero byte, or a one byte, the owner's id and a zero byte:

    <book> f <offset>        a fact about an interaction, in log order, and whether the rules forbade it
    <book> i <id>            an interaction
    <book> n                 the contact's name: when and by which event, and what it is
    <book> r <event_id>      the id of a fact about an interaction: the offset of the one that has it
    <book> s <id>            what was said last of an interaction: its version, and a digest of the rest

Keys that begin with a zero byte belong to the partition; beside those of `streams.kept`: `00 e <digest>` (a contact's
newest erasure, an instant; a digest, for it must not name whom it erased), `00 q <digest> <event_id>` (the id of a fact
about a contact), `00 u` (the users that dues were told for), `00 d <instant> <book> i <id>`
(a reminder may be due), `00 o i <book> i <id>` (an interaction owed a look after a takeover), `00 o r <offset>` (a
rejection owed), `00 s m <book> i <id> 00 <date>` and `00 s r <offset>` (a reminder, a rejection said by a former
owner).
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from events.contacts import ContactFact
from events.facts import owner_key
from events.followup_outputs import RejectionReason
from events.interactions import InteractionFact
from projections.followups.interaction import Interaction
from projections.followups.users import Users
from streams.rows import instant_bytes

ERASED, CLAIMED, USERS = b"\0e", b"\0q", b"\0u"
DUE, OWED, OWED_REJECTION = b"\0d", b"\0oi", b"\0or"
SAID_REMINDER, SAID_REJECTION = b"\0sm", b"\0sr"
_OWNER: Final = b"\1"


def book_of(fact: InteractionFact | ContactFact) -> bytes:
    """The prefix of the rows of a fact's book."""
    return book_prefix(fact.contact_id, getattr(fact, "owner", None))


def book_prefix(contact_id: str | None, owner: str | None) -> bytes:
    """The prefix of the rows of a contact, or of a user's own interactions."""
    if contact_id is not None:
        return contact_id.encode() + b"\0"
    assert owner is not None, "the judgement asks for one of the two"
    return _OWNER + owner.encode() + b"\0"


def interaction_key(book: bytes, interaction_id: str) -> bytes:
    """The key of an interaction."""
    return book + b"i" + interaction_id.encode()


def parts_of(interaction: bytes) -> tuple[bytes, str, str]:
    """Of an interaction's key: its book, whose that is (the contact's id, or `user:` and the owner's), and its id."""
    whose, _, rest = interaction.partition(b"\0")
    name = owner_key(whose[1:].decode()) if whose.startswith(_OWNER) else whose.decode()
    return whose + b"\0", name, rest[1:].decode()


def said_key(book: bytes, interaction_id: str) -> bytes:
    """The key of what was said last of an interaction."""
    return book + b"s" + interaction_id.encode()


def due_key(at_us: int, interaction: bytes) -> bytes:
    """The key of an entry in the index of what is due, for an interaction's key."""
    return DUE + instant_bytes(at_us) + interaction


def due_interaction(key: bytes) -> bytes:
    """The interaction's key of such an entry."""
    return key[len(DUE) + 8 :]


class Taken(Struct, frozen=True, array_like=True):
    """A fact about an interaction that holds its event id."""

    fact: InteractionFact
    rejected: bool


pack = msgspec.msgpack.Encoder().encode
# Made before any thread needs them: msgspec may crash when two threads build the same one at once.
unpack_interaction = msgspec.msgpack.Decoder(Interaction).decode
unpack_taken = msgspec.msgpack.Decoder(Taken).decode
unpack_claim = msgspec.msgpack.Decoder(tuple[int, bytes]).decode
unpack_said = msgspec.msgpack.Decoder(tuple[int, bytes]).decode
unpack_users = msgspec.msgpack.Decoder(Users).decode
unpack_name = msgspec.msgpack.Decoder(tuple[int, str, str | None]).decode
unpack_owed = msgspec.msgpack.Decoder(tuple[InteractionFact, RejectionReason]).decode
