"""Evenhand as its users run it: commands and workers in processes of their own, set by environment variables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.topics import PARTITIONS
from tests.kafka.reaper import Reaper

EVENHAND: Final = (sys.executable, "-m", "cli.main")
WORKER: Final = (*EVENHAND, "worker", "attribution")
DEADLINE_S: Final = 120.0


class BenchmarkError(Exception):
    """A measurement could not be made; the message says why."""


class Worker:
    """A worker with its log. It ends with this process at the latest."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                WORKER, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        self._reaper: Reaper | None = Reaper(self._process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    def owned(self) -> set[int]:
        """The partitions that it has taken over and not let go since."""
        owned: set[int] = set()
        for entry in self.entries():
            if entry["event"] == "partition taken over":
                owned.add(entry["partition"])
            elif entry["event"] == "partition let go":
                owned.discard(entry["partition"])
        return owned

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that this worker brings about."""
        give_up = time.monotonic() + DEADLINE_S
        while not condition():
            code = self._process.poll()
            if code is not None or time.monotonic() > give_up:
                ended = "" if code is None else f", the worker ended with {code}"
                raise BenchmarkError(f"{what}: it did not come{ended}\n{self._log.read_text()[-2000:]}")
            time.sleep(0.05)

    def entries(self) -> list[dict[str, Any]]:
        """The whole lines of its log so far."""
        lines = self._log.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def stop(self) -> None:
        """End it in order (SIGTERM)."""
        self._process.terminate()
        self._end()

    def kill(self) -> None:
        """End it at once (SIGKILL); nothing happens to one that has ended."""
        self._process.kill()
        self._end()

    def _end(self) -> None:
        self._process.wait(DEADLINE_S)
        if self._reaper is not None:
            self._reaper.dismiss()
            self._reaper = None


class Installation:
    """One prefix on a broker, with a catalogue, a place for snapshots, and a disk for each worker."""

    def __init__(
        self,
        bootstrap: str,
        home: Path,
        catalogue: str,
        partitions: int = PARTITIONS,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Its topics exist. `settings` are more variables of the environment."""
        home.mkdir(parents=True)
        self.bootstrap = bootstrap
        self.home = home
        self.partitions = partitions
        self.prefix = f"{home.name}."
        self._settings = settings or {}
        self._workers: list[Worker] = []
        (home / "catalogue.toml").write_text(catalogue)
        self.run("topics", "create", "--partitions", str(partitions))

    def topic(self, name: str) -> str:
        """The full name."""
        return self.prefix + name

    def environment(self, disk: str = "disk") -> dict[str, str]:
        """What a command or worker is told."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("EVENHAND_")}
        return inherited | {
            "EVENHAND_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "EVENHAND_TOPIC_PREFIX": self.prefix,
            "EVENHAND_CATALOGUE": str(self.home / "catalogue.toml"),
            "EVENHAND_STATE_DIR": str(self.state_dir(disk)),
            "EVENHAND_SNAPSHOT_URL": f"file://{self.home / 'snapshots'}",
            "EVENHAND_WEB_PORT": "0",
            **self._settings,
        }

    def state_dir(self, disk: str = "disk") -> Path:
        return self.home / disk

    def run(self, *arguments: str) -> str:
        """Run a command; what it printed."""
        command = [*EVENHAND, *arguments]
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        if done.returncode:
            raise BenchmarkError(f"{' '.join(arguments)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def worker(self, disk: str = "disk") -> Worker:
        """Start a worker."""
        worker = Worker(self.environment(disk), self.home / f"{disk}-{len(self._workers)}.log")
        self._workers.append(worker)
        return worker

    def settled_worker(self) -> Worker:
        """Start a worker and wait until it owns every partition."""
        worker = self.worker()
        worker.wait_until(lambda: len(worker.owned()) == self.partitions, "all partitions taken over")
        return worker

    def close(self) -> None:
        """No worker runs any more."""
        for worker in self._workers:
            worker.kill()
