"""A record as it was received: what a dead letter says of it."""

from __future__ import annotations

from typing import Final, Protocol

UNTIMED: Final = -1
"""The timestamp of a record that has none (a line of a file): nothing is from the future there."""


class Received(Protocol):
    """A record of an input topic, as a Kafka consumer hands it out; a line of a file looks the same."""

    @property
    def topic(self) -> str:
        """The full name."""
        ...

    @property
    def partition(self) -> int: ...

    @property
    def offset(self) -> int: ...

    @property
    def timestamp(self) -> int:
        """The broker's, in milliseconds since 1970; or `UNTIMED`."""
        ...

    @property
    def key(self) -> bytes | None: ...

    @property
    def value(self) -> bytes | None: ...
