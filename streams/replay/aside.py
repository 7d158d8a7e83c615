"""The facts that attribution accepts, put aside for the scores as of an instant.

Whether a refund was in the right currency may be known only when its conversion has come: refunds are put aside last.
"""

from __future__ import annotations

from events.fact import Fact, Refund
from streams.attribution import Attribution
from streams.replay.asked import Asked
from streams.replay.entry import Entry
from streams.replay.lives import NEVER_ERASED, Lives
from streams.replay.scores import Scoring


class Aside:
    """Of each contact the facts of the life that it lived at the instant asked for."""

    def __init__(self, scoring: Scoring, asked: Asked) -> None:
        self.is_asked = scoring.is_asked
        """Whether scores are wanted at all."""
        self._scoring = scoring
        self._asked = asked
        self._refunds: dict[tuple[int, int], tuple[Entry, Refund]] = {}
        self.live(NEVER_ERASED, NEVER_ERASED.last)

    def live(self, lives: Lives, life: int) -> None:
        """That life of a contact begins."""
        self._counts = life == lives.at(self._asked.as_of_us)

    def take(self, entry: Entry, fact: Fact) -> None:
        """Take an accepted fact of the present life."""
        if not self._counts:
            return
        if isinstance(fact, Refund):
            self._refunds[entry[4], entry[5]] = (entry, fact)
        else:
            self._scoring.add(entry)

    def finish(self, decider: Attribution) -> None:
        """The contacts at hand have no more facts, and their decider knows what it refused later."""
        refused = {(origin.partition, origin.offset) for origin, _ in decider.refused_later}
        for place, (entry, refund) in self._refunds.items():
            if place not in refused or self._was_waiting(decider, refund):
                self._scoring.add(entry)
        self._refunds.clear()

    def _was_waiting(self, decider: Attribution, refund: Refund) -> bool:
        """Whether the conversion that it does not fit had not come at the instant asked for."""
        contact = decider.state.contact(refund.contact_id.encode())
        conversion = decider.state.conversions(contact)[refund.conversion_id.encode()]
        return self._asked.leaves_out(conversion.occurred_us)
