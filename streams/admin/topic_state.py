"""The topics as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import LeaderNotAvailableError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError, for_code


@dataclass(frozen=True, slots=True)
class TopicState:
    """What the brokers say of a topic; `leaderless` are the partitions that nobody can read or write now."""

    partitions: int
    replication_factor: int
    leaderless: tuple[int, ...]
    config: Mapping[str, str]


def topic_states(admin: KafkaAdminClient, names: Collection[str]) -> dict[str, TopicState]:
    """The state of each of these topics that exists. KafkaError where this user may not see one."""
    partitions = partitions_of(admin, names)
    configs = _configs(admin, partitions)
    return {
        name: TopicState(
            partitions=len(found),
            replication_factor=min(len(partition["replica_nodes"]) for partition in found),
            leaderless=tuple(partition["partition_index"] for partition in found if partition["leader_id"] < 0),
            config=configs[name],
        )
        for name, found in partitions.items()
    }


def partition_counts(admin: KafkaAdminClient, names: Collection[str]) -> dict[str, int]:
    """How many partitions each of these topics has. UnknownTopicOrPartitionError names the first that is missing."""
    found = partitions_of(admin, names)
    for name in names:
        if name not in found:
            raise UnknownTopicOrPartitionError(name)
    return {name: len(found[name]) for name in names}


def partitions_of(admin: KafkaAdminClient, names: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The partitions of each of these topics that exists, by number, as Kafka's metadata describes them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for topic in admin.describe_topics(list(names)):
        error = for_code(topic["error_code"])
        if error is UnknownTopicOrPartitionError:
            continue
        # Without a leader a topic is there all the same; the partitions below say which lack one.
        if topic["error_code"] and error is not LeaderNotAvailableError:
            raise error(topic["name"])
        found[topic["name"]] = sorted(topic["partitions"], key=lambda partition: int(partition["partition_index"]))
    return {name: found[name] for name in names if name in found}


def _configs(admin: KafkaAdminClient, names: Collection[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    described = admin.describe_configs(resources, config_filter="all")["topic"]
    for name in names:
        # The client passes over the broker's refusal: no topic is without any setting.
        if not described[name]:
            raise TopicAuthorizationFailedError(name)
    return {name: {setting: str(entry["value"]) for setting, entry in described[name].items()} for name in names}
