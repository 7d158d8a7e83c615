"""How far a delivery is, on a terminal; elsewhere nothing is shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from streams.replay.sources import Source

Item = TypeVar("Item")

_EVERY: Final = 2_000


class SendingProgress(Progress):
    """Bars on standard error, one for the files that are read and one for the records that are sent."""

    def __init__(self) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[items]:,} {task.fields[unit]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )

    def reading(self, items: Iterable[Item], sources: Sequence[Source]) -> Iterator[Item]:
        """The same items, watched by how much of their sources has been read."""
        sizes = [source.size_bytes for source in sources]
        total = None if None in sizes else sum(size or 0 for size in sizes)
        task = self.add_task("reading", total=total, items=0, unit="events")
        count = 0
        for count, item in enumerate(items, 1):
            if count % _EVERY == 0:
                self.update(task, completed=sum(source.consumed_bytes() for source in sources), items=count)
            yield item
        self.update(task, completed=total or 0, items=count)

    def sending(self, items: Iterable[Item], total: int | None) -> Iterator[Item]:
        """The same items, watched by their number; `total` None: nobody knows how many there are."""
        task = self.add_task("sending", total=total, items=0, unit="records")
        count = 0
        for count, item in enumerate(items, 1):
            if count % _EVERY == 0:
                self.update(task, completed=count, items=count)
            yield item
        self.update(task, completed=count, items=count)
