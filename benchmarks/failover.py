"""How long a partition is unserved when its worker dies: from SIGKILL to the next credit."""

from __future__ import annotations

import base64
import json
import random
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from statistics import median
from typing import Any, Final, NamedTuple

from benchmarks import machine, wire
from benchmarks.datasets import DAY_MS, SMALL, rfc3339
from benchmarks.installation import BenchmarkError, Installation, Worker
from benchmarks.markers import Markers
from benchmarks.places import RUNS
from benchmarks.report import keep, table, verdict
from benchmarks.topics import Record, partition_of, send
from benchmarks.trickle import Trickle
from tests.kafka import Broker

WANTED_S: Final = 15
_DEADLINE_S: Final = 300.0
_OFTEN: Final = {"EVENHAND_SNAPSHOT_INTERVAL": "PT5S"}
_SETTLE_S: Final = 8.0
"""Longer than the snapshot interval."""
_DIMENSIONS: Final = 16
_TEXT_BYTES: Final = 96
"""Of chance in each dimension's value, written in 120 characters."""
_FAT_BYTES: Final = _DIMENSIONS * (120 + 24)
"""What such a touchpoint takes in a state: its dimensions' values, with their names and what stands between."""


class Failover(NamedTuple):
    """One worker killed."""

    state_mb: float
    """Restored by the survivor, as its snapshot says."""
    restored: bool
    """From a snapshot, not by replaying the topics from their beginnings."""
    partitions: int
    first_s: float
    """From SIGKILL to the next credit on the first of the victim's partitions."""
    last_s: float


def failover(broker: Broker, times: int, state_mb: int, command: str) -> None:
    """Kill workers with small states, then one with a large state."""
    small = _small(broker, times)
    large = [_large(broker, state_mb)] if state_mb else []
    text = f"{_table([*small, *large])}\n\n{_verdicts(small, large)}"
    keep("failover", command, machine.facts(), [one._asdict() for one in (*small, *large)], text)


def _small(broker: Broker, times: int) -> list[Failover]:
    """Two workers on four partitions, killed in turns and started again on an empty disk."""
    home = RUNS / f"failover-{uuid.uuid4().hex[:8]}"
    installation = Installation(broker.bootstrap, home, wire.catalogue(SMALL), settings=_OFTEN)
    with closing(installation), closing(Trickle(installation)) as trickle:
        workers = _pair(installation)
        found = []
        for number in range(times):
            victim, survivor = workers
            found.append(_kill(installation, victim, survivor, trickle))
            workers = survivor, installation.worker(f"disk-{number}")
            _wait_until_shared(workers, installation.partitions)
    return found


