"""Sorting more than memory holds: sorted runs on disk, merged."""

from __future__ import annotations

import heapq
import marshal
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from struct import Struct
from typing import Any, Final, Generic, TypeVar

Entry = TypeVar("Entry", bound=tuple[Any, ...])

_BLOCK_BYTES: Final = 1 << 19
# 64 blocks of 512 KiB stay below 100 MiB as Python objects; 64 runs of facts are some 17 million.
_FAN_IN: Final = 64
_BATCH: Final = 4_096
_LENGTH: Final = Struct("<I")


class ExternalSort(Generic[Entry]):
    """Takes tuples in any order, gives them back in ascending order, holding about `budget_bytes` of them at a time.

    Entries are tuples of plain values (int, str, bytes, None and tuples of those) that differ before their first field
    that cannot be compared. What does not fit is spilled as sorted runs into `folder`, which must exist.
    """

    def __init__(self, folder: Path, name: str, budget_bytes: int) -> None:
        self._folder = folder
        self._name = name
        self._budget_bytes = budget_bytes
        self._held: list[Entry] = []
        self._held_bytes = 0
        self._levels: list[list[Path]] = []
        self._runs_written = 0

    def extend(self, entries: Iterable[Entry], size_bytes: int) -> None:
        """Take more entries, which take about `size_bytes` together."""
        self._held.extend(entries)
        self._held_bytes += size_bytes
        if self._held_bytes >= self._budget_bytes:
            self._spill()

    def batches(self) -> Iterator[list[Entry]]:
        """All entries, ascending, in lists; each call merges anew."""
        self._held.sort()
        runs: list[Iterator[list[Entry]]] = [_read(path) for level in reversed(self._levels) for path in level]
        if self._held:
            runs.append(iter([self._held]))
        return merge(runs)

    def clear(self) -> None:
        """Forget all entries, in memory and on disk."""
        for path in (path for level in self._levels for path in level):
            path.unlink()
        self._held, self._held_bytes, self._levels = [], 0, []

    def _spill(self) -> None:
        self._held.sort()
        self._add_run(0, iter([self._held]))
        self._held = []
        self._held_bytes = 0

    def _add_run(self, level: int, batches: Iterator[list[Entry]]) -> None:
        path = self._folder / f"{self._name}-{self._runs_written:06d}.run"
        self._runs_written += 1
        _write(path, batches)
        while len(self._levels) <= level:
            self._levels.append([])
        runs = self._levels[level]
        runs.append(path)
        if len(runs) == _FAN_IN:
            self._levels[level] = []
            self._add_run(level + 1, merge([_read(run) for run in runs]))
            for run in runs:
                run.unlink()


def merge(runs: Sequence[Iterator[list[Entry]]]) -> Iterator[list[Entry]]:
    """Merge sorted runs, each given as sorted blocks, into sorted batches."""
    if len(runs) == 1:
        return runs[0]
    merged = heapq.merge(*map(chain.from_iterable, runs))
    return iter(lambda: list(islice(merged, _BATCH)), [])


def _write(path: Path, batches: Iterator[list[Entry]]) -> None:
    with path.open("wb") as file:
        for batch in batches:
            sample = batch[: 1 + len(batch) // 64]
            step = max(1, _BLOCK_BYTES * len(sample) // len(marshal.dumps(sample)))
            for start in range(0, len(batch), step):
                block = marshal.dumps(batch[start : start + step])
                file.write(_LENGTH.pack(len(block)))
                file.write(block)


def _read(path: Path) -> Iterator[list[Entry]]:
    with path.open("rb") as file:
        while length := file.read(_LENGTH.size):
            yield marshal.loads(file.read(_LENGTH.unpack(length)[0]))
