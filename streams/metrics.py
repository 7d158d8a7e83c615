"""What the worker measures of itself: one typed list, and the one module that knows prometheus_client.

Names are `evenhand_<thing>_<unit>` in base units; labels are bounded: deciders, topics, partitions, models, reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from events.refusal import Reason

# A series of its own for each counter's birth would double the page, and nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper bounds of the histograms' buckets; 0.1 is the promise on latency."""


class Kind(StrEnum):
    """Prometheus' word for it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(Struct, frozen=True):
    """One thing that is measured."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()

    def series(self) -> dict[str, tuple[str, ...]]:
        """The labels of each time series that a scrape gives, by the series' name."""
        if self.kind is Kind.HISTOGRAM:
            return {
                f"{self.name}_bucket": (*self.labels, "le"),
                f"{self.name}_sum": self.labels,
                f"{self.name}_count": self.labels,
            }
        return {self.name: self.labels}


RECORDS = Metric(
    "evenhand_records_total",
    Kind.COUNTER,
    "Records of the input topics that were decided.",
    ("decider", "topic", "partition"),
)
DUPLICATES = Metric(
    "evenhand_duplicates_total", Kind.COUNTER, "Copies of facts that are held; they changed nothing.", ("decider",)
)
CREDITS = Metric("evenhand_credits_total", Kind.COUNTER, "Credits published.", ("model",))
SAID = Metric(
    "evenhand_said_total",
    Kind.COUNTER,
    "Follow-ups, reminders, rejections, scores and changes published.",
    ("topic",),
)
REISSUED = Metric(
    "evenhand_credits_reissued_total", Kind.COUNTER, "Conversions whose credit was published anew, in a later version."
)
LATE_FACTS = Metric(
    "evenhand_late_facts_total", Kind.COUNTER, "Credits that a fact changed after their conversion was decided."
)
CAPPED = Metric("evenhand_capped_credits_total", Kind.COUNTER, "Credits whose window held more than counts.")
EXCESS_REFUNDS = Metric(
    "evenhand_excess_refunds_total", Kind.COUNTER, "Refunds of more than was left of their conversion."
)
DEAD_LETTERS = Metric("evenhand_dead_letters_total", Kind.COUNTER, "Records refused.", ("topic", "reason"))
TAKEOVERS = Metric(
    "evenhand_takeovers_total",
    Kind.COUNTER,
    "Times that a partition was taken over, also after an error.",
    ("decider",),
)
LAG = Metric(
    "evenhand_lag_records",
    Kind.GAUGE,
    "Records of the topic that can be read and are not decided.",
    ("decider", "topic", "partition"),
)
WAITING = Metric(
    "evenhand_waiting_facts",
    Kind.GAUGE,
    "Retractions, refunds and cancellations that wait for the fact they name.",
    ("decider", "partition"),
)
STATE_BYTES = Metric("evenhand_state_bytes", Kind.GAUGE, "Size of the state.", ("decider", "partition"))
SNAPSHOT_AGE = Metric(
    "evenhand_snapshot_age_seconds",
    Kind.GAUGE,
    "Time since the state was last saved, or since the worker took the partition; only where there are snapshots.",
    ("decider", "partition"),
)
READY = Metric("evenhand_ready", Kind.GAUGE, "1 when `/ready` answers 200, else 0.")
CHUNK_SECONDS = Metric("evenhand_chunk_seconds", Kind.HISTOGRAM, "From a chunk's records to its commit.", ("decider",))
PUBLISH_SECONDS = Metric("evenhand_publish_seconds", Kind.HISTOGRAM, "A chunk's transactions.", ("decider",))
LATENCY_SECONDS = Metric(
    "evenhand_latency_seconds",
    Kind.HISTOGRAM,
    "From a record's timestamp at the broker to the commit of its chunk, for the oldest record of each chunk.",
    ("decider",),
)

METRICS: Final = (
    RECORDS,
    CREDITS,
    REISSUED,
    SAID,
    DEAD_LETTERS,
    DUPLICATES,
    LATE_FACTS,
    WAITING,
    CAPPED,
    EXCESS_REFUNDS,
    LAG,
    CHUNK_SECONDS,
    PUBLISH_SECONDS,
    LATENCY_SECONDS,
    TAKEOVERS,
    READY,
    STATE_BYTES,
    SNAPSHOT_AGE,
)
"""Everything that the worker measures."""


class Metrics:
    """A worker's metrics, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.records = self._counter(RECORDS)
        self.credits = self._counter(CREDITS)
        self.reissued = self._counter(REISSUED)
        self.said = self._counter(SAID)
        self.dead_letters = self._counter(DEAD_LETTERS)
        self.duplicates = self._counter(DUPLICATES)
        self.late_facts = self._counter(LATE_FACTS)
        self.waiting = self._gauge(WAITING)
        self.capped = self._counter(CAPPED)
        self.excess_refunds = self._counter(EXCESS_REFUNDS)
        self.lag = self._gauge(LAG)
        self.chunk_seconds = self._histogram(CHUNK_SECONDS)
        self.publish_seconds = self._histogram(PUBLISH_SECONDS)
        self.latency_seconds = self._histogram(LATENCY_SECONDS)
        self.takeovers = self._counter(TAKEOVERS)
        self.ready = self._gauge(READY)
        self.state_bytes = self._gauge(STATE_BYTES)
        self.snapshot_age = self._gauge(SNAPSHOT_AGE)

    def begin(self, topics: Iterable[str], models: Iterable[str]) -> None:
        """Each count by topic (full name) and reason, or by model, stands at zero: its first increase will be seen."""
        for topic in topics:
            for reason in Reason:
                self.dead_letters.labels(topic, reason.value)
        for model in models:
            self.credits.labels(model)

    def forget(self, decider: str, topics: Iterable[str], partition: int) -> None:
        """A decider's partition that another worker owns now is no longer measured here."""
        labels = {"decider": decider, "partition": str(partition)}
        for gauge in (self.waiting, self.state_bytes, self.snapshot_age):
            gauge.remove_by_labels(labels)
        for topic in topics:
            self.lag.remove_by_labels(labels | {"topic": topic})

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, metric: Metric) -> Counter:
        return Counter(metric.name, metric.help, metric.labels, registry=self._registry)

    def _gauge(self, metric: Metric) -> Gauge:
        return Gauge(metric.name, metric.help, metric.labels, registry=self._registry)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(metric.name, metric.help, metric.labels, buckets=SECONDS, registry=self._registry)
