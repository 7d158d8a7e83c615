"""Replay from files: its rate beside the live worker's, and time and memory as the events grow."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import datasets, machine, wire
from benchmarks.contenders import CONTENDERS
from benchmarks.datasets import Dataset
from benchmarks.installation import EVENHAND, BenchmarkError
from benchmarks.places import RUNS
from benchmarks.processes import OtherLoad
from benchmarks.race import US, contests
from benchmarks.report import keep, table, verdict
from tests.kafka import Broker

WITHOUT_MODEL: Final = (sys.executable, "-m", "benchmarks.without_read_model")
MOST_RSS_MB: Final = 1024 * 1.048576
"""1 GiB."""


class Replayed(NamedTuple):
    """What a replay took."""

    what: str
    events: int
    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    other_cores: float

    @property
    def events_per_cpu_s(self) -> float:
        return self.events / self.cpu_s


def replay(broker: Broker, dataset: Dataset, sizes: Sequence[int], command: str) -> None:
    """The live worker on the dataset, replays of the same events, then of more of them."""
    live = contests(broker, dataset, [CONTENDERS[US]])[0]
    rows = [
        Replayed("live worker", live.events, live.wall_s, live.cpu_s, live.peak_rss_mb, live.other_cores),
        _replayed("replay without read model", dataset, WITHOUT_MODEL),
        _replayed("replay", dataset, EVENHAND),
        *(_replayed("replay", datasets.large(size), EVENHAND) for size in sizes),
    ]
    keep("replay", command, machine.facts(), [row._asdict() for row in rows], f"{_table(rows)}\n\n{_verdicts(rows)}")


def _replayed(what: str, dataset: Dataset, program: Sequence[str]) -> Replayed:
    out = RUNS / "replayed"
    events, catalogue = _in_contract(dataset)
    arguments = [*program, "replay", str(events), "--out", str(out), "--catalogue", str(catalogue)]
    load, began = OtherLoad(), time.monotonic()
    pid = os.posix_spawn(
        arguments[0], arguments, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    )
    _, status, used = os.wait4(pid, 0)
    wall_s, cpu_s = time.monotonic() - began, used.ru_utime + used.ru_stime
    shutil.rmtree(out, ignore_errors=True)
    if status:
        raise BenchmarkError(f"{' '.join(arguments)}: exit {os.waitstatus_to_exitcode(status)}")
    return Replayed(what, dataset.total, wall_s, cpu_s, used.ru_maxrss * 1024 / 1e6, load.cores(cpu_s))


def _in_contract(dataset: Dataset) -> tuple[Path, Path]:
    """The files of the dataset's events as the contract has them, and of its catalogue."""
    source = datasets.write(dataset)
    events, catalogue = dataset.folder / "contract.jsonl", dataset.folder / "catalogue.toml"
    catalogue.write_text(wire.catalogue(dataset))
    if not events.exists() or events.stat().st_mtime < source.stat().st_mtime:
        with source.open("rb") as lines, events.open("wb") as out:
            out.writelines(wire.contract_event(line) + b"\n" for line in lines)
    return events, catalogue


def _table(rows: Sequence[Replayed]) -> str:
    header = ("", "events", "wall s", "CPU s", "events per CPU s", "to live", "peak RSS MB", "other load")
    return table(
        header,
        [
            (
                row.what,
                f"{row.events:,}",
                f"{row.wall_s:.1f}",
                f"{row.cpu_s:.1f}",
                f"{row.events_per_cpu_s:,.0f}",
                f"{row.events_per_cpu_s / rows[0].events_per_cpu_s:.2f}",
                f"{row.peak_rss_mb:.0f}",
                f"{row.other_cores:.2f}",
            )
            for row in rows
        ],
    )


def _verdicts(rows: Sequence[Replayed]) -> str:
    live, without, with_model, *larger = rows
    alone, whole = (row.events_per_cpu_s / live.events_per_cpu_s for row in (without, with_model))
    lines = [
        verdict(alone >= 1, "without the read model at least the live worker's rate", f"{alone:.2f} times"),
        verdict(whole >= 0.5, "with it at least half of that rate", f"{whole:.2f} times"),
    ]
    for row in larger:
        target = f"{row.events:,} events below 1 GiB"
        grown = (
            f"{row.peak_rss_mb / with_model.peak_rss_mb:.2f} times the memory and {row.wall_s / with_model.wall_s:.1f}"
        )
        found = f"{row.peak_rss_mb:.0f} MB, {row.wall_s:.0f} s; {grown} times the time of {with_model.events:,}"
        lines.append(verdict(row.peak_rss_mb < MOST_RSS_MB, target, found))
    return "\n".join(lines)
