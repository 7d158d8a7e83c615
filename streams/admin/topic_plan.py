"""The topics as they ought to be in one installation."""

from __future__ import annotations

from typing import NamedTuple

from events.topics import FACT_TOPICS, TOPICS, full_name


class PlannedTopic(NamedTuple):
    """A topic under its full name, with its settings in Kafka's own words."""

    name: str
    config: dict[str, str]
    partitions: int | None = None
    """None: as many as the others that say nothing."""


def planned_topics(prefix: str, input_retention_ms: int | None = None) -> tuple[PlannedTopic, ...]:
    """Every topic of an installation; facts are kept for ever, or else for this many milliseconds."""
    kept = {} if input_retention_ms is None else {"retention.ms": str(input_retention_ms)}
    return tuple(
        PlannedTopic(full_name(prefix, topic), topic.config | (kept if topic in FACT_TOPICS else {}), topic.partitions)
        for topic in TOPICS
    )
