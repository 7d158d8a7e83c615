"""Books as rows: the interactions of one partition, what was said of them, and which reminders may be due."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from events.canonical import digest
from events.contacts import ContactErased, ContactFact
from events.interactions import InteractionFact
from projections.followups.due import due_us
from projections.followups.interaction import Interaction
from projections.followups.reminders import reminder_of
from projections.followups.users import Users
from streams.followups.rows import (
    CLAIMED,
    DUE,
    ERASED,
    USERS,
    Taken,
    due_interaction,
    due_key,
    interaction_key,
    pack,
    parts_of,
    said_key,
    unpack_claim,
    unpack_interaction,
    unpack_name,
    unpack_said,
    unpack_taken,
    unpack_users,
)
from streams.kept import Kept
from streams.rows import instant_bytes, instant_of

_FIRST_BOOK, _LAST_BOOK = b"\1", b"\xff" * 5


class Books:
    """Interactions and what belongs to them, by the prefix of their book."""

    def __init__(self, state: Kept, users: Users) -> None:
        self.state = state
        self.users = users

    def interaction(self, key: bytes) -> Interaction | None:
        """The interaction of a row's key."""
        row = self.state.get(key)
        return None if row is None else unpack_interaction(row)

    def find(self, book: bytes, interaction_id: str) -> Interaction | None:
        """The interaction of that id."""
        return self.interaction(interaction_key(book, interaction_id))

    def keep(self, book: bytes, interaction: Interaction) -> bytes:
        """Hold an interaction, new or changed, and note when a reminder may be due. Its key."""
        key = interaction_key(book, interaction.interaction_id)
        self.state.put(key, pack(interaction))
        due = reminder_of(interaction, self.users)
        if due is not None:
            self.state.put(due_key(due.at_us, key), b"")
        return key

    def due_by(self, now_us: int, most: int) -> list[bytes]:
        """Keys of interactions whose time to be reminded of has come, as it once was; from then on it is not noted."""
        entries = [key for key, _ in islice(self.state.scan(DUE, DUE + instant_bytes(now_us + 1)), most)]
        for key in entries:
            self.state.put(key, None)
        return [due_interaction(key) for key in entries]

    def look_at_users(self) -> list[bytes]:
        """The keys of the interactions whose due moved because users are not those of before; looked at once."""
        row = self.state.get(USERS)
        self.state.put(USERS, pack(self.users))
        former = self.users if row is None else unpack_users(row)
        if former == self.users:
            return []
        moved = []
        for key, row in self.state.scan(_FIRST_BOOK, _LAST_BOOK):
            if key.partition(b"\0")[2][:1] == b"i":
                interaction = unpack_interaction(row)
                self.keep(parts_of(key)[0], interaction)
                if due_us(interaction, former) != due_us(interaction, self.users):
                    moved.append(key)
        return moved

    # Facts

    def taken(self, book: bytes, event_id: str) -> InteractionFact | None:
        """The fact about an interaction that has this event id."""
        offset = self.state.get(book + b"r" + event_id.encode())
        fact = None if offset is None else self.state.get(book + b"f" + offset)
        return None if fact is None else unpack_taken(fact).fact

    def take(self, book: bytes, taken: Taken, offset: int) -> None:
        """Keep a fact, so that its copies are known and an erasure can do without it."""
        packed = instant_bytes(offset)
        self.state.put(book + b"f" + packed, pack(taken))
        self.state.put(book + b"r" + taken.fact.event_id.encode(), packed)

    def claimed_by(self, book: bytes, event_id: str) -> bytes | None:
        """What `claim` kept of the fact about the contact that has this event id."""
        row = self.state.get(_claims(book) + event_id.encode())
        return None if row is None else unpack_claim(row)[1]

    def claim(self, book: bytes, fact: ContactFact, content: bytes) -> None:
        """Hold the id of a fact about the contact."""
        self.state.put(_claims(book) + fact.event_id.encode(), pack((fact.occurred_us, content)))

    # The contact

    def name(self, book: bytes) -> str | None:
        """What the contact is called."""
        row = self.state.get(book + b"n")
        return None if row is None else unpack_name(row)[2]

    def rename(self, book: bytes, occurred_us: int, event_id: str, name: str | None) -> None:
        """Take in a name; the newest by (occurred_at, event_id) holds, null hides it."""
        row = self.state.get(book + b"n")
        if row is None or unpack_name(row)[:2] < (occurred_us, event_id):
            self.state.put(book + b"n", pack((occurred_us, event_id, name)))

    def erased_us(self, book: bytes) -> int | None:
        """When the contact was erased last."""
        row = self.state.get(ERASED + digest(book))
        return None if row is None else instant_of(row)

    def erase(self, book: bytes, fact: ContactErased) -> tuple[dict[bytes, Interaction], list[tuple[int, Taken]]]:
        """Let go of everything up to an erasure.

        Returns:
            The interactions that were there, by their keys: they are gone. The facts that are left, with their offsets
            and in log order: they are to be taken anew.
        """
        until_us = fact.occurred_us
        self.state.put(ERASED + digest(book), instant_bytes(until_us))
        claims = _claims(book)
        for key, row in self.state.scan(claims, claims + b"\xff"):
            if unpack_claim(row)[0] <= until_us and key != claims + fact.event_id.encode():
                self.state.put(key, None)
        name = self.state.get(book + b"n")
        if name is not None and unpack_name(name)[0] <= until_us:
            self.state.put(book + b"n", None)
        left = []
        for key, row in self._rows(book, b"f"):
            taken = unpack_taken(row)
            if taken.fact.occurred_us > until_us:
                left.append((instant_of(key[-8:]), taken))
            else:
                self.state.put(key, None)
                self.state.put(book + b"r" + taken.fact.event_id.encode(), None)
        gone = {key: unpack_interaction(row) for key, row in self._rows(book, b"i")}
        for key in gone:
            self.state.put(key, None)
        return gone, left

    # What was said

    def said(self, book: bytes, interaction_id: str) -> tuple[int, bytes]:
        """The last version that was said of an interaction and a digest of the rest; 0 for none."""
        row = self.state.get(said_key(book, interaction_id))
        return (0, b"") if row is None else unpack_said(row)

    def said_keys(self, book: bytes) -> list[bytes]:
        """The keys of the interactions of which something was said."""
        return [interaction_key(book, key[len(book) + 1 :].decode()) for key, _ in self._rows(book, b"s")]

    def note_said(self, book: bytes, interaction_id: str, said: tuple[int, bytes] | None) -> None:
        """Remember what stands in the topic; None: a tombstone does."""
        self.state.put(said_key(book, interaction_id), None if said is None else pack(said))

    def _rows(self, book: bytes, kind: bytes) -> Iterator[tuple[bytes, bytes]]:
        return self.state.scan(book + kind, book + bytes([kind[0] + 1]))


def _claims(book: bytes) -> bytes:
    return CLAIMED + digest(book)
