"""A bad deploy is not bad data: when most of the last records die of what they are, the worker stops."""

from __future__ import annotations

from collections import Counter
from typing import Final

from config.errors import BrokenEnvironmentError
from events.refusal import Reason

RECORDS: Final = 10_000
_SEGMENT: Final = 500
_NOT_OF_THEMSELVES: Final = {
    Reason.FROM_THE_FUTURE,
    Reason.TOO_LATE,
    Reason.CONFLICTING_DUPLICATE,
    Reason.NEVER_MATCHED,
}


class BadDeployError(BrokenEnvironmentError):
    """Whoever deployed the producer must act; or accept the dead letters."""


class DeployGuard:
    """Watches the last 10,000 records of one topic partition, in segments, so that it can be kept with the state."""

    def __init__(self, topic: str, ratio: float, segments: list[list[int]]) -> None:
        """`segments` holds [records, dead] pairs, oldest first; the guard keeps them up to date."""
        self._topic = topic
        self._allowed = ratio * RECORDS
        self._segments = segments
        self._reasons: Counter[Reason] = Counter()

    def watch(self, records: int, refused: list[Reason]) -> None:
        """Count a chunk.

        Raises:
            BadDeployError: more died of what they are than the ratio allows (contract, section 4).
        """
        dead = [reason for reason in refused if reason not in _NOT_OF_THEMSELVES]
        self._reasons.update(dead)
        if not self._segments or self._segments[-1][0] >= _SEGMENT:
            self._segments.append([0, 0])
        self._segments[-1][0] += records
        self._segments[-1][1] += len(dead)
        while sum(count for count, _ in self._segments[1:]) >= RECORDS:
            del self._segments[0]
        died = sum(count for _, count in self._segments)
        if died > self._allowed:
            reason = self._reasons.most_common(1)[0][0] if self._reasons else "of former refusals"
            raise BadDeployError(
                f"topic {self._topic}: {died} of the last {RECORDS} records are dead letters, most of them {reason}; "
                "mend the producer, or start with --accept-dead-letters to go on"
            )
