"""The page about metrics, generated from their list: `python -m streams.metrics_page > docs/reference/metrics.md`."""

from __future__ import annotations

from typing import Final

from streams.metrics import METRICS, SECONDS, Metric

HEAD: Final = f"""\
# Metrics

<!-- Generated from streams/metrics.py: python -m streams.metrics_page > docs/reference/metrics.md -->

Every worker answers `GET /metrics` at `EVENHAND_WEB_PORT`, on every interface, in Prometheus' text format. Each counts
what it did itself since it started: sum over workers. What belongs to a partition is told by the worker that owns it,
and by no other. Labels are bounded: `decider` is what decides (`attribution` …), `topic` the full name of an input
topic, `partition` its number, `model` a model that the catalogue names, `reason` one of the contract's thirteen. No
metric names a contact.

Buckets of the histograms, in seconds: {", ".join(f"{bound:g}" for bound in SECONDS)}.

`deploy/prometheus/alerts.yml` warns of what matters; the [runbook](../runbook.md) says what to do then.

| metric | kind | labels | meaning |
| --- | --- | --- | --- |
"""


def metrics_page() -> str:
    """The page as Markdown: one row a metric, in the order of the list."""
    return HEAD + "".join(map(_row, METRICS))


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |\n"


if __name__ == "__main__":
    print(metrics_page(), end="")
