"""What a restated partition has to say: each credit under the new rules, held against what stands in the topics."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from streams.attribution import Attribution
from streams.contact import NEVER, Contact
from streams.crediting import Crediting
from streams.live.standing import Standing, StandingCredit
from streams.rows import instant_of
from streams.state import PartitionState

_PIECE = 1_000
_FIRST_CONTACT, _END = b"\x01", b"\xff" * 5


class Tally(Struct):
    """What restating a partition came to: conversions, and records at last."""

    looked_at: int = 0
    said_again: int = 0
    said_first: int = 0
    unchanged: int = 0
    left: int = 0
    """Whose credit stands in the topics though the new rules refuse them: it stays as it is."""
    dead_letters: int = 0
    """Refused under the new rules, and no dead letters before."""


class Change(Struct):
    """A credit that is to be said, for people to look at."""

    contact_id: str
    conversion_id: str
    said: int
    """The version that stands; 0 for none."""
    version: int
    models: list[str]
    """Those under which it says anything else; none where only the facts that count have become others."""
    offset: int
    """Where the message that stands is in topic `credits`; below zero where none is."""
    now: bytes
    """The message of the conversion's own model, but for its version."""
    was: bytes | None = None
    """The one that stands, once it has been fetched."""


class Comparison:
    """Compares the conversions of a state that has just been rebuilt, and has said nothing yet."""

    def __init__(self, decider: Attribution, crediting: Crediting, standing: Standing, sample: int) -> None:
        self.tally = Tally()
        self.changes: list[Change] = []
        """The first of them, at most `sample`."""
        self._decider = decider
        self._crediting = crediting
        self._standing = standing
        self._sample = sample

    def pieces(self) -> Iterator[None]:
        """Compare all, piece by piece; after each, say what is touched and commit before going on."""
        conversions = conversions_of(self._decider.state)
        while piece := list(islice(conversions, _PIECE)):
            for contact, conversion_id in piece:
                self._compare(contact, conversion_id)
            yield
            self._standing.flush()
        left = self._standing.left()
        while some := list(islice(left, _PIECE)):
            self.tally.left += len(some)
            for contact_id, conversion_id, stands in some:
                # Should such a conversion ever be accepted after all, its versions go on above what stands.
                self._decider.state.note_said(contact_id, conversion_id, stands.said, stands.said)
            yield

    def _compare(self, contact: Contact, conversion_id: bytes) -> None:
        """The conversion knows what was said of it, and the lift from which its versions go on; or it is touched.

        A credit stays where its messages say what they would say now, and its facts still count up to its version. Else
        it is said again, under all models, since they share their versions, and even where only the count is another,
        since the lift outlives a lost disk nowhere but in the topic.
        """
        decider, tally = self._decider, self.tally
        tally.looked_at += 1
        row = decider.state.conversions(contact)[conversion_id]
        credits = self._crediting.credits_of(contact, conversion_id)
        count = credits[0][0].version - row.lift
        stands = self._standing.take(contact.prefix[:-1], conversion_id) or StandingCredit()
        models = stands.differing(credits)
        row.said = stands.said
        if not models and count + stands.lift == stands.said:
            row.lift = stands.lift
            tally.unchanged += 1
        else:
            # Where more facts count than before, their number alone is above what was said.
            row.lift = max(0, stands.said + 1 - count) if stands.said else 0
            decider.touched[contact.prefix, conversion_id] = contact
            tally.said_again += stands.said > 0
            tally.said_first += stands.said == 0
            if len(self.changes) < self._sample:
                claim, message = credits[0][0].claim, credits[0][1]
                ids = claim.contact_id, claim.conversion_id
                self.changes.append(Change(*ids, stands.said, count + row.lift, models, stands.offset, message))
        decider.state.put_conversion(contact, conversion_id, row)


def conversions_of(state: PartitionState) -> Iterator[tuple[Contact, bytes]]:
    """Every conversion as of the last commit, contact by contact, in the order of their time."""
    for key, row in state.store.scan(_FIRST_CONTACT, _END):
        contact_id, kind = key.split(b"\0", 1)
        if kind == b"k" and instant_of(row[:8]) > NEVER:
            contact = state.contact(contact_id)
            state.conversions(contact)
            for _, conversion_id in list(contact.timeline):
                yield contact, conversion_id
