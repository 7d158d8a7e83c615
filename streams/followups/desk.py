"""The follow-ups decider: facts about interactions in, follow-ups, reminders and rejections out.

Key: the contact, or the owner of personal interactions; facts of one key count in log order. Copies: a fact is named by
topic, key and event id; a copy changes nothing, other content under the name is refused. What the rules forbid is
rejected and changes nothing. What a contact's erasure covers was never sent, whichever comes first.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from events.canonical import digest
from events.contacts import ContactErased, ContactFact, ContactUpdated
from events.facts import AnyFact
from events.followup_outputs import RejectionReason
from events.interactions import InteractionFact
from events.refusal import Refusal
from events.topics import CONTACTS, INTERACTIONS
from projections.followups.interaction import Interaction
from projections.followups.lifecycle import decide
from projections.followups.messages import encode_followup, followup_key, version_of, without_version
from projections.followups.reminders import Due, reminded, reminder_now
from projections.followups.users import Users
from streams.clock import Clock
from streams.followups.books import Books
from streams.followups.rows import Taken, book_of, book_prefix, pack, parts_of
from streams.kept import Kept
from streams.received import Received
from streams.refusals import conflicting_duplicate

_REMINDERS_AT_ONCE = 1_000


class Rejected(Struct, frozen=True):
    """A fact that the rules forbid, why, and the offset of its record."""

    fact: InteractionFact
    reason: RejectionReason
    offset: int


class Reminding(Struct, frozen=True):
    """A reminder that is to be sent."""

    interaction: Interaction
    due: Due
    contact_name: str | None


class Desk:
    """Decides facts on the books of one partition. What is to be said gathers in the three attributes."""

    def __init__(self, state: Kept, users: Users, horizon_us: int) -> None:
        self.books = Books(state, users)
        self.touched: dict[bytes, None] = {}
        """The keys of interactions that changed, or went: those have no row any more."""
        self.rejected: list[Rejected] = []
        self.reminders: dict[bytes, Reminding] = {}
        """By the interaction's key."""
        self.duplicates = 0
        newest_us = state.meta.newest_us
        self._interactions_clock = Clock(newest_us, INTERACTIONS.name, horizon_us)
        self._contacts_clock = Clock(newest_us, CONTACTS.name, horizon_us)

    def decide(self, fact: AnyFact, received: Received) -> Refusal | None:
        """Take a fact about an interaction or a contact; a Refusal says why not. A rejection is no refusal."""
        if isinstance(fact, ContactFact):
            return self._contact(fact, received)
        assert isinstance(fact, InteractionFact)
        book = book_of(fact)
        if self._is_erased(book, fact.occurred_us):
            return None
        untimely = self._interactions_clock.judge(fact, received)
        if untimely is not None:
            return untimely
        taken = self.books.taken(book, fact.event_id)
        if taken is not None:
            return self._copy(fact, taken == fact)
        self._interactions_clock.pass_on(fact)
        self._take(book, fact, received.offset)
        return None

    def wake(self, now_us: int) -> None:
        """Find the reminders that are due by now."""
        for key in self.books.due_by(now_us, _REMINDERS_AT_ONCE):
            interaction = self.books.interaction(key)
            due = None if interaction is None else reminder_now(interaction, self.books.users, now_us)
            if interaction is None or due is None:
                continue
            book = book_prefix(interaction.contact_id, interaction.owner)
            self.books.keep(book, reminded(interaction, due))
            self.reminders[key] = Reminding(interaction, due, self.books.name(book))

    def followup(self, key: bytes) -> tuple[bytes, bytes | None] | None:
        """The record to say of an interaction, a tombstone for one that is gone; None for what was said already.

        From then on it counts as said. What comes out different without a new fact, because an assignee moved to
        another zone or a fact was erased, takes the next version.
        """
        book, name, interaction_id = parts_of(key)
        version, digested = self.books.said(book, interaction_id)
        interaction = self.books.interaction(key)
        if interaction is None:
            self.books.note_said(book, interaction_id, None)
            return (followup_key(name, interaction_id), None) if version else None
        message = encode_followup(interaction, self.books.users)
        content = digest(without_version(message))
        if interaction.version <= version:
            if content == digested:
                return None
            interaction = replace(interaction, lift=version + 1 - interaction.facts)
            self.books.keep(book, interaction)
            message = encode_followup(interaction, self.books.users)
        self.books.note_said(book, interaction_id, (interaction.version, content))
        return followup_key(name, interaction_id), message

    def note_followup(self, key: bytes, message: bytes | None) -> None:
        """Remember a record that stands in the topic, whoever said it; None: a tombstone."""
        book, _, interaction_id = parts_of(key)
        said = None if message is None else (version_of(message), digest(without_version(message)))
        self.books.note_said(book, interaction_id, said)

    def look_at_users(self) -> None:
        """Once: what is due at another time, since users are not those of before, is to be said anew."""
        self.touched.update(dict.fromkeys(self.books.look_at_users()))

    def _take(self, book: bytes, fact: InteractionFact, offset: int, rejected_before: bool = False) -> None:
        reason = self._apply(book, fact)
        self.books.take(book, Taken(fact, rejected_before or reason is not None), offset)
        if reason is not None and not rejected_before:
            self.rejected.append(Rejected(fact, reason, offset))

    def _apply(self, book: bytes, fact: InteractionFact) -> RejectionReason | None:
        made = decide(fact, lambda interaction_id: self.books.find(book, interaction_id), self.books.users)
        if isinstance(made, RejectionReason):
            return made
        for interaction in made.interactions:
            self.touched[self.books.keep(book, interaction)] = None
        return None

    def _contact(self, fact: ContactFact, received: Received) -> Refusal | None:
        """Names and erasures count here. What facts about contacts are refused for, another role says."""
        book = book_of(fact)
        erased = isinstance(fact, ContactErased)
        if not erased and self._is_erased(book, fact.occurred_us):
            return None
        untimely = self._contacts_clock.judge(fact, received)
        if untimely is not None:
            return untimely
        content = digest(pack(fact))
        claimed = self.books.claimed_by(book, fact.event_id)
        if claimed is not None:
            return self._copy(fact, claimed == content)
        self._contacts_clock.pass_on(fact)
        self.books.claim(book, fact, content)
        if isinstance(fact, ContactUpdated):
            attributes = fact.attributes
            if "name" in attributes:
                name = attributes["name"]
                self.books.rename(book, fact.occurred_us, fact.event_id, name if isinstance(name, str) else None)
        elif isinstance(fact, ContactErased) and not self._is_erased(book, fact.occurred_us):
            self._erase(book, fact)
        return None

    def _erase(self, book: bytes, fact: ContactErased) -> None:
        gone, left = self.books.erase(book, fact)
        self.touched.update(dict.fromkeys([*gone, *self.books.said_keys(book)]))
        for key in gone:
            self.reminders.pop(key, None)
        self.rejected = [
            rejected
            for rejected in self.rejected
            if book_of(rejected.fact) != book or rejected.fact.occurred_us > fact.occurred_us
        ]
        for offset, taken in left:
            self._take(book, taken.fact, offset, taken.rejected)
        for key, former in gone.items():
            interaction = self.books.interaction(key)
            if interaction is not None:
                self.books.keep(book, replace(interaction, lift=former.lift, reminded=former.reminded))

    def _is_erased(self, book: bytes, occurred_us: int) -> bool:
        erased_us = self.books.erased_us(book)
        return erased_us is not None and occurred_us <= erased_us

    def _copy(self, fact: AnyFact, same: bool) -> Refusal | None:
        if not same:
            return conflicting_duplicate(fact)
        self.duplicates += 1
        return None
