"""The input topics as a source: all that they hold when the replay begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from kafka import TopicPartition

from events.facts import AnyFact
from events.refusal import Refusal
from events.topics import FACT_TOPICS
from streams.admin.cluster import Cluster
from streams.admin.committed import Span, committed_records, committed_spans
from streams.admin.inputs import ready_inputs
from streams.admin.installation import Installation
from streams.admin.topic_state import partition_counts
from streams.received import Received
from streams.replay.intake import Judged

Judge: TypeAlias = Callable[[Received], AnyFact | Refusal]
"""Judges a record with its key and its partition, as a worker does."""


class PartitionIntake:
    """The records of one partition of an input topic, up to where it ended when the replay began."""

    def __init__(self, cluster: Cluster, span: Span, judge: Judge) -> None:
        self.name = span.partition.topic
        self.partition = span.partition.partition
        self.log: int | None = self.partition
        self.size: int | None = span.end - span.start
        self._cluster = cluster
        self._span = span
        self._judge = judge
        self._reached = span.start

    def judged(self) -> Iterator[Judged]:
        with self._cluster.consumer() as consumer:
            for record in committed_records(consumer, [self._span], self._cluster.patience_s):
                self._reached = record.offset
                yield record.offset, record.timestamp, record.value, self._judge(record)

    def consumed(self) -> int:
        return self._reached - self._span.start


def topic_intakes(installation: Installation, judge_of: Callable[[str, int, int], Judge]) -> list[PartitionIntake]:
    """All partitions of the topics of facts, as they stand now; `judge_of` takes (bare name, partition, partitions).

    Definitions are no facts: those of a replay come from a file.

    Raises:
        BrokenEnvironmentError: the brokers do not answer, or the topics are not as they have to be.
    """
    cluster, prefix = installation
    ready_inputs(installation)
    topics = [installation.topic(topic) for topic in FACT_TOPICS]
    with cluster.admin() as admin:
        counts = partition_counts(admin, topics)
    partitions = [TopicPartition(topic, number) for topic in topics for number in range(counts[topic])]
    with cluster.consumer() as consumer:
        spans = committed_spans(consumer, partitions)
    intakes = []
    for span in spans:
        topic, number = span.partition
        judge = judge_of(topic.removeprefix(prefix), number, counts[topic])
        intakes.append(PartitionIntake(cluster, span, judge))
    return intakes
