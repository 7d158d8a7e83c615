"""A consumer on the projector's topics: chunks of records from where the read model ends."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.structs import OffsetAndMetadata

from config.errors import UsageError
from projections.writing.projection import positions
from projections.writing.record import Chunk, Step
from projections.writing.rows import ReadModel
from streams.projecting.reading import Reading
from streams.projecting.sources import Source, places

_POLL_MS: Final = 100
_CHUNK_RECORDS: Final = 20_000
_CHUNK_S: Final = 0.5


class OtherLogError(UsageError):
    """The caller must build the read model anew: the topics are not those that it was made from."""


class Stream:
    """What the assigned partitions hold, chunk by chunk; `begin` before the first, and after anything went wrong."""

    def __init__(self, consumer: KafkaConsumer, found: dict[str, Source], *, shared: bool) -> None:
        """`shared`: with the others of the consumer's group; else all partitions are its own."""
        self._consumer = consumer
        self._sources = found
        self._reading = Reading(found)
        self._next: dict[TopicPartition, int] = {}
        self._watch = _Watch()
        if shared:
            consumer.subscribe(list(found), listener=self._watch)
        else:
            consumer.assign(places(found))
            self._watch.moved = True

    @property
    def moved(self) -> bool:
        """Whether `begin` is due: other partitions were assigned."""
        return self._watch.moved

    def begin(self, model: ReadModel) -> None:
        """The next chunk begins where the read model ends.

        Raises:
            OtherLogError: the read model was made from other topics than these.
            DatabaseAwayError: the database does not answer.
        """
        assigned = sorted(self._consumer.assignment())
        self._watch.moved = False
        self._next = {}
        with model.writing({place.partition for place in assigned}) as rows:
            stored = positions(rows, [(place.topic, place.partition) for place in assigned])
        ends = self._consumer.end_offsets([place for place in assigned if tuple(place) in stored])
        for place in assigned:
            topic_id, offset = stored.get((place.topic, place.partition), (self._sources[place.topic].topic_id, 0))
            if topic_id != self._sources[place.topic].topic_id or offset > ends.get(place, offset):
                raise OtherLogError(
                    f"{place.topic} is not the topic that the read model was made from (it was made anew or cut "
                    "short): run `evenhand project --rebuild`"
                )
            self._next[place] = offset
            if offset:
                self._consumer.seek(place, offset)
            else:
                self._consumer.seek_to_beginning(place)

    def chunk(self) -> Chunk:
        """What has come; empty when nothing came in time, or when other partitions were assigned meanwhile."""
        chunk = Chunk()
        records = 0
        touched: set[TopicPartition] = set()
        give_up = time.monotonic() + _CHUNK_S
        while records < _CHUNK_RECORDS and time.monotonic() < give_up:
            came = self._consumer.poll(timeout_ms=_POLL_MS, max_records=_CHUNK_RECORDS - records)
            if self._watch.moved:
                return Chunk()
            for place, found in came.items():
                self._reading.add(chunk, found)
                records += len(found)
                touched.add(place)
            if not came:
                break
        chunk.steps = self._steps(touched or self._next.keys())
        return chunk

    def written(self, chunk: Chunk) -> None:
        """The read model has the chunk; Kafka's own tools may show how far it is. Nothing reads that back."""
        offsets = {}
        for step in chunk.steps:
            place = TopicPartition(step.topic, step.partition)
            self._next[place] = step.end
            offsets[place] = OffsetAndMetadata(step.end, "", -1)
        if self._consumer.config["group_id"] is not None and offsets:
            self._consumer.commit_async(offsets)

    def ends(self) -> Mapping[TopicPartition, int]:
        """Where the assigned partitions end now."""
        found: dict[TopicPartition, int] = self._consumer.end_offsets(list(self._next))
        return found

    def has_reached(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether the read model goes so far."""
        return all(self._next.get(place, 0) >= end for place, end in ends.items())

    def _steps(self, touched: Collection[TopicPartition]) -> list[Step]:
        steps = []
        for place in sorted(touched):
            end = self._consumer.position(place)
            start = self._next[place]
            if end is not None and end > start:
                steps.append(Step(place.topic, place.partition, self._sources[place.topic].topic_id, start, end))
        return steps


class _Watch(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self) -> None:
        self.moved = False

    def on_partitions_revoked(self, revoked: Any) -> None:
        self.moved = True

    def on_partitions_assigned(self, assigned: Any) -> None:
        self.moved = True
