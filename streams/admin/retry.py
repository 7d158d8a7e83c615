"""The way back of dead letters, to the topics that they came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from streams.admin.dead_letters import FoundLetter
from streams.admin.delivery import Delivery


class Outcome(StrEnum):
    """What a retry does with a dead letter."""

    SENT = "sent"
    NO_PAYLOAD = "no payload"
    """The record had no value: there is nothing to send."""
    OTHER_TOPIC = "other topic"
    """It came from a topic that is no input of this installation."""


class Retried(NamedTuple):
    """A dead letter and what was done with it."""

    found: FoundLetter
    outcome: Outcome


def retry(
    letters: Iterable[FoundLetter], input_topics: Collection[str], delivery: Delivery | None
) -> Iterator[Retried]:
    """Each letter's payload goes back under the record's own key, once; without a `delivery` it is only judged.

    The partition is chosen anew by the key, so that what was written to a wrong one comes right. Sending twice does no
    harm: a fact that is held already is a duplicate, and what is refused again is a new dead letter.
    """
    for found in letters:
        value = found.letter.value()
        if value is None:
            yield Retried(found, Outcome.NO_PAYLOAD)
        elif found.letter.topic not in input_topics:
            yield Retried(found, Outcome.OTHER_TOPIC)
        else:
            if delivery is not None:
                delivery.send(found.letter.topic, found.key, value)
            yield Retried(found, Outcome.SENT)
