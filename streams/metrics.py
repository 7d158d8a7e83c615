"""What the worker measures of itself: one typed list, the one module that knows prometheus_client.

Names are `evenhand_<thing>_<unit>` in base units; labels are bounded: topics, partitions, models, reasons.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Every metric of the worker, in a registry of its own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.records = Counter(
            "evenhand_records_total", "Records read from input topics.", ["topic", "partition"], registry=registry
        )
        self.duplicates = Counter(
            "evenhand_duplicates_total", "Copies of facts that are held; they changed nothing.", registry=registry
        )
        self.credits = Counter("evenhand_credits_total", "Credits published.", ["model"], registry=registry)
        self.reissued = Counter(
            "evenhand_credits_reissued_total", "Credits published with a version above the first.", registry=registry
        )
        self.late_facts = Counter(
            "evenhand_late_facts_total", "Credits that a fact changed after their conversion was decided.", registry=registry
        )
        self.capped = Counter(
            "evenhand_capped_credits_total", "Credits whose window held more than counts.", registry=registry
        )
        self.excess_refunds = Counter(
            "evenhand_excess_refunds_total", "Refunds beyond what was left of their conversion.", registry=registry
        )
        self.dead_letters = Counter(
            "evenhand_dead_letters_total", "Records refused.", ["topic", "reason"], registry=registry
        )
        self.takeovers = Counter(
            "evenhand_takeovers_total", "Times a partition was taken over, also after an error.", registry=registry
        )
        self.lag = Gauge(
            "evenhand_lag_records", "Records in the topic not yet decided.", ["topic", "partition"], registry=registry
        )
        self.waiting = Gauge(
            "evenhand_waiting_facts",
            "Retractions, refunds and cancellations that wait for what they name.",
            ["partition"],
            registry=registry,
        )
        self.state_bytes = Gauge("evenhand_state_bytes", "Size of the state.", ["partition"], registry=registry)
        self.snapshot_age = Gauge(
            "evenhand_snapshot_age_seconds", "Time since the state was last saved.", ["partition"], registry=registry
        )
        self.ready = Gauge("evenhand_ready", "1 when the worker owns its partitions and keeps up.", registry=registry)
        self.chunk_seconds = Histogram(
            "evenhand_chunk_seconds", "From a chunk's records to its commit.", buckets=_SECONDS, registry=registry
        )
        self.publish_seconds = Histogram(
            "evenhand_publish_seconds", "A chunk's transactions.", buckets=_SECONDS, registry=registry
        )
        self.latency_seconds = Histogram(
            "evenhand_latency_seconds",
            "From a record's timestamp at the broker to the commit of its chunk, for the oldest record of each chunk.",
            buckets=_SECONDS,
            registry=registry,
        )

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def forget_partition(self, partition: int, topics: tuple[str, ...]) -> None:
        """A partition that another worker owns now is no longer measured here."""
        for gauge in (self.waiting, self.state_bytes, self.snapshot_age):
            gauge.remove_by_labels({"partition": str(partition)})
        for topic in topics:
            self.lag.remove_by_labels({"topic": topic, "partition": str(partition)})
