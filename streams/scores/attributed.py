"""Touchpoints and conversions that are accepted: attribution's own decider says which, on rows of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from config.catalogue import Catalogue
from events.fact import Fact, Retraction, Touchpoint
from events.topics import CONVERSIONS, TOUCHPOINTS
from streams.attribution import Attribution
from streams.holds import Holds
from streams.received import Received
from streams.rows import origin_of
from streams.scores.lives import Lives
from streams.scores.rows import LETTERS
from streams.state import PartitionState


class Attributed:
    """Decides facts of each contact's present life. Credits come to nothing here."""

    def __init__(self, state: PartitionState, catalogue: Catalogue, lives: Lives) -> None:
        self._state = state
        self._lives = lives
        self._decider = Attribution(catalogue, state, Holds(catalogue.horizon_us, catalogue.retention_us))

    def prefetch(self, touchpoints: Iterable[Touchpoint]) -> None:
        """Read at once what these will ask for one by one."""
        self._state.prefetch([(self._lives.name(fact.contact_id), fact.event_id.encode()) for fact in touchpoints])

    def accept(self, fact: Fact, received: Received) -> bool:
        """Whether a fact is accepted: neither a copy nor refused."""
        name, counts = self._lives.name(fact.contact_id), self._decider.counts
        counts.clear()
        self._decider.decide(fact, received if received.key == name else replace(origin_of(received), key=name))
        self._decider.touched.clear()
        return counts.accepted > 0

    def give_up(self) -> None:
        """Let go of the facts that have waited too long for what they name."""
        self._decider.give_up()

    def taken_back(self) -> Iterator[tuple[str, str, str]]:
        """Facts that had waited and turned out to be wrong, as if never accepted: contact, topic letter, event id."""
        for origin, refusal in self._decider.refused_later:
            contact_id = refusal.contact_id
            assert contact_id is not None  # it was a fact
            assert origin.value is not None
            if origin.key == self._lives.name(contact_id):
                sent = json.loads(origin.value)
                topic = TOUCHPOINTS if sent["type"] in TOUCHPOINTS.event_types else CONVERSIONS
                yield contact_id, LETTERS[topic.name], sent["event_id"]
        self._decider.refused_later.clear()


def letter_of(fact: Fact) -> str:
    """The letter of the fact's topic in keys."""
    return LETTERS[(TOUCHPOINTS if isinstance(fact, Touchpoint | Retraction) else CONVERSIONS).name]
