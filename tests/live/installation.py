"""An installation of its own for a test: topics, a catalogue, workers each with a disk, and one place for snapshots."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from tests.commands import Ended, evenhand, on
from tests.kafka import Broker
from tests.live.log import Reader, Sent, produce
from tests.live.worker import EVENHAND, Worker

SETTINGS: Final = {
    "EVENHAND_WEB_PORT": "0",
    "EVENHAND_SESSION_TIMEOUT": "PT2S",
    "EVENHAND_SNAPSHOT_INTERVAL": "PT1S",
}
POISON: Final = b"not an event"
INPUTS, OUTPUTS = ("touchpoints", "conversions"), ("credits", "credits.shadow", "dead-letters")


class Installation:
    """One prefix on a broker. Close it: no worker outlives the test."""

    def __init__(self, broker: Broker, prefix: str, home: Path, catalogue: str, partitions: int = 1) -> None:
        self.broker = broker
        self.prefix = prefix
        self.partitions = partitions
        self.home = home
        self.catalogue = home / "catalogue.toml"
        self.catalogue.write_text(catalogue)
        self.workers: list[Worker] = []
        self.create_topics()

    # Topics

    def create_topics(self) -> None:
        """All topics exist."""
        ended = self.evenhand("topics", "create", "--partitions", str(self.partitions))
        assert ended.code == 0, ended.err

    def topics(self, names: Iterable[str]) -> list[str]:
        """The full names."""
        return [self.prefix + name for name in names]

    def evenhand(self, *arguments: str) -> Ended:
        """Run a command by hand."""
        return evenhand(*arguments, *on(self.broker, self.prefix))

    def send(self, records: Iterable[Sent]) -> None:
        """The input topics have these records."""
        produce(self.broker, self.prefix, records)

    # Workers

    def worker(self, name: str, *arguments: str, program: Sequence[str] = EVENHAND, **settings: str) -> Worker:
        """Start a worker on the disk of that name."""
        log = self.home / f"{name}-{len(self.workers)}.log"
        worker = Worker(self.environment(name) | settings, log, arguments, program)
        self.workers.append(worker)
        return worker

    def serving(self, name: str, decider: str, **settings: str) -> Worker:
        """Start a worker of one role on the disk of that name; it serves every partition."""
        log = self.home / f"{decider}-{len(self.workers)}.log"
        worker = Worker(self.environment(name) | settings, log, decider=decider)
        self.workers.append(worker)
        worker.wait_until(lambda _: set(worker.taken_over()) == set(range(self.partitions)))
        return worker

    def wait_until(self, condition: Callable[[], bool], deadline_s: float = 60.0) -> None:
        """Wait until it has come to that."""
        give_up = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < give_up, "it has not come to that\n" + "\n".join(w.tail() for w in self.workers)
            time.sleep(0.2)

    def disk(self, name: str) -> Path:
        """The state directory of the workers of that name."""
        return self.home / "disks" / name

    def wipe(self, name: str) -> None:
        """That disk is lost."""
        shutil.rmtree(self.disk(name), ignore_errors=True)

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots"

    def reset(self, name: str) -> None:
        """As `evenhand state reset --snapshots` does: neither that disk nor the place of the snapshots holds state."""
        self.wipe(name)
        shutil.rmtree(self.snapshots, ignore_errors=True)

    @property
    def group(self) -> str:
        return f"{self.prefix.removesuffix('.')}.attribution"

    def wait_until_settled(self, deadline_s: float = 60.0) -> None:
        """Everything sent so far has been decided and said.

        A poisoned record's dead letter tells by its `covers` that all before it was decided; once the next one's
        stands in the topic, too, the chunk before it has ended, with everything that it had to say.
        """
        reader = Reader(self.broker, self.topics(["dead-letters"]))
        try:
            reader.rest()
            for _ in range(2):
                self._wait_for_poison(reader, time.monotonic() + deadline_s)
        finally:
            reader.close()

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()

    def _wait_for_poison(self, reader: Reader, give_up: float) -> None:
        self.send(Sent(topic, None, POISON, number) for topic in INPUTS for number in range(self.partitions))
        inputs = Reader(self.broker, self.topics(INPUTS))
        left = {(place.topic, place.partition): end for place, end in inputs.ends().items()}
        inputs.close()
        while left:
            for letter in reader.poll():
                for topic, offset in letter.covers.items():
                    if offset >= left.get((topic, letter.partition), offset + 1):
                        del left[topic, letter.partition]
            assert time.monotonic() < give_up, f"not decided up to {left}\n" + "\n".join(w.tail() for w in self.workers)

    def environment(self, name: str) -> dict[str, str]:
        """What the processes on that disk are started with."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("EVENHAND_")}
        return (
            inherited
            | SETTINGS
            | {
                "EVENHAND_KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap,
                "EVENHAND_TOPIC_PREFIX": self.prefix,
                "EVENHAND_CATALOGUE": str(self.catalogue),
                "EVENHAND_STATE_DIR": str(self.disk(name)),
                "EVENHAND_SNAPSHOT_URL": f"file://{self.snapshots}",
            }
        )
