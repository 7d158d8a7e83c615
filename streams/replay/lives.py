"""The lives of a contact: each erasure ends one, and later facts begin the next (contract, part 2, `contact.erased`).

What an erasure takes was never sent: no fact of one life reaches another, and only the last one is spoken of.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from events.contacts import ContactErased
from streams.replay.sent import Sent
from streams.replay.settling import Settled, settle


class Lives:
    """When the lives of a contact ended."""

    def __init__(self) -> None:
        self._ends_us: list[int] = []
        self._erasures: list[str] = []

    @property
    def last(self) -> int:
        """The life that no erasure ended; they count from 0."""
        return len(self._ends_us)

    def end(self, occurred_us: int, erasure: str) -> None:
        """An erasure, given by its event id, ends the present life: facts at that instant still belong to it."""
        self._ends_us.append(occurred_us)
        self._erasures.append(erasure)

    def of(self, occurred_us: int) -> int:
        """The life to which a fact of that instant belongs."""
        return bisect_left(self._ends_us, occurred_us)

    def at(self, as_of_us: int | None) -> int:
        """The life that had not ended then; the last one for None. A later erasure had not been sent."""
        return self.last if as_of_us is None else bisect_right(self._ends_us, as_of_us)

    def end_of(self, life: int) -> tuple[int, str]:
        """When it ended, and with which erasure."""
        return self._ends_us[life], self._erasures[life]


NEVER_ERASED: Final = Lives()


class Chapter(NamedTuple):
    """What was sent of a contact in one of its lives."""

    life: int
    settled: Settled
    erasures: list[Sent]
    """Those that ended it, at one instant."""


def chapters(sent: Iterable[Sent], lives: Lives) -> list[Chapter]:
    """The facts of topic `contacts` about one contact, life by life; `lives` learns when each ended.

    An id that was taken in an earlier life is free again, since what took it was never sent. An erasure keeps its own.
    """
    told = []
    present: list[Sent] = []
    lasting: list[Sent] = []
    for occurred_us, moment in groupby(sorted(sent, key=_occurred_us), key=_occurred_us):
        arrived = list(moment)
        present += arrived
        if not any(map(_is_erasure, arrived)):
            continue
        settled = _settle_after(lasting, present)
        erasures = [each for each in settled.kept if each.occurred_us == occurred_us and _is_erasure(each)]
        if erasures:
            told.append(Chapter(lives.last, settled, erasures))
            lives.end(occurred_us, min(each.event_id for each in erasures))
            lasting += erasures
            present = []
    told.append(Chapter(lives.last, _settle_after(lasting, present), []))
    return told


def _settle_after(lasting: list[Sent], present: list[Sent]) -> Settled:
    settled = settle([*lasting, *present])
    if lasting:
        settled.kept = [each for each in settled.kept if each not in lasting]
    return settled


def _is_erasure(sent: Sent) -> bool:
    return isinstance(sent.fact, ContactErased)


_occurred_us = attrgetter("occurred_us")
