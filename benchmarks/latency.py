"""How long an answer takes: from a conversion's production to the moment its credit can be read `read_committed`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final, NamedTuple

import uvloop

from benchmarks import machine, wire
from benchmarks.datasets import SMALL
from benchmarks.installation import Installation
from benchmarks.places import RUNS
from benchmarks.processes import OtherLoad, ProcessTree, usage
from benchmarks.report import keep, table, verdict
from benchmarks.traffic import GRACE_S, WARM_UP_S, Traffic
from tests.kafka import Broker

RATES: Final = (1_000, 5_000)
WANTED_P99_MS: Final = 100


class Latency(NamedTuple):
    """At one rate of events; the delays in milliseconds."""

    events_per_s: int
    seconds: float
    conversions: int
    unanswered: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    worker_cores: float
    broker_cores: float
    other_cores: float


def latency(broker: Broker, rates: Sequence[int], seconds: float, command: str) -> None:
    """Live events at each rate through one worker on four partitions."""
    found = [_at_rate(broker, rate, seconds) for rate in rates]
    text = f"{_table(found)}\n\n{_verdicts(found)}"
    keep("latency", command, machine.facts(), [one._asdict() for one in found], text)


def _at_rate(broker: Broker, rate: int, seconds: float) -> Latency:
    home = RUNS / f"latency{rate}-{uuid.uuid4().hex[:8]}"
    installation = Installation(broker.bootstrap, home, wire.catalogue(SMALL))
    try:
        worker = ProcessTree(installation.settled_worker().pid)
        traffic = Traffic(installation, rate, seconds)
        load = OtherLoad()
        before = worker.sample(), _cpu_s(broker)
        uvloop.run(traffic.flow())
        spent = worker.sample() - before[0], _cpu_s(broker) - before[1]
        other = load.cores(sum(spent))
    finally:
        installation.close()
    delays = sorted(traffic.delays_ms)
    lasted = seconds + WARM_UP_S + GRACE_S
    return Latency(
        events_per_s=rate,
        seconds=seconds,
        conversions=len(delays),
        unanswered=traffic.unanswered,
        p50_ms=delays[len(delays) // 2],
        p99_ms=delays[len(delays) * 99 // 100],
        max_ms=delays[-1],
        worker_cores=spent[0] / lasted,
        broker_cores=spent[1] / lasted,
        other_cores=other,
    )


def _cpu_s(broker: Broker) -> float:
    used = usage(broker.pid)
    return used.cpu_s if used else 0.0


def _table(found: Sequence[Latency]) -> str:
    header = (
        *("events per s", "seconds", "conversions", "unanswered", "p50 ms", "p99 ms", "max ms"),
        *("worker, cores", "broker, cores", "other load"),
    )
    rows = [
        (
            f"{one.events_per_s:,}",
            f"{one.seconds:.0f}",
            f"{one.conversions:,}",
            one.unanswered,
            f"{one.p50_ms:.0f}",
            f"{one.p99_ms:.0f}",
            f"{one.max_ms:.0f}",
            f"{one.worker_cores:.2f}",
            f"{one.broker_cores:.2f}",
            f"{one.other_cores:.2f}",
        )
        for one in found
    ]
    return table(header, rows)


def _verdicts(found: Sequence[Latency]) -> str:
    return "\n".join(
        verdict(
            one.p99_ms < WANTED_P99_MS and not one.unanswered,
            f"p99 below {WANTED_P99_MS} ms at {one.events_per_s:,} events/s",
            f"{one.p99_ms:.0f} ms",
        )
        for one in found
    )
