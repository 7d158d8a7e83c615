"""Which facts are accepted: each topic by its own rules, on rows of its own, so that scores wait for no other role.

Key: the contact. Copies: a fact is named by topic, contact and event id. Order: interactions in log order, none else
matters. Late facts: judged by the order of their own topic partition. Retention: until the contact's erasure, which
takes what occurred up to it, whichever comes first.
"""

from __future__ import annotations

from msgspec.structs import replace

from config.catalogue import Catalogue
from events.canonical import digest
from events.codec import decode
from events.contacts import ContactErased, ContactFact
from events.fact import Fact
from events.facts import AnyFact
from events.interactions import InteractionFact
from events.refusal import Refusal
from events.topics import CONTACTS, INTERACTIONS
from projections.followups.users import Users
from projections.scores.facts import row_of, scored
from streams.clock import Clock
from streams.received import UNTIMED, Received
from streams.refusals import conflicting_duplicate
from streams.rows import Origin
from streams.scores.attributed import Attributed, letter_of
from streams.scores.facts import Facts
from streams.scores.interactions import Interactions
from streams.scores.lives import Lives
from streams.scores.rows import LETTERS, Held, occurred_us, pack, sent_of
from streams.state import PartitionState


class Accepting:
    """Keeps the facts that are accepted. Whose they are gathers in `touched`."""

    def __init__(self, state: PartitionState, catalogue: Catalogue, users: Users) -> None:
        self.facts = Facts(state)
        self.lives = Lives(state)
        self.touched: dict[str, None] = {}
        self.duplicates = 0
        """Copies of facts about contacts."""
        self.attributed = Attributed(state, catalogue, self.lives)
        self._interactions = Interactions(state, users)
        self._catalogue = catalogue
        self._contacts_clock = Clock(state.meta.newest_us, CONTACTS.name, catalogue.horizon_us)
        self._interactions_clock = Clock(state.meta.newest_us, INTERACTIONS.name, catalogue.horizon_us)

    def decide(self, fact: AnyFact, received: Received) -> Refusal | None:
        """Take a fact of any topic; a Refusal says why not, of facts about contacts alone."""
        if fact.contact_id is not None and fact.occurred_us <= self.lives.erased_us(fact.contact_id):
            return None
        if isinstance(fact, ContactFact):
            return self._contact(fact, received)
        if isinstance(fact, InteractionFact):
            self._interaction(fact, received)
        else:
            self._fact(fact, received)
        return None

    def give_up(self) -> None:
        """Let go of the facts that have waited too long for what they name."""
        self.attributed.give_up()
        self._let_go()

    def _let_go(self) -> None:
        for contact_id, letter, event_id in self.attributed.taken_back():
            self.facts.drop(contact_id, letter, event_id)
            self.touched[contact_id] = None

    def _fact(self, fact: Fact, received: Received) -> None:
        accepted = self.attributed.accept(fact, received)
        self._let_go()
        if accepted:
            self._keep(letter_of(fact), fact, received)

    def _interaction(self, fact: InteractionFact, received: Received) -> None:
        letter, contact_id = LETTERS[INTERACTIONS.name], fact.contact_id
        if self._interactions_clock.judge(fact, received) is not None:
            return
        if contact_id is None:  # nobody's score, but its topic partition's clock goes on
            if self._interactions.claim(str(fact.owner), fact.event_id):
                self._interactions_clock.pass_on(fact)
        elif self.facts.held(contact_id, letter, fact.event_id) is None:
            self._interactions_clock.pass_on(fact)
            self._keep(letter, fact, received, counts=self._interactions.allow(contact_id, fact))

    # Contacts

    def _contact(self, fact: ContactFact, received: Received) -> Refusal | None:
        letter, content = LETTERS[CONTACTS.name], digest(pack(fact))
        untimely = self._contacts_clock.judge(fact, received)
        if untimely is not None:
            return untimely
        held = self.facts.held(fact.contact_id, letter, fact.event_id)
        if held is not None:
            if held.content != content:
                return conflicting_duplicate(fact)
            self.duplicates += 1
            return None
        self._contacts_clock.pass_on(fact)
        if isinstance(fact, ContactErased):
            self._erase(fact)
        else:
            self._keep(letter, fact, received, content=content)
        return None

    def _erase(self, fact: ContactErased) -> None:
        contact_id = fact.contact_id
        self.touched[contact_id] = None
        self.lives.end(contact_id, fact.occurred_us)
        self._interactions.erase(contact_id)
        left = []
        for letter, event_id, held in self.facts.all(contact_id):
            if occurred_us(held.row) <= fact.occurred_us:
                self.facts.drop(contact_id, letter, event_id)
            else:
                left.append((letter, held.offset, event_id, held))
        for letter, _, event_id, held in sorted(left):
            self._take_anew(letter, event_id, held)

    def _take_anew(self, letter: str, event_id: str, held: Held) -> None:
        """Let a fact that an erasure has left begin the contact's next life."""
        topic = next(name for name, each in LETTERS.items() if each == letter)
        value = sent_of(held.row)
        fact = decode(topic, value)
        assert not isinstance(fact, Refusal)  # nor was it when it came
        if isinstance(fact, InteractionFact) and fact.contact_id is not None:
            counts = self._interactions.allow(fact.contact_id, fact)
            self.facts.keep(fact.contact_id, letter, event_id, replace(held, counts=counts))
        elif isinstance(fact, Fact):
            self.attributed.accept(fact, Origin(topic, 0, held.offset, UNTIMED, None, value))

    def _keep(
        self, letter: str, fact: AnyFact, received: Received, *, counts: bool = True, content: bytes = b""
    ) -> None:
        assert received.value is not None  # it is a fact, and a contact's
        assert fact.contact_id is not None
        row = row_of(scored(received.value, self._catalogue, fact.occurred_us))
        self.facts.keep(fact.contact_id, letter, fact.event_id, Held(received.offset, counts, content, row))
        if counts:
            self.touched[fact.contact_id] = None
