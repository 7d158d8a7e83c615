"""How much the state takes: bytes a held touchpoint and conversion, and whether it stays as it is over 30 days."""

from __future__ import annotations

import uuid
from collections import Counter
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks import datasets, machine, wire
from benchmarks.datasets import DAY_MS, START_MS, Dataset
from benchmarks.held import Held, Holds
from benchmarks.installation import Installation
from benchmarks.markers import Markers
from benchmarks.places import RUNS
from benchmarks.report import keep, table, verdict
from benchmarks.topics import send
from streams.rocks import RocksStore
from streams.state_folder import StateFolder
from streams.state_survey import local_scopes
from tests.kafka import Broker

HORIZON_DAYS: Final = 1
RETENTION_DAYS: Final = 5
LOOKS: Final = (1, 5, 10, 15, 20, 25, 30)
"""Simulated days at whose ends the worker is stopped and its state looked at."""
PLATEAU_DAY: Final = 20
"""From then on as much expires as comes: the longest lifetime is 14 days, then the horizon, then the sweep."""
WANTED_GROWTH: Final = 1.1
_KINDS: Final = {b"t": "touchpoints", b"c": "conversions"}
_ALL: Final = (b"\x01", b"\xff" * 5)


class Look(NamedTuple):
    """The state at the end of a day. Bytes of rows are keys and values; on the disk they are compressed."""

    day: int
    held_touchpoints: int
    """That the contract asks for; below, the rows that stand there, those not swept yet included."""
    held_conversions: int
    touchpoints: int
    touchpoint_bytes: int
    conversions: int
    conversion_bytes: int
    other_bytes: int
    disk_bytes: int


def memory(broker: Broker, dataset: Dataset, command: str) -> None:
    """Feed 30 days to a worker, day by day, and look at its state in between."""
    datasets.write(dataset)
    installation = Installation(
        broker.bootstrap,
        RUNS / f"memory-{uuid.uuid4().hex[:8]}",
        wire.catalogue(dataset, f"P{HORIZON_DAYS}D", f"P{RETENTION_DAYS}D"),
    )
    try:
        looks = _looks(installation, dataset)
    finally:
        installation.close()
    text = f"{_table(looks)}\n\n{_verdicts(looks)}"
    keep("memory", command, machine.facts(), [look._asdict() for look in looks], text)


def _looks(installation: Installation, dataset: Dataset) -> list[Look]:
    looks = []
    holds = Holds(dataset, HORIZON_DAYS, RETENTION_DAYS)
    markers = Markers(installation)
    worker = installation.settled_worker()
    with dataset.file.open("rb") as lines, closing(markers):
        for day, of_day in groupby(lines, _day_of):
            send(installation.bootstrap, wire.records(of_day, installation.prefix))
            if day in LOOKS:
                day_end = START_MS + day * DAY_MS - 1
                markers.pass_by(day_end)
                worker.stop()
                looks.append(_look(installation.state_dir(), day, holds.at(day_end)))
                worker = installation.settled_worker()
    return looks


def _day_of(line: bytes) -> int:
    occurred = line.split(b'"occurred_at":"', 1)[1]
    return int(occurred[8:10]) + (30 if occurred[5:7] == b"02" else 0)


def _look(state_dir: Path, day: int, held: Held) -> Look:
    rows: Counter[str] = Counter()
    size: Counter[str] = Counter()
    disk_bytes = 0
    scopes = local_scopes(state_dir)
    with StateFolder(state_dir, scopes[0].cluster_id, scopes[0].group) as folder:
        for scope in scopes:
            path = folder.database(scope.partition)
            with closing(RocksStore(path)) as store:
                for key, value in store.scan(*_ALL):
                    kind = _KINDS.get(key.split(b"\0", 2)[1][:1], "other")
                    rows[kind] += 1
                    size[kind] += len(key) + len(value)
            disk_bytes += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return Look(
        day,
        *held,
        rows["touchpoints"],
        size["touchpoints"],
        rows["conversions"],
        size["conversions"],
        size["other"],
        disk_bytes,
    )


def _table(looks: list[Look]) -> str:
    header = (
        *("end of day", "touchpoints held", "in state", "bytes each", "conversions held", "in state", "bytes each"),
        *("other rows, MB", "all rows, MB", "on the disk, MB", "disk bytes per touchpoint and conversion"),
    )
    return table(header, [_row(look) for look in looks])


def _row(look: Look) -> tuple[Any, ...]:
    in_rows = look.touchpoint_bytes + look.conversion_bytes + look.other_bytes
    return (
        look.day,
        f"{look.held_touchpoints:,}",
        f"{look.touchpoints:,}",
        f"{look.touchpoint_bytes / max(1, look.touchpoints):.0f}",
        f"{look.held_conversions:,}",
        f"{look.conversions:,}",
        f"{look.conversion_bytes / max(1, look.conversions):.0f}",
        f"{look.other_bytes / 1e6:.1f}",
        f"{in_rows / 1e6:.1f}",
        f"{look.disk_bytes / 1e6:.1f}",
        f"{look.disk_bytes / max(1, look.touchpoints + look.conversions):.0f}",
    )


def _verdicts(looks: list[Look]) -> str:
    later = [look.touchpoints + look.conversions for look in looks if look.day >= PLATEAU_DAY]
    growth = max(later) / later[0]
    target = f"flat over 30 days with a horizon of P{HORIZON_DAYS}D and a retention of P{RETENTION_DAYS}D"
    return verdict(growth <= WANTED_GROWTH, target, f"at most {growth - 1:.0%} above day {PLATEAU_DAY} until day 30")
