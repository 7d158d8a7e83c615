"""A contender at work: sampled ten times a second until all credits are there and no more come."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

from benchmarks.entries import Entry
from benchmarks.places import REPOSITORY
from benchmarks.processes import OtherLoad, ProcessTree, usage
from benchmarks.topics import Reader
from tests.kafka import Broker
from tests.kafka.reaper import Reaper

_SAMPLE_S: Final = 0.1
_LOOK_S: Final = 0.3
_SETTLED_S: Final = 2.0
_STALLED_S: Final = 30.0


class Sample(NamedTuple):
    """CPU seconds so far, at a moment of the clock that also stamps records."""

    at: float
    cpu_s: float
    broker_cpu_s: float


class Watched(NamedTuple):
    """A run as seen from outside."""

    outcome: str
    """`ok`, or what ended it."""
    samples: list[Sample]
    peak_rss_bytes: int
    other_cores: float

    def at(self, moment: float) -> Sample:
        """The first sample from that moment on, else the last."""
        return next((sample for sample in self.samples if sample.at >= moment), self.samples[-1])


class Until(NamedTuple):
    """When a run is over."""

    credits: int
    waits_for_done: bool
    timeout_s: float = 600.0


def watch(broker: Broker, entry: Entry, until: Until) -> Watched:
    """Start it, follow it to its end, and stop it."""
    reader = Reader(broker.bootstrap, entry.credits)
    try:
        with _started(entry) as process:
            return _follow(process, reader, broker.pid, entry, until)
    finally:
        reader.close()


def _follow(process: subprocess.Popen[bytes], reader: Reader, broker_pid: int, entry: Entry, until: Until) -> Watched:
    tree, load = ProcessTree(process.pid), OtherLoad()
    samples: list[Sample] = []
    progress = _Progress(reader, entry, until)
    outcome = None
    while outcome is None:
        time.sleep(_SAMPLE_S)
        code = process.poll()
        samples.append(Sample(time.time(), tree.sample(), _cpu_s(broker_pid)))
        # Bytewax ends by itself; for the others an end is a failure, which the missing credits show.
        outcome = progress.outcome() if code is None else "ok" if code == 0 else f"exit {code}"
    spent = samples[-1].cpu_s + samples[-1].broker_cpu_s - samples[0].broker_cpu_s
    return Watched(outcome, samples, tree.peak_rss_bytes, load.cores(spent))


class _Progress:
    """Looks at the credits topic now and then, and knows when a run is over."""

    def __init__(self, reader: Reader, entry: Entry, until: Until) -> None:
        self._reader = reader
        self._entry = entry
        self._until = until
        self._began = self._looked = self._moved = time.monotonic()
        self._written = 0

    def outcome(self) -> str | None:
        """None while it goes on."""
        now = time.monotonic()
        if now - self._began > self._until.timeout_s:
            return "timeout"
        if now - self._looked < _LOOK_S:
            return None
        self._looked = now
        if (written := self._reader.written()) != self._written:
            self._written, self._moved = written, now
        silent_s = now - self._moved
        is_complete = self._written >= self._until.credits
        if self._until.waits_for_done:
            return "ok" if is_complete and self._entry.done.exists() and silent_s > _SETTLED_S else None
        if is_complete and silent_s > _SETTLED_S:
            return "ok"
        return "stalled" if self._written and silent_s > _STALLED_S else None


def _cpu_s(pid: int) -> float:
    used = usage(pid)
    return used.cpu_s if used else 0.0


@contextmanager
def _started(entry: Entry) -> Iterator[subprocess.Popen[bytes]]:
    with (entry.home / "log").open("wb") as log:
        process = subprocess.Popen(
            entry.command,
            env=dict(entry.environment),
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    reaper = Reaper(process.pid)
    try:
        yield process
    finally:
        for sign, grace_s in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace_s)
        reaper.dismiss()
