"""How far a replay is, on a terminal; elsewhere nothing is shown."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class WatchedReplay(Bars):
    """A bar on standard error for each stage; a `streams.replay.progress.Progress`."""

    def __init__(self) -> None:
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

    def begin(self, stage: str, total: int | None) -> None:
        """The stage before it is finished."""
        self.end()
        self._stage = self.add_task(stage, total=total, events="")

    def reach(self, done: int, events: int) -> None:
        """Move the bar of the stage."""
        if self._stage is not None:
            self.update(self._stage, completed=done, events=f"{events:,} events")

    def end(self) -> None:
        """No stage is under way."""
        if self._stage is not None:
            task = self._tasks[self._stage]
            total = task.total or 1
            self.update(self._stage, total=total, completed=total)
            self.stop_task(self._stage)
            self._stage = None
