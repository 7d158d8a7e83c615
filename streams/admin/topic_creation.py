"""Making the topics that are missing."""

from __future__ import annotations

from collections.abc import Sequence

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import AuthorizationError, TopicAlreadyExistsError, for_code

from config.errors import BrokenEnvironmentError
from streams.admin.topic_plan import PlannedTopic

_BROKERS_DEFAULT = -1


def create_topics(
    admin: KafkaAdminClient,
    topics: Sequence[PlannedTopic],
    partitions: int,
    replication_factor: int | None,
    patience_s: float,
) -> None:
    """These topics exist, and every partition of them has a leader.

    `replication_factor` None leaves it to the brokers' default. A topic that someone else makes meanwhile is left as it
    is. BrokenEnvironmentError gives the brokers' own words when they refuse one.
    """
    if not topics:
        return
    new = [
        NewTopic(topic.name, partitions, replication_factor or _BROKERS_DEFAULT, topic_configs=topic.config)
        for topic in topics
    ]
    for answer in admin.create_topics(new, raise_errors=False)["topics"]:
        error = for_code(answer["error_code"])
        if issubclass(error, AuthorizationError):
            raise error(answer["name"])
        if answer["error_code"] and error is not TopicAlreadyExistsError:
            raise BrokenEnvironmentError(f"Kafka does not create topic {answer['name']}: {answer['error_message']}")
    admin.wait_for_topics([topic.name for topic in topics], timeout_ms=round(patience_s * 1_000))
