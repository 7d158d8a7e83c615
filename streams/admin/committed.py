"""What a topic holds right now, as its subscribers see it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError

_POLL_MS = 200
_MOST_AT_ONCE = 2_000


class Span(NamedTuple):
    """A stretch of one partition's log: from offset `start` up to, not with, `end`."""

    partition: TopicPartition
    start: int
    end: int


def committed_spans(
    consumer: KafkaConsumer, partitions: Collection[TopicPartition], since_ms: int | None = None
) -> list[Span]:
    """Where these partitions have committed records now; with `since_ms`, from the first one that old or younger on.

    `since_ms` is compared with Kafka's timestamps, in milliseconds since 1970-01-01T00:00:00Z.
    """
    ends = consumer.end_offsets(partitions)
    starts = consumer.beginning_offsets(partitions)
    if since_ms is not None:
        found = consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
        starts = {partition: at.offset if at else ends[partition] for partition, at in found.items()}
    return [Span(partition, starts[partition], ends[partition]) for partition in sorted(partitions)]


def committed_records(consumer: KafkaConsumer, spans: Sequence[Span], patience_s: float) -> Iterator[Any]:
    """The records of these spans, one partition after the other, each in the order of its log.

    Raises KafkaTimeoutError when the brokers give nothing for `patience_s` seconds.
    """
    for span in spans:
        if span.start < span.end:
            consumer.assign([span.partition])
            consumer.seek(span.partition, span.start)
            yield from _records(consumer, span, patience_s)


def _records(consumer: KafkaConsumer, span: Span, patience_s: float) -> Iterator[Any]:
    position = span.start
    give_up = time.monotonic() + patience_s
    # The position also moves over what no record shows: the marks of transactions, and records of aborted ones.
    while position < span.end:
        fetched = consumer.poll(timeout_ms=_POLL_MS, max_records=_MOST_AT_ONCE).get(span.partition, [])
        yield from (record for record in fetched if record.offset < span.end)
        reached = consumer.position(span.partition)
        if fetched or reached > position:
            position, give_up = reached, time.monotonic() + patience_s
        elif time.monotonic() > give_up:
            raise KafkaTimeoutError(f"nothing came for {patience_s:g} s")
