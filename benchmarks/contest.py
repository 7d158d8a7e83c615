"""One contender, one dataset, one run, and every answer checked."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from typing import NamedTuple

from benchmarks import entries, topics, wire
from benchmarks.contenders import Contender
from benchmarks.datasets import Dataset
from benchmarks.entries import Entry
from benchmarks.places import RUNS
from benchmarks.topics import Reader
from benchmarks.watching import Until, Watched, watch
from tests.kafka import Broker


class Result(NamedTuple):
    """What a run came to. Times count from the start of the process to the last credit, in seconds."""

    contender: str
    dataset: str
    outcome: str
    events: int
    wall_s: float
    cpu_s: float
    broker_cpu_s: float
    peak_rss_mb: float
    other_cores: float
    """What everything else on the machine used meanwhile: above 0.2, wall times are not to be trusted."""
    messages: int
    wrong: int
    missing: int

    @property
    def events_per_cpu_s(self) -> float:
        return self.events / self.cpu_s if self.cpu_s else 0.0


class Checked(NamedTuple):
    """The answers that a run left in its topic, against the truth."""

    messages: int
    wrong: int
    missing: int
    last_at: float | None
    """When the broker took the last credit."""


def run(broker: Broker, contender: Contender, dataset: Dataset, truth: Mapping[str, str]) -> Result:
    """Let a contender do the job once, from an empty state and in a fresh group."""
    home = RUNS / f"{contender.name}-{dataset.name}-{uuid.uuid4().hex[:8]}"
    make_ready = entries.evenhand if contender.is_evenhand else entries.peer
    entry = make_ready(broker.bootstrap, contender, dataset, home)
    watched = watch(broker, entry, Until(len(truth), contender.answers_early))
    checked = check(broker.bootstrap, entry.credits, truth)
    ended = _ended_at(contender, entry, watched, checked)
    topics.delete(broker.bootstrap, home.name)
    if watched.outcome == "ok":
        shutil.rmtree(home)
    first, last = watched.samples[0], watched.at(ended)
    return Result(
        contender=contender.name,
        dataset=dataset.name,
        outcome=watched.outcome,
        events=dataset.total,
        wall_s=ended - first.at,
        cpu_s=last.cpu_s,
        broker_cpu_s=last.broker_cpu_s - first.broker_cpu_s,
        peak_rss_mb=watched.peak_rss_bytes / 1e6,
        other_cores=watched.other_cores,
        messages=checked.messages,
        wrong=checked.wrong,
        missing=checked.missing,
    )


def check(bootstrap: str, topic: str, truth: Mapping[str, str]) -> Checked:
    """Read what was committed and compare: the highest version of each credit counts, else the last message."""
    said: dict[str, tuple[int, str]] = {}
    messages, last_ms = 0, None
    reader = Reader(bootstrap, topic)
    try:
        for record in reader.rest():
            messages += 1
            last_ms = max(last_ms or 0, record.timestamp)
            conversion, version, answer = wire.answered(record.value)
            if conversion not in said or version >= said[conversion][0]:
                said[conversion] = version, answer.digest()
    finally:
        reader.close()
    wrong = sum(truth.get(conversion) != digest for conversion, (_, digest) in said.items())
    missing = len(truth.keys() - said.keys())
    return Checked(messages, wrong, missing, None if last_ms is None else last_ms / 1000)


def _ended_at(contender: Contender, entry: Entry, watched: Watched, checked: Checked) -> float:
    last_sample = watched.samples[-1].at
    if not contender.answers_early:
        return checked.last_at or last_sample
    # Its answers stand long before its work is done, and leaving that work out would make it look fast.
    return entry.done.stat().st_mtime if entry.done.exists() else last_sample
