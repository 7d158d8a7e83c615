"""A bad deploy is not bad data: when most of the last records die of what they are, the worker stops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from config.errors import BrokenEnvironmentError
from events.refusal import Reason

RECORDS: Final = 10_000
SEGMENT: Final = 500
OF_WHAT_THEY_ARE: Final = tuple(
    reason for reason in Reason if reason not in {Reason.TOO_LATE, Reason.CONFLICTING_DUPLICATE, Reason.NEVER_MATCHED}
)
"""Not lateness, nor duplication."""


class BadDeployError(BrokenEnvironmentError):
    """Whoever deployed the producer must act; or accept the dead letters."""


class DeployGuard:
    """Watches the last 10,000 records of one topic partition, in segments, so that they can be kept with the state.

    The oldest segment counts only as far as those 10,000 surely reach into it: the guard never stops a worker for less
    than the ratio, and at most a segment late. With a ratio of 1 it holds nothing against the records, now or later.
    """

    def __init__(self, topic: str, ratio: float, segments: list[list[int]]) -> None:
        """`segments`, oldest first: records, then the dead among them by `OF_WHAT_THEY_ARE`. The guard keeps them."""
        self._topic = topic
        self._allowed = ratio * RECORDS
        self._segments = segments

    def watch(self, records: int, refused: Iterable[Reason]) -> None:
        """Count a chunk.

        Raises:
            BadDeployError: more died of what they are than the ratio allows (contract, section 4).
        """
        if self._allowed >= RECORDS:
            self._segments.clear()
            return
        if records:
            self._count(records, Counter(refused))
        total = sum([segment[0] for segment in self._segments])
        dead = sum([sum(segment) for segment in self._segments]) - total
        if self._segments:
            dead -= min(total - RECORDS, sum(self._segments[0][1:])) if total > RECORDS else 0
        if dead > self._allowed:
            raise BadDeployError(
                f"topic {self._topic}: {dead} of the last {RECORDS} records were refused, most of them as "
                f"{self._commonest()}: mend the producer or the catalogue, or start with --accept-dead-letters to go on"
            )

    def _count(self, records: int, refused: Counter[Reason]) -> None:
        """Spread a chunk evenly over segments, and forget those behind the last 10,000 records."""
        segments = self._segments
        if not segments or segments[-1][0] >= SEGMENT:
            segments.append([0] * (1 + len(OF_WHAT_THEY_ARE)))
        ends = [0, *range(SEGMENT - segments[-1][0], records, SEGMENT), records]
        for begin, end in pairwise(ends):
            if segments[-1][0] >= SEGMENT:
                segments.append([0] * (1 + len(OF_WHAT_THEY_ARE)))
            segments[-1][0] += end - begin
            for place, reason in enumerate(OF_WHAT_THEY_ARE if refused else (), 1):
                segments[-1][place] += refused[reason] * end // records - refused[reason] * begin // records
        kept = 0
        for place in reversed(range(len(segments))):
            if kept >= RECORDS:
                del segments[: place + 1]
                break
            kept += segments[place][0]

    def _commonest(self) -> Reason:
        deaths = [sum(of_reason) for of_reason in zip(*self._segments, strict=True)][1:]
        return OF_WHAT_THEY_ARE[deaths.index(max(deaths))]
