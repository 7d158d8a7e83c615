"""Which facts are accepted: each topic by its own rules, on rows of its own, so that scores wait for no other role.

Key: the contact. Copies: a fact is named by topic, contact and event id. Order: interactions in log order, none else
matters. Late facts: judged by the order of their own topic partition. Retention: until the contact's erasure, which
takes what occurred up to it, whichever comes first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from msgspec.structs import replace

from config.catalogue import Catalogue
from events.canonical import digest
from events.codec import decode
from events.contacts import ContactErased, ContactFact
from events.fact import Fact, Retraction, Touchpoint
from events.facts import AnyFact
from events.followup_outputs import RejectionReason
from events.interactions import InteractionFact
from events.refusal import Refusal
from events.topics import CONTACTS, CONVERSIONS, INTERACTIONS, TOUCHPOINTS
from projections.followups.interaction import Interaction
from projections.followups.lifecycle import decide as live_on
from projections.followups.users import Users
from projections.scores.facts import row_of, scored
from streams.attribution import Attribution
from streams.followups.rows import unpack_interaction
from streams.holds import Holds
from streams.received import UNTIMED, Received
from streams.refusals import conflicting_duplicate
from streams.rows import Origin, origin_of
from streams.scores.clock import Clock
from streams.scores.facts import Facts
from streams.scores.lives import Lives
from streams.scores.rows import LETTERS, PERSONAL, Held, interactions_of, occurred_us, pack, sent_of
from streams.state import PartitionState


class Accepting:
    """Keeps the facts that are accepted. Whose they are gathers in `touched`."""

    def __init__(self, state: PartitionState, catalogue: Catalogue, users: Users) -> None:
        self.facts = Facts(state)
        self.lives = Lives(state)
        self.touched: dict[str, None] = {}
        self.duplicates = 0
        """Copies of facts about contacts."""
        self._state = state
        self._catalogue = catalogue
        self._users = users
        self._attribution = Attribution(catalogue, state, Holds(catalogue.horizon_us, catalogue.retention_us))
        self._contacts = Clock(state.meta.newest_us, CONTACTS.name, catalogue.horizon_us)
        self._interactions = Clock(state.meta.newest_us, INTERACTIONS.name, catalogue.horizon_us)

    def decide(self, fact: AnyFact, received: Received) -> Refusal | None:
        """Take a fact of any topic; a Refusal says why not, of facts about contacts alone."""
        if fact.contact_id is None:
            assert isinstance(fact, InteractionFact)
            self._personal(fact, received)
            return None
        if fact.occurred_us <= self.lives.erased_us(fact.contact_id):
            return None
        if isinstance(fact, ContactFact):
            return self._contact(fact, received)
        if isinstance(fact, InteractionFact):
            self._interaction(fact.contact_id, fact, received)
        else:
            self._attributed(fact, received)
        return None

    def prefetch(self, touchpoints: Iterable[Touchpoint]) -> None:
        """Read at once what these will ask for one by one."""
        self._state.prefetch([(self.lives.name(fact.contact_id), fact.event_id.encode()) for fact in touchpoints])

    def give_up(self) -> None:
        """Let go of the facts that have waited too long for what they name."""
        self._attribution.give_up()
        self._let_go()

    # Touchpoints and conversions

    def _attributed(self, fact: Fact, received: Received) -> None:
        topic = TOUCHPOINTS if isinstance(fact, Touchpoint | Retraction) else CONVERSIONS
        if self._is_attributed(fact, received):
            self._keep(LETTERS[topic.name], fact, received)

    def _is_attributed(self, fact: Fact, received: Received) -> bool:
        name = self.lives.name(fact.contact_id)
        counts = self._attribution.counts
        counts.clear()
        self._attribution.decide(fact, received if received.key == name else replace(origin_of(received), key=name))
        self._attribution.touched.clear()
        self._let_go()
        return counts.accepted > 0

    def _let_go(self) -> None:
        """Facts that had waited and turned out to be wrong were never accepted."""
        for origin, refusal in self._attribution.refused_later:
            contact_id = refusal.contact_id
            assert contact_id is not None  # it was a fact
            assert origin.value is not None
            if origin.key == self.lives.name(contact_id):
                sent = json.loads(origin.value)
                letter = LETTERS[(TOUCHPOINTS if sent["type"] in TOUCHPOINTS.event_types else CONVERSIONS).name]
                self.facts.drop(contact_id, letter, sent["event_id"])
                self.touched[contact_id] = None
        self._attribution.refused_later.clear()

    # Interactions

    def _personal(self, fact: InteractionFact, received: Received) -> None:
        """It is nobody's score, but its topic partition's clock goes on."""
        key = b"%b%b\0%b" % (PERSONAL, str(fact.owner).encode(), fact.event_id.encode())
        if self._interactions.judge(fact, received) is None and self._state.get(key) is None:
            self._state.put(key, b"")
            self._interactions.pass_on(fact)

    def _interaction(self, contact_id: str, fact: InteractionFact, received: Received) -> None:
        letter = LETTERS[INTERACTIONS.name]
        held = self.facts.held(contact_id, letter, fact.event_id)
        if held is None and self._interactions.judge(fact, received) is None:
            self._interactions.pass_on(fact)
            self._keep(letter, fact, received, counts=self._is_allowed(contact_id, fact))

    def _is_allowed(self, contact_id: str, fact: InteractionFact) -> bool:
        prefix = interactions_of(contact_id)

        def find(interaction_id: str) -> Interaction | None:
            row = self._state.get(prefix + interaction_id.encode())
            return None if row is None else unpack_interaction(row)

        made = live_on(fact, find, self._users)
        if isinstance(made, RejectionReason):
            return False
        for interaction in (made.interaction, made.opened):
            if interaction is not None:
                self._state.put(prefix + interaction.interaction_id.encode(), pack(interaction))
        return True

    # Contacts

    def _contact(self, fact: ContactFact, received: Received) -> Refusal | None:
        letter, content = LETTERS[CONTACTS.name], digest(pack(fact))
        untimely = self._contacts.judge(fact, received)
        if untimely is not None:
            return untimely
        held = self.facts.held(fact.contact_id, letter, fact.event_id)
        if held is not None:
            if held.content != content:
                return conflicting_duplicate(fact)
            self.duplicates += 1
            return None
        self._contacts.pass_on(fact)
        if isinstance(fact, ContactErased):
            self._erase(fact)
        else:
            self._keep(letter, fact, received, content=content)
        return None

    def _erase(self, fact: ContactErased) -> None:
        contact_id = fact.contact_id
        self.touched[contact_id] = None
        self.lives.end(contact_id, fact.occurred_us)
        prefix = interactions_of(contact_id)
        for key, _ in list(self._state.scan(prefix, prefix[:-1] + b"\1")):
            self._state.put(key, None)
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
            counts = self._is_allowed(fact.contact_id, fact)
            self.facts.keep(fact.contact_id, letter, event_id, replace(held, counts=counts))
        elif isinstance(fact, Fact):
            self._is_attributed(fact, Origin(topic, 0, held.offset, UNTIMED, None, value))

    def _keep(
        self, letter: str, fact: AnyFact, received: Received, *, counts: bool = True, content: bytes = b""
    ) -> None:
        assert received.value is not None  # it is a fact, and a contact's
        assert fact.contact_id is not None
        row = row_of(scored(received.value, self._catalogue, fact.occurred_us))
        self.facts.keep(fact.contact_id, letter, fact.event_id, Held(received.offset, counts, content, row))
        if counts:
            self.touched[fact.contact_id] = None
