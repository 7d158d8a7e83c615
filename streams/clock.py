"""The clock of one topic partition: its newest accepted event time, and what is untimely by it (contract)."""

from __future__ import annotations

from events.facts import AnyFact
from events.instant import DAY_US
from events.refusal import Refusal
from streams.contact import NEVER
from streams.received import UNTIMED, Received
from streams.refusals import from_the_future, too_late


class Clock:
    """Judges lateness by the topic partition's own order alone, so that a rebuild decides alike."""

    def __init__(self, newest_us: dict[str, int], topic: str, horizon_us: int) -> None:
        """`newest_us`: by bare topic name, as the state keeps them."""
        self._newest_us = newest_us
        self._topic = topic
        self._horizon_us = horizon_us

    def judge(self, fact: AnyFact, received: Received) -> Refusal | None:
        """Why a fact is untimely; None when it is not."""
        return untimely(fact, received, self._newest_us.get(self._topic, NEVER) - self._horizon_us)

    def pass_on(self, fact: AnyFact) -> None:
        """A fact was accepted."""
        self._newest_us[self._topic] = max(self._newest_us.get(self._topic, NEVER), fact.occurred_us)


def untimely(fact: AnyFact, received: Received, earliest_us: int) -> Refusal | None:
    """Why a fact is untimely: from the future, or too late, before the earliest instant; None when it is not."""
    if received.timestamp != UNTIMED and fact.occurred_us > received.timestamp * 1000 + DAY_US:
        return from_the_future(fact)
    return too_late(fact) if fact.occurred_us < earliest_us else None
