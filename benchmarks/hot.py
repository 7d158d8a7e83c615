"""Contacts with long windows: what an event costs by the number of touchpoints that its contact has active.

Start-up and warm-up must not count, so each cell is two runs of different length: the CPU time that the longer one took
more, over the events that it had more.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from benchmarks import datasets, machine, wire
from benchmarks.contenders import CONTENDERS
from benchmarks.contest import Result
from benchmarks.datasets import HOT_LIFETIME_DAYS, WINDOWS, Dataset
from benchmarks.installation import Installation
from benchmarks.markers import Markers
from benchmarks.places import RUNS
from benchmarks.processes import ProcessTree
from benchmarks.race import US, contests
from benchmarks.report import keep, table, verdict
from benchmarks.topics import send
from tests.kafka import Broker

LENGTHS: Final = {10: (50_000, 250_000), 100: (50_000, 250_000), 1_000: (20_000, 100_000), 10_000: (10_000, 30_000)}
"""Events of the short and the long run of each window: a long window's credits are megabytes each."""
BEST_KSTREAMS_US: Final = 238
WANTED_SPREAD: Final = 1.2
_ALONE_EVENTS: Final = 300_000


class Cell(NamedTuple):
    """What one contender made of one window."""

    contender: str
    window: int
    us_per_event: float
    wrong: int
    missing: int
    other_cores: float


def hot(broker: Broker, names: Sequence[str], windows: Sequence[int], command: str) -> None:
    """CPU per event by window, one event in a hundred a conversion; and of touchpoints alone."""
    cells = [cell for window in windows for cell in _cells(broker, names, window)]
    alone = {window: _alone(broker, window) for window in (min(WINDOWS), max(WINDOWS))}
    rows: list[dict[str, Any]] = [cell._asdict() for cell in cells]
    rows += [{"touchpoints alone, window": window, "us_per_event": us} for window, us in alone.items()]
    text = f"{_table(cells, names, windows)}\n\n{_alone_table(alone)}\n\n{_verdicts(cells, alone)}"
    keep("hot", command, machine.facts(), rows, text)


def _cells(broker: Broker, names: Sequence[str], window: int) -> list[Cell]:
    chosen = [CONTENDERS[name] for name in names]
    short, long = (contests(broker, datasets.hot(window, events), chosen) for events in LENGTHS[window])
    return [_cell(*pair, window) for pair in zip(short, long, strict=True)]


def _cell(short: Result, long: Result, window: int) -> Cell:
    us = (long.cpu_s - short.cpu_s) / (long.events - short.events) * 1e6
    load = max(short.other_cores, long.other_cores)
    return Cell(long.contender, window, us, short.wrong + long.wrong, short.missing + long.missing, load)


def _alone(broker: Broker, window: int) -> float:
    """CPU µs of a worker for one touchpoint of a contact that has `window` active and never converts."""
    dataset = datasets.hot(window, _ALONE_EVENTS)
    installation = Installation(
        broker.bootstrap, RUNS / f"alone{window}-{uuid.uuid4().hex[:8]}", wire.catalogue(dataset)
    )
    lines = _touchpoints(dataset)
    fill, measured = lines[: datasets.POOL], lines[datasets.POOL :]
    markers = Markers(installation)
    try:
        tree = ProcessTree(installation.settled_worker().pid)
        send(broker.bootstrap, wire.records(fill, installation.prefix))
        markers.pass_by(_end_ms(dataset) - 1)
        before = tree.sample()
        send(broker.bootstrap, wire.records(measured, installation.prefix))
        markers.pass_by(_end_ms(dataset))
        return (tree.sample() - before) / len(measured) * 1e6
    finally:
        markers.close()
        installation.close()


def _touchpoints(dataset: Dataset) -> list[bytes]:
    lines = (json.dumps(event, separators=(",", ":")).encode() for event in datasets.events(dataset))
    return [line for line in lines if not wire.is_conversion(line)]


def _end_ms(dataset: Dataset) -> int:
    return datasets.START_MS + (dataset.total + 1) * HOT_LIFETIME_DAYS * datasets.DAY_MS // datasets.POOL


def _table(cells: Sequence[Cell], names: Sequence[str], windows: Sequence[int]) -> str:
    found = {(cell.contender, cell.window): cell for cell in cells}
    header = ("CPU µs per event, 1 % conversions", *(f"window {window:,}" for window in windows), "wrong", "missing")
    rows = []
    for name in names:
        row = [found[name, window] for window in windows]
        costs = (f"{cell.us_per_event:.1f} (load {cell.other_cores:.1f})" for cell in row)
        rows.append((name, *costs, sum(cell.wrong for cell in row), sum(cell.missing for cell in row)))
    return table(header, rows)


def _alone_table(alone: dict[int, float]) -> str:
    header = ("CPU µs per touchpoint, no conversions", *(f"window {window:,}" for window in alone))
    return table(header, [(US, *(f"{us:.1f}" for us in alone.values()))])


def _verdicts(cells: Sequence[Cell], alone: dict[int, float]) -> str:
    ours = [cell for cell in cells if cell.contender == US]
    wrong, missing = sum(cell.wrong for cell in ours), sum(cell.missing for cell in ours)
    lines = [verdict(wrong == missing == 0, "nothing wrong, nothing missing", f"{wrong} wrong, {missing} missing")]
    for cell in ours:
        if cell.window == max(WINDOWS):
            peers = [
                other.us_per_event
                for other in cells
                if other.contender.startswith("kstreams") and other.window == cell.window
            ] or [BEST_KSTREAMS_US]
            target = f"at a window of {cell.window:,} below Kafka Streams' {min(peers):.0f} µs"
            lines.append(verdict(cell.us_per_event < min(peers), target, f"{cell.us_per_event:.0f} µs"))
    spread = max(alone.values()) / min(alone.values())
    target = f"a touchpoint alone costs the same within {WANTED_SPREAD - 1:.0%} at both windows"
    lines.append(verdict(spread <= WANTED_SPREAD, target, f"{spread - 1:.0%} apart"))
    return "\n".join(lines)
