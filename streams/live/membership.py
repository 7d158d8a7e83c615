"""A worker's membership in its consumer group: the consumer, and what Kafka's refusal of one means for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InvalidGroupIdError,
    InvalidSessionTimeoutError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from config.errors import BrokenEnvironmentError
from config.settings import Settings


def group_consumer(connection: Mapping[str, Any], group: str, settings: Settings) -> AIOKafkaConsumer:
    """A member of the group, not started yet. It keeps no offsets in Kafka that anybody reads back.

    `connection`: aiokafka's bootstrap servers and security.
    """
    session_ms = round(settings.session_timeout.total_seconds() * 1000)
    return AIOKafkaConsumer(
        **connection,
        group_id=group,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=max(100, session_ms // 6),
        max_poll_interval_ms=600_000,
        rebalance_timeout_ms=10_000,
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=2 << 20,
        # The others break co-partitioning: they deal out the two topics' partitions apart.
        partition_assignment_strategy=(RangePartitionAssignor,),
    )


def denial(error: KafkaError, group: str, settings: Settings) -> BrokenEnvironmentError | None:
    """The error for people when Kafka answers and will not have this member; None when it is worth trying again."""
    where = f"Kafka at {settings.kafka_bootstrap_servers}"
    match error:
        case InvalidSessionTimeoutError():
            seconds = settings.session_timeout.total_seconds()
            return BrokenEnvironmentError(
                f"{where} takes no session of {seconds:g} s: set EVENHAND_SESSION_TIMEOUT between its "
                "group.min.session.timeout.ms and group.max.session.timeout.ms"
            )
        case GroupAuthorizationFailedError() | InvalidGroupIdError() | TopicAuthorizationFailedError():
            return BrokenEnvironmentError(
                f"{where} does not let this user join consumer group {group} ({type(error).__name__}): grant it with "
                "kafka-acls, or set another EVENHAND_GROUP"
            )
        case _:
            return None
