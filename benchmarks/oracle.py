"""The true answers to a dataset: plain Python over its events, no Kafka, none of Evenhand's code."""

from __future__ import annotations

import bisect
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from benchmarks import datasets
from benchmarks.datasets import Dataset

DIMENSIONS: Final = ("department", "online_channel", "platform")

Sums = Mapping[str, Mapping[str, int]]


class Answer(NamedTuple):
    """How one conversion's value is split, in pence."""

    credits: Iterable[tuple[str, int]]
    by_dimension: Sums
    unattributed: int

    def digest(self) -> str:
        """Equal for equal answers: the order of the credits does not count, every penny and every sum does."""
        credits = ",".join(f"{touchpoint}:{pence}" for touchpoint, pence in sorted(self.credits))
        sums = (
            f"{name}:" + ",".join(f"{value}={pence}" for value, pence in sorted(self.by_dimension[name].items()))
            for name in DIMENSIONS
        )
        return hashlib.blake2b(f"{credits}|{';'.join(sums)}|{self.unattributed}".encode(), digest_size=8).hexdigest()


def truth(dataset: Dataset) -> dict[str, str]:
    """The digest of the answer to each conversion of the dataset; kept on disk beside it."""
    kept = dataset.folder / "truth.json"
    source = datasets.write(dataset)
    if not kept.exists() or kept.stat().st_mtime < source.stat().st_mtime:
        with source.open("rb") as lines:
            kept.write_text(json.dumps(answers(map(json.loads, lines))))
    digests: dict[str, str] = json.loads(kept.read_text())
    return digests


def answers(events: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Each conversion's answer, as its digest. Events in the order of time."""
    held: defaultdict[str, list[tuple[int, str, int, dict[str, str]]]] = defaultdict(list)
    found: dict[str, str] = {}
    longest_ms = 0
    for event in events:
        at = _milliseconds(event["occurred_at"])
        rows = held[event["contact_id"]]
        if "value" in event:
            since = bisect.bisect_left(rows, (at - longest_ms,))
            active = [(row[1], row[3]) for row in rows[since:] if row[2] >= at]
            found[event["event_id"]] = split(_pence(event["value"]), active).digest()
        else:
            lifetime_ms = event["lifetime_s"] * 1000
            longest_ms = max(longest_ms, lifetime_ms)
            rows.append((at, event["event_id"], at + lifetime_ms, event["dimensions"]))
    return found


def split(pence: int, active: list[tuple[str, dict[str, str]]]) -> Answer:
    """The value in equal parts over touchpoints in their order; pence that are over go to the first."""
    sums: dict[str, dict[str, int]] = {name: defaultdict(int) for name in DIMENSIONS}
    if not active:
        return Answer((), sums, pence)
    part, over = divmod(pence, len(active))
    credits = []
    for place, (touchpoint, dimensions) in enumerate(active):
        credit = part + (place < over)
        credits.append((touchpoint, credit))
        for name in DIMENSIONS:
            sums[name][dimensions[name]] += credit
    return Answer(credits, sums, 0)


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _pence(text: str) -> int:
    pounds, pence = text.split(".")
    return int(pounds) * 100 + int(pence)
