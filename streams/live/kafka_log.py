"""What Kafka says of its log: the cluster, the topics' ids and sizes, where a partition begins and ends. Blocking."""

from __future__ import annotations

from collections.abc import Sequence

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec
from kafka.errors import UnknownTopicOrPartitionError, for_code

from config.errors import BrokenEnvironmentError
from streams.admin.cluster import Cluster
from streams.live.premises import Log


def describe_log(cluster: Cluster, topics: Sequence[str], partition: int) -> Log:
    """The log of one partition number of topics (full names).

    Raises:
        BrokenEnvironmentError: the brokers do not answer, or a topic is missing.
    """
    with cluster.admin() as admin:
        ids, _ = _described(admin, topics)
        places = [TopicPartition(topic, partition) for topic in topics]
        begins = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
        ends = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
        return Log(
            cluster_id=str(admin.describe_cluster()["cluster_id"]),
            topic_ids=ids,
            begins={place.topic: begins[place].offset for place in places},
            ends={place.topic: ends[place].offset for place in places},
        )


def partition_count(cluster: Cluster, topics: Sequence[str]) -> tuple[str, int]:
    """The cluster's id and how many partitions the co-partitioned topics (full names) have.

    Raises:
        BrokenEnvironmentError: the brokers do not answer, a topic is missing, or the counts differ.
    """
    with cluster.admin() as admin:
        _, counts = _described(admin, topics)
        cluster_id = str(admin.describe_cluster()["cluster_id"])
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{topic} {count}" for topic, count in counts.items())
        raise BrokenEnvironmentError(
            f"the topics must have equal partition counts, so that a contact's facts meet; they have {listed}: "
            "make them anew with `evenhand topics create` under another EVENHAND_TOPIC_PREFIX"
        )
    return cluster_id, next(iter(counts.values()))


def topic_ids(cluster: Cluster, topics: Sequence[str]) -> dict[str, str]:
    """The ids that topics (full names) have now: one that is made anew under its name has another.

    Raises:
        BrokenEnvironmentError: the brokers do not answer, or a topic is missing.
    """
    with cluster.admin() as admin:
        return _described(admin, topics)[0]


def _described(admin: KafkaAdminClient, topics: Sequence[str]) -> tuple[dict[str, str], dict[str, int]]:
    ids, counts = {}, {}
    for topic in admin.describe_topics(list(topics)):
        error = for_code(topic["error_code"])
        if error is UnknownTopicOrPartitionError:
            raise BrokenEnvironmentError(f"topic {topic['name']} is missing; make it with `evenhand topics create`")
        if topic["error_code"]:
            raise error(topic["name"])
        ids[topic["name"]] = str(topic["topic_id"])
        counts[topic["name"]] = len(topic["partitions"])
    return ids, counts
