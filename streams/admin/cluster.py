"""A Kafka cluster as the commands reach it: a client that works, or one line that says why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError, KafkaTimeoutError

from streams.admin.attempts import failed_attempts
from streams.admin.failure import broken_cluster

_BATCH_BYTES = 256 * 1024
_LINGER_MS = 50


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a cluster is and how to log in.

    `bootstrap_servers` is `host:port,…`; `security` are kafka-python's own arguments, which hold passwords and are
    never shown; `patience_s` is the longest wait for an answer, in seconds.
    """

    bootstrap_servers: str
    security: Mapping[str, Any] = field(default_factory=dict, repr=False)
    patience_s: float = 10.0

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        """A client for topics and their settings. Raises BrokenEnvironmentError, inside the block too."""
        with self._client(KafkaAdminClient, KafkaAdminClient.close, request_timeout_ms=self._patience_ms) as client:
            yield client

    @contextmanager
    def consumer(self) -> Iterator[KafkaConsumer]:
        """A client that reads committed records and belongs to no group. Raises BrokenEnvironmentError."""
        with self._client(
            KafkaConsumer,
            KafkaConsumer.close,
            request_timeout_ms=max(self._patience_ms, 1_000),
            fetch_max_wait_ms=100,
            isolation_level="read_committed",
            auto_offset_reset="none",
            enable_auto_commit=False,
            allow_auto_create_topics=False,
        ) as client:
            yield client

    @contextmanager
    def member(self, group: str, session_timeout_s: float) -> Iterator[KafkaConsumer]:
        """A client that reads committed records and shares partitions with others of its group.

        All topics' partitions of one number go to the same member. Raises BrokenEnvironmentError.
        """
        session_ms = round(session_timeout_s * 1_000)
        with self._client(
            KafkaConsumer,
            KafkaConsumer.close,
            group_id=group,
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=max(100, session_ms // 6),
            request_timeout_ms=max(self._patience_ms, session_ms + 1_000),
            max_poll_interval_ms=60_000,  # also how long the others wait for one that died while it joined
            partition_assignment_strategy=(RangePartitionAssignor,),
            fetch_max_wait_ms=100,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            allow_auto_create_topics=False,
        ) as client:
            yield client

    @contextmanager
    def producer(self, delivery_timeout_s: float) -> Iterator[KafkaProducer]:
        """An idempotent client whose records every replica in sync must have, each within `delivery_timeout_s`.

        Keys go to partitions by murmur2 (contract, section 1). Raises BrokenEnvironmentError, inside the block too.
        """
        delivery_timeout_ms = round(delivery_timeout_s * 1_000)
        with self._client(
            KafkaProducer,
            self._close_producer,
            acks="all",
            enable_idempotence=True,
            batch_size=_BATCH_BYTES,
            linger_ms=_LINGER_MS,
            delivery_timeout_ms=delivery_timeout_ms,
            # The library demands that a delivery allows for one whole request after the linger.
            request_timeout_ms=min(30_000, delivery_timeout_ms - _LINGER_MS),
            max_block_ms=self._patience_ms,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        ) as client:
            yield client

    def _close_producer(self, producer: KafkaProducer) -> None:
        # What is still under way here was given up before, by an error or by whoever pressed Ctrl-C.
        with suppress(KafkaTimeoutError):
            producer.close(timeout=self.patience_s)

    @property
    def _patience_ms(self) -> int:
        return round(self.patience_s * 1_000)

    @contextmanager
    def _client(self, build: Callable[..., Any], close: Callable[[Any], None], **options: Any) -> Iterator[Any]:
        with failed_attempts() as attempts:
            try:
                client = build(
                    bootstrap_servers=self.bootstrap_servers.split(","),
                    client_id="evenhand",
                    bootstrap_timeout_ms=self._patience_ms,
                    **self.security,
                    **options,
                )
            except (KafkaError, OSError) as error:
                raise broken_cluster(self.bootstrap_servers, error, attempts.causes) from error
            try:
                yield client
            except KafkaError as error:
                raise broken_cluster(self.bootstrap_servers, error, attempts.causes) from error
            finally:
                close(client)
