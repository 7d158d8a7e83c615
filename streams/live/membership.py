"""A worker's membership in its consumer group: the first knock, the consumer, and what a refusal means for people."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import (
    BrokerResponseError,
    GroupAuthorizationFailedError,
    InvalidGroupIdError,
    InvalidSessionTimeoutError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from kafka.errors import for_code

from config.errors import BrokenEnvironmentError
from config.settings import Settings
from streams.admin.failure import broken_cluster
from streams.live.client_log import causes_told

_PATIENCE_S: Final = 3.0


async def knock(connection: Mapping[str, Any]) -> None:
    """The brokers answer, and let this user in.

    Asked of aiokafka, which tells a refused login from a lost connection every time. `connection`: its bootstrap
    servers and security.

    Raises:
        BrokersAwayError: nobody answers now.
        BrokenEnvironmentError: the login is refused.
    """
    caller = AIOKafkaConsumer(**connection)
    with causes_told() as causes:
        try:
            await asyncio.wait_for(caller.start(), _PATIENCE_S)
        except (KafkaError, OSError, TimeoutError) as error:
            known = [_as_told_by_kafka_python(cause) for cause in causes.met]
            raise broken_cluster(connection["bootstrap_servers"], error, known) from error
        finally:
            await caller.stop()


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


def denial(error: BaseException | None, group: str, settings: Settings) -> BrokenEnvironmentError | None:
    """The error for people when Kafka answers and never will do as it was asked; None when another try may help."""
    match error:
        case InvalidSessionTimeoutError():
            fault = f"takes no session of {settings.session_timeout.total_seconds():g} s"
            remedy = (
                "set EVENHAND_SESSION_TIMEOUT between its group.min.session.timeout.ms and group.max.session.timeout.ms"
            )
        case GroupAuthorizationFailedError() | InvalidGroupIdError():
            fault = f"does not let this user into consumer group {group}"
            remedy = "grant READ on it with kafka-acls, or set another EVENHAND_GROUP"
        case TransactionalIdAuthorizationFailed():
            fault = f"does not let this user write in transactions of the ids {group}-…"
            remedy = "grant WRITE and DESCRIBE on them with kafka-acls"
        case TopicAuthorizationFailedError():
            fault = f"denies this user a topic ({error})"
            remedy = "grant READ on the inputs, READ and WRITE on the outputs with kafka-acls"
        case MessageSizeTooLargeError() | RecordListTooLargeError():
            fault = "takes no message as large as one that must be written now"
            remedy = "run `evenhand topics check`: it names the topic whose max.message.bytes is too small"
        case _:
            return None
    return BrokenEnvironmentError(f"Kafka at {settings.kafka_bootstrap_servers} {fault}: {remedy}")


def _as_told_by_kafka_python(error: Exception) -> Exception:
    """The same error in the terms of the other client, whose errors are explained to people."""
    return for_code(error.errno)() if isinstance(error, BrokerResponseError) else error
