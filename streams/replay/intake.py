"""What comes in: judged events of any kind of source, numbered, so that each refused one can be named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

from config.errors import UsageError
from events.codec import decode_any
from events.facts import AnyFact
from events.refusal import Refusal
from streams.received import UNTIMED
from streams.replay.sources import STANDARD_INPUT, Source, open_source

Judged: TypeAlias = tuple[int, int, bytes | None, AnyFact | Refusal]
"""number, timestamp (ms, or UNTIMED), the event's bytes, what they were judged to be."""


class Intake(Protocol):
    """A numbered sequence of events, each judged by itself."""

    name: str
    """What dead letters call it."""
    partition: int
    """What dead letters say; 0 for files."""
    log: int | None
    """Which log its numbers count in; None: its place among the intakes."""
    size: int | None
    """Bytes of a file, offsets of a topic partition; None when it cannot be known."""

    def judged(self) -> Iterator[Judged]:
        """Yield every event; to be called once."""
        ...

    def consumed(self) -> int:
        """How much of `size` has been read so far."""
        ...


class FileIntake:
    """The events of a file."""

    partition = 0
    log: int | None = None

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.size = source.size_bytes
        self._source = source

    def judged(self) -> Iterator[Judged]:
        for number, value in self._source.lines():
            judged = decode_any(value)
            yield number, UNTIMED, value, judged if isinstance(judged, Refusal) else judged[1]

    def consumed(self) -> int:
        return self._source.consumed_bytes()


def file_intakes(files: Sequence[str]) -> list[FileIntake]:
    """The files that a caller named. UsageError for one that is missing, and for standard input twice."""
    if files.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input (-) can be read once only; name it once")
    return [FileIntake(open_source(file)) for file in files]
