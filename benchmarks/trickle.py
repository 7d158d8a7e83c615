"""A conversion in every partition some forty times a second, and when each one's credit could be read."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Collection
from contextlib import closing
from typing import Final, NamedTuple

from kafka import KafkaProducer

from benchmarks.installation import BenchmarkError, Installation
from benchmarks.markers import contacts_of, conversion
from benchmarks.topics import Reader

_EVERY_MS: Final = 25


class Credited(NamedTuple):
    """One conversion that got its credit; moments of the monotonic clock."""

    partition: int
    sent_at: float
    read_at: float


class Trickle(threading.Thread):
    """Flows until it is closed."""

    def __init__(self, installation: Installation) -> None:
        super().__init__(daemon=True)
        self._installation = installation
        self._contacts = contacts_of(installation.partitions)
        self._credited: list[Credited] = []
        self._over = threading.Event()
        self.start()

    def served_after(self, moment: float, partitions: Collection[int], deadline_s: float) -> dict[int, float]:
        """For each partition the seconds from a moment until a conversion sent since then had its credit."""
        give_up = time.monotonic() + deadline_s
        while True:
            since = [credited for credited in list(self._credited) if credited.sent_at > moment]
            served = {
                number: min(credited.read_at for credited in since if credited.partition == number) - moment
                for number in partitions
                if any(credited.partition == number for credited in since)
            }
            if len(served) == len(partitions):
                return served
            if time.monotonic() > give_up:
                raise BenchmarkError(f"only {sorted(served)} of {sorted(partitions)} served after {deadline_s:g} s")
            time.sleep(0.05)

    def close(self) -> None:
        """No more conversions come."""
        self._over.set()
        self.join()

    def run(self) -> None:
        bootstrap, topic = self._installation.bootstrap, self._installation.topic("conversions")
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
        reader = Reader(bootstrap, self._installation.topic("credits"), self._installation.partitions)
        sent: dict[str, float] = {}
        with closing(producer), closing(reader):
            while not self._over.is_set():
                for partition, contact in enumerate(self._contacts):
                    name = str(uuid.uuid4())
                    sent[name] = time.monotonic()
                    value = conversion(name, contact, time.time_ns() // 1_000_000)
                    producer.send(topic, value, contact, partition=partition)
                for record in reader.poll(_EVERY_MS):
                    if (sent_at := sent.pop(json.loads(record.key)[1], None)) is not None:
                        self._credited.append(Credited(record.partition, sent_at, time.monotonic()))
                time.sleep(_EVERY_MS / 1000)
