"""How far a replay is, on a terminal; elsewhere nothing is shown."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class WatchedReplay(Bars):
    """A bar on standard error for each stage; a `streams.progress.Progress`."""

    def __init__(self, unit: str = "events") -> None:
        """`unit`: what is counted beside the bar, in the plural."""
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[events]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._stage: TaskID | None = None
        self._unit = unit

    def begin(self, stage: str, total: int | None) -> None:
        """The stage before it is finished."""
        self.end()
        self._stage = self.add_task(stage, total=total, events="")

    def reach(self, done: int, events: int) -> None:
        """Move the bar of the stage."""
        if self._stage is not None:
            self.update(self._stage, completed=done, events=f"{events:,} {self._unit}")

    def end(self) -> None:
        """No stage is under way."""
        if self._stage is not None:
            task = self._tasks[self._stage]
            total = task.total or 1
            self.update(self._stage, total=total, completed=total)
            self.stop_task(self._stage)
            self._stage = None
