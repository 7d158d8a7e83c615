"""How far a replay is: what a terminal shows and a test ignores."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of each stage as it begins, and of how far it is."""

    def begin(self, stage: str, total: int | None) -> None:
        """A stage begins; `total` in its own unit, None when nobody knows."""
        ...

    def reach(self, done: int, events: int) -> None:
        """So much of the stage is done, and so many events are."""
        ...


class Unwatched:
    """Nobody looks."""

    def begin(self, stage: str, total: int | None) -> None:
        pass

    def reach(self, done: int, events: int) -> None:
        pass
