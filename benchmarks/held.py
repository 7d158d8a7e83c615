"""What the contract has a worker hold of a dataset at a moment: the least that its state can be."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from benchmarks.datasets import DAY_MS, Dataset


class Held(NamedTuple):
    """How many of each are held."""

    touchpoints: int
    conversions: int


class Holds:
    """A dataset by contact. Instants in milliseconds, durations in days."""

    def __init__(self, dataset: Dataset, horizon_days: int, retention_days: int) -> None:
        self._horizon_ms = horizon_days * DAY_MS
        self._retention_ms = retention_days * DAY_MS
        self._touchpoints: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self._conversions: defaultdict[str, list[int]] = defaultdict(list)
        with dataset.file.open("rb") as lines:
            for event in map(json.loads, lines):
                at = round(datetime.fromisoformat(event["occurred_at"]).timestamp() * 1000)
                if "value" in event:
                    self._conversions[event["contact_id"]].append(at)
                else:
                    self._touchpoints[event["contact_id"]].append((at, at + event["lifetime_s"] * 1000))

    def at(self, clock_ms: int) -> Held:
        """A touchpoint until its end and the horizon have passed, a conversion with its evidence for its retention."""
        touchpoints = conversions = 0
        for contact, spans in self._touchpoints.items():
            kept = [at for at in self._conversions[contact] if clock_ms - self._retention_ms <= at <= clock_ms]
            touchpoints += sum(
                first <= clock_ms and (last + self._horizon_ms >= clock_ms or any(first <= at <= last for at in kept))
                for first, last in spans
            )
        for instants in self._conversions.values():
            conversions += sum(clock_ms - self._retention_ms <= at <= clock_ms for at in instants)
        return Held(touchpoints, conversions)
