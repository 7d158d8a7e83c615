"""Records on their way to Kafka: never more than memory holds, each counted once it is safe."""

from __future__ import annotations

import time
from collections import Counter, deque
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from config.errors import BrokenEnvironmentError
from streams.admin.failure import reason

# kafka-python 3 has no bound of its own: 20,000 records of 300 bytes and their futures take some 30 MB.
_MOST_UNDER_WAY = 20_000
_GRACE_S = 2.0


class DeliveryError(BrokenEnvironmentError):
    """Whoever runs the brokers must act: records were not taken. Sending them all again does no harm."""


class Delivery:
    """Sends records in the order in which they are given; within a partition they arrive in that order.

    Keys go to partitions by murmur2. Raises DeliveryError at the first record that Kafka does not take in time.
    """

    def __init__(self, producer: KafkaProducer, where: str, timeout_s: float) -> None:
        self.sent: Counter[str] = Counter()
        """By topic."""
        self.delivered = 0
        self._producer = producer
        self._where = where
        # The producer's own timeout does not run while it still waits for its id from a broker that has gone away.
        self._timeout_s = timeout_s + _GRACE_S
        self._under_way: deque[Any] = deque()

    def send(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Hand over one record; waits while too many are under way."""
        try:
            self._under_way.append(self._producer.send(topic, value, key))
        except KafkaError as error:
            raise self._failed(error) from error
        self.sent[topic] += 1
        if len(self._under_way) > _MOST_UNDER_WAY:
            self._settle(_MOST_UNDER_WAY // 2)

    def finish(self) -> None:
        """Every record sent is delivered."""
        self._settle(0)

    def _settle(self, remaining: int) -> None:
        while len(self._under_way) > remaining:
            try:
                self._under_way.popleft().get(self._timeout_s)
            except KafkaError as error:
                raise self._failed(error) from error
            self.delivered += 1

    def _failed(self, error: KafkaError) -> DeliveryError:
        give_up = time.monotonic() + _GRACE_S
        while self._under_way:
            with suppress(KafkaError):
                self._under_way.popleft().get(max(0.0, give_up - time.monotonic()))
                self.delivered += 1
        return DeliveryError(
            f"Kafka at {self._where} took {self.delivered:,} records and no more ({reason(error)}): mend it and run "
            "the command again; what it has already is a duplicate then, and changes nothing"
        )
