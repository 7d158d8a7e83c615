"""The topics that the read model is made from, as they are on the cluster."""

from __future__ import annotations

from typing import NamedTuple

from kafka import TopicPartition
from kafka.errors import LeaderNotAvailableError, UnknownTopicOrPartitionError, for_code

from config.errors import BrokenEnvironmentError
from events.topics import CREDITS, DEAD_LETTERS, TOUCHPOINTS
from projections.writing.projection import READ
from streams.admin.installation import Installation


class Source(NamedTuple):
    """A topic: its bare name, its own id, and how many partitions it has."""

    bare: str
    topic_id: str
    partitions: int


def sources(installation: Installation) -> dict[str, Source]:
    """By full name. Topics of a later release than the installation's may be missing: they have said nothing.

    Raises:
        BrokenEnvironmentError: the brokers do not answer, a topic is missing, or the partition counts differ.
    """
    names = {installation.topic(topic): topic.name for topic in READ}
    found = {}
    with installation.cluster.admin() as admin:
        for topic in admin.describe_topics(list(names)):
            error = for_code(topic["error_code"])
            if error is UnknownTopicOrPartitionError:
                continue
            if topic["error_code"] and error is not LeaderNotAvailableError:
                raise error(topic["name"])
            found[topic["name"]] = Source(names[topic["name"]], str(topic["topic_id"]), len(topic["partitions"]))
    for needed in map(installation.topic, (TOUCHPOINTS, CREDITS, DEAD_LETTERS)):
        if needed not in found:
            raise BrokenEnvironmentError(f"topic {needed} is missing; make it with `evenhand topics create`")
    counts = {name: source.partitions for name, source in found.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise BrokenEnvironmentError(
            f"the topics must have equal partition counts, so that one projector meets all of a contact; they have "
            f"{listed}: run `evenhand topics check`"
        )
    return {name: found[name] for name in names if name in found}


def places(found: dict[str, Source]) -> list[TopicPartition]:
    """Every partition of every topic."""
    return [TopicPartition(name, number) for name, source in found.items() for number in range(source.partitions)]
