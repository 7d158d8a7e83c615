"""Where the topics as they are differ from the topics as they ought to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.admin.topic_plan import PlannedTopic
from streams.admin.topic_state import TopicState

_CREATE = "run `evenhand topics create`"
_NEW_PREFIX = "contacts would change places: make all topics under a new --topic-prefix and send the events there"


class Difference(NamedTuple):
    """One thing that is not as it ought to be, and what to do about it."""

    topic: str
    setting: str
    wanted: str
    found: str
    remedy: str


class Wishes(NamedTuple):
    """What whoever runs the command asks of every topic; None leaves it to what there is."""

    partitions: int | None = None
    replication_factor: int | None = None


def differences(planned: Sequence[PlannedTopic], states: Mapping[str, TopicState], wishes: Wishes) -> list[Difference]:
    """All that has to change before a worker may run on these topics; empty when all is well.

    All that belongs to a contact shares a partition number, so the topics need the same number of partitions, but for
    those that say theirs: the one wished for, else the one that most of them have.
    """
    of_all = wishes._replace(partitions=wishes.partitions or usual_partitions(planned, states))
    return [
        difference
        for topic in planned
        for difference in (
            _of_topic(topic, states[topic.name], of_all)
            if topic.name in states
            else [Difference(topic.name, "topic", "exists", "missing", _CREATE)]
        )
    ]


def usual_partitions(planned: Sequence[PlannedTopic], states: Mapping[str, TopicState]) -> int | None:
    """The number of partitions that most topics have which say none of their own; None where there are none."""
    alike = [topic.name for topic in planned if topic.partitions is None]
    counts = Counter(states[name].partitions for name in alike if name in states)
    return counts.most_common(1)[0][0] if counts else None


def _of_topic(topic: PlannedTopic, state: TopicState, wishes: Wishes) -> Iterator[Difference]:
    partitions = topic.partitions or wishes.partitions
    if state.partitions != partitions:
        yield Difference(topic.name, "partitions", str(partitions), str(state.partitions), _NEW_PREFIX)
    if wishes.replication_factor not in (None, state.replication_factor):
        wanted, found = str(wishes.replication_factor), str(state.replication_factor)
        yield Difference(topic.name, "replication factor", wanted, found, "reassign with kafka-reassign-partitions")
    if state.leaderless:
        numbers = ", ".join(map(str, state.leaderless))
        yield Difference(
            topic.name, "leader", "every partition", f"none for {numbers}", "start the brokers that are down"
        )
    for setting, wanted in topic.config.items():
        found = state.config[setting]
        if found != wanted:
            remedy = (
                f"kafka-configs --alter --entity-type topics --entity-name {topic.name} --add-config {setting}={wanted}"
            )
            yield Difference(topic.name, setting, wanted, found, remedy)
