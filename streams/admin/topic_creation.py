"""Making the topics that are missing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import (
    AuthorizationError,
    InvalidReplicationFactorError,
    NoError,
    TopicAlreadyExistsError,
    for_code,
)

from config.errors import BrokenEnvironmentError
from streams.admin.topic_plan import PlannedTopic

_BROKERS_DEFAULT = -1
_PAUSE_S = 0.2


def create_topics(
    admin: KafkaAdminClient,
    topics: Sequence[PlannedTopic],
    partitions: int,
    replication_factor: int | None,
    patience_s: float,
) -> None:
    """These topics exist, and every partition of them has a leader.

    `partitions` is for those that say nothing of their own. `replication_factor` None leaves it to the brokers'
    default. Waits up to `patience_s` seconds for as many brokers as replicas are wanted. A topic that someone else
    makes meanwhile is left as it is. BrokenEnvironmentError gives the brokers' own words when they refuse one.
    """
    missing = {topic.name: topic for topic in topics}
    give_up = time.monotonic() + patience_s
    while missing:
        new = [
            NewTopic(
                name, topic.partitions or partitions, replication_factor or _BROKERS_DEFAULT, topic_configs=topic.config
            )
            for name, topic in missing.items()
        ]
        for answer in admin.create_topics(new, raise_errors=False)["topics"]:
            if _made(answer, patient=time.monotonic() < give_up):
                del missing[answer["name"]]
        if missing:
            time.sleep(_PAUSE_S)
    if topics:
        admin.wait_for_topics([topic.name for topic in topics], timeout_ms=round(patience_s * 1_000))


def _made(answer: dict[str, Any], *, patient: bool) -> bool:
    error = for_code(answer["error_code"])
    if error in (NoError, TopicAlreadyExistsError):
        return True
    # Brokers that have just started answer a moment before they may hold replicas.
    if error is InvalidReplicationFactorError and patient:
        return False
    if issubclass(error, AuthorizationError):
        raise error(answer["name"])
    raise BrokenEnvironmentError(f"Kafka does not create topic {answer['name']}: {answer['error_message']}")
