"""What a projector hands over: a stretch of the topics' logs, read as committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import msgspec

from config.errors import BrokenEnvironmentError
from events.facts import AnyFact

Said = TypeVar("Said")
Read = TypeVar("Read")


class Accepted(NamedTuple):
    """A record of an input topic that nothing in itself speaks against. It may turn out to be refused."""

    topic: str
    """The full name."""
    partition: int
    offset: int
    timestamp_ms: int
    value: bytes
    fact: AnyFact


class Message(NamedTuple):
    """A record of an output topic."""

    topic: str
    """The full name."""
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    covers: Mapping[str, int]
    """By input topic (full name): the offset up to which, exclusive, the state went that it was said from."""


class UnreadableMessageError(BrokenEnvironmentError):
    """Whoever runs the workers must act: an output topic holds what no worker of this release writes."""

    def __init__(self, topic: str, partition: int, offset: int, why: Exception) -> None:
        super().__init__(
            f"{topic} partition {partition} offset {offset} cannot be read ({' '.join(str(why).split())}): if a newer "
            "release wrote it, run that release's `evenhand project`; else find who writes to the topic"
        )


def read(message: Message, how: Callable[[Said], Read], said: Said) -> Read:
    """What a part of the message says.

    Raises:
        UnreadableMessageError: it says nothing that a worker would.
    """
    try:
        return how(said)
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableMessageError(message.topic, message.partition, message.offset, error) from error


class Step(NamedTuple):
    """How far a partition of a topic is read with a chunk: from the offset `start` up to, not with, `end`."""

    topic: str
    """The full name."""
    partition: int
    topic_id: str
    start: int
    end: int


@dataclass(slots=True)
class Chunk:
    """Each partition's records in the order of its log."""

    facts: list[Accepted] = field(default_factory=list)
    messages: dict[str, list[Message]] = field(default_factory=dict)
    """By the output topic's bare name."""
    steps: Sequence[Step] = ()
