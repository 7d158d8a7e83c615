"""Conversions of contacts that do nothing else: once their credits can be read, everything sent before was decided."""

from __future__ import annotations

import itertools
import json
import time
import uuid

from benchmarks.datasets import rfc3339
from benchmarks.installation import DEADLINE_S, BenchmarkError, Installation
from benchmarks.topics import Reader, Record, partition_of, send


class Markers:
    """One contact in each partition of an installation. A conversion waits for the touchpoints before it in time."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._reader = Reader(installation.bootstrap, installation.topic("credits"), installation.partitions)
        self._contacts = contacts_of(installation.partitions)

    def pass_by(self, at_ms: int, deadline_s: float = DEADLINE_S) -> float:
        """Send a conversion at this time to each partition; wait until all are credited, and give that moment."""
        sent = {str(uuid.uuid4()): contact for contact in self._contacts}
        topic = self._installation.topic("conversions")
        records = [Record(topic, contact, conversion(name, contact, at_ms)) for name, contact in sent.items()]
        send(self._installation.bootstrap, records, self._installation.partitions)
        give_up = time.monotonic() + deadline_s
        while sent:
            for record in self._reader.poll():
                sent.pop(json.loads(record.key)[1], None)
            if time.monotonic() > give_up:
                raise BenchmarkError(f"{len(sent)} partitions did not get to the end in {deadline_s:g} s")
        return time.time()

    def close(self) -> None:
        self._reader.close()


def contacts_of(partitions: int) -> list[bytes]:
    """One contact in each partition."""
    return [_contact_in(number, partitions) for number in range(partitions)]


def _contact_in(partition: int, partitions: int) -> bytes:
    names = (b"marker-%d" % number for number in itertools.count())
    return next(name for name in names if partition_of(name, partitions) == partition)


def conversion(event_id: str, contact: bytes, at_ms: int) -> bytes:
    """A pound, in the contract's form."""
    event = {
        "type": "conversion.recorded",
        "event_id": event_id,
        "contact_id": contact.decode(),
        "occurred_at": rfc3339(at_ms),
        "name": "purchase",
        "value": "1.00",
        "currency": "GBP",
    }
    return json.dumps(event).encode()