def _large(broker: Broker, state_mb: int) -> Failover:
    """Two workers on two partitions; the owner of partition 0 holds the state and is killed."""
    home = RUNS / f"failover-large-{uuid.uuid4().hex[:8]}"
    installation = Installation(broker.bootstrap, home, wire.catalogue(SMALL), partitions=2, settings=_OFTEN)
    touchpoints = state_mb * 1_000_000 // _FAT_BYTES
    with closing(installation), closing(Trickle(installation)) as trickle, closing(Markers(installation)) as markers:
        workers = _pair(installation)
        send(broker.bootstrap, _fat_touchpoints(installation, touchpoints), installation.partitions)
        markers.pass_by(time.time_ns() // 1_000_000, _DEADLINE_S)
        _wait_for_snapshot(installation, touchpoints)
        victim, survivor = workers if 0 in workers[0].owned() else reversed(workers)
        return _kill(installation, victim, survivor, trickle)


def _pair(installation: Installation) -> tuple[Worker, Worker]:
    workers = installation.worker("a"), installation.worker("b")
    _wait_until_shared(workers, installation.partitions)
    return workers


def _wait_until_shared(workers: tuple[Worker, Worker], partitions: int) -> None:
    """Each owns its half."""
    one, other = workers
    half = partitions // 2
    other.wait_until(
        lambda: len(one.owned()) == len(other.owned()) == half and not one.owned() & other.owned(),
        "partitions shared by two workers",
    )


def _kill(installation: Installation, victim: Worker, survivor: Worker, trickle: Trickle) -> Failover:
    """Kill one; what the other had to bring back, and how long its partitions were unserved."""
    time.sleep(_SETTLE_S)  # a snapshot of each partition is newer than its last takeover
    orphans = victim.owned()
    size = sum(_snapshot(installation, number)["bytes"] for number in orphans)
    log_before = len(survivor.entries())
    moment = time.monotonic()
    victim.kill()
    served = trickle.served_after(moment, orphans, _DEADLINE_S)
    said = [entry for entry in survivor.entries()[log_before:] if entry["event"] == "state restored from a snapshot"]
    restored = {entry["partition"] for entry in said} >= orphans
    return Failover(size / 1e6, restored, len(orphans), min(served.values()), max(served.values()))


def _snapshot(installation: Installation, partition: int) -> dict[str, Any]:
    """The furthest snapshot of a partition."""
    kept = json.loads(installation.run("state", "info", "--json"))["snapshots"]
    whole = [one for one in kept if one["partition"] == partition and one["offsets"]]
    if not whole:
        raise BenchmarkError(f"partition {partition} has no snapshot")
    return max(whole, key=lambda one: sum(one["offsets"].values()))


def _wait_for_snapshot(installation: Installation, touchpoints: int) -> None:
    """The newest snapshot of partition 0 holds them all."""
    give_up = time.monotonic() + _DEADLINE_S
    while _snapshot(installation, 0)["offsets"].get("touchpoints", 0) < touchpoints:
        if time.monotonic() > give_up:
            raise BenchmarkError(f"no snapshot of {touchpoints:,} touchpoints in {_DEADLINE_S:g} s")
        time.sleep(1)


def _fat_touchpoints(installation: Installation, count: int) -> Iterator[Record]:
    """Touchpoints of some two kilobytes of chance each, all of contacts in partition 0."""
    chance = random.Random(1)
    topic, at_ms = installation.topic("touchpoints"), time.time_ns() // 1_000_000 - DAY_MS
    contacts = (b"contact-%d" % number for number in range(1 << 62))
    ours = (contact for contact in contacts if partition_of(contact, installation.partitions) == 0)
    for number, contact in zip(range(count), ours, strict=False):
        values = (base64.b85encode(chance.randbytes(_TEXT_BYTES)).decode() for _ in range(_DIMENSIONS))
        event = {
            "type": "touchpoint.recorded",
            "event_id": f"touchpoint-{number}",
            "contact_id": contact.decode(),
            "occurred_at": rfc3339(at_ms),
            "name": "webinar",
            "dimensions": {f"dimension_{place}": value for place, value in enumerate(values)},
        }
        yield Record(topic, contact, json.dumps(event).encode())


def _table(found: Sequence[Failover]) -> str:
    header = ("state restored, MB", "from a snapshot", "victim's partitions", "first served, s", "all served, s")
    rows = [
        (
            f"{one.state_mb:,.1f}",
            "yes" if one.restored else "no",
            one.partitions,
            f"{one.first_s:.1f}",
            f"{one.last_s:.1f}",
        )
        for one in found
    ]
    return table(header, rows)


def _verdicts(small: Sequence[Failover], large: Sequence[Failover]) -> str:
    lasts = [one.last_s for one in small]
    found = f"median {median(lasts):.1f} s, at most {max(lasts):.1f} s"
    lines = [verdict(max(lasts) < WANTED_S, f"served again within {WANTED_S} s with small state", found)]
    for one in large:
        target = f"with {one.state_mb:,.0f} MB restored from a snapshot, recorded"
        lines.append(verdict(one.restored, target, f"{one.last_s:.1f} s"))
    return "\n".join(lines)
