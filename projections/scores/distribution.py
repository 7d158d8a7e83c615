"""How scores are spread, counted in bounded memory: exactly while there are few different ones, else by steps."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from typing import Final

_MOST: Final = 4_096
"""Different scores, or steps of them, that are counted apart."""


class Distribution:
    """Of any number of scores, how many there are of each."""

    def __init__(self) -> None:
        self.step = 1
        """How many neighbouring scores are counted as one: 1 while they fit, then a power of two."""
        self.count = 0
        self._by_step: Counter[int] = Counter()
        self._least = 0
        self._greatest = 0

    def add(self, score: int) -> None:
        """Count a score."""
        self._least = min(self._least, score) if self.count else score
        self._greatest = max(self._greatest, score) if self.count else score
        self.count += 1
        self._by_step[score // self.step] += 1
        while len(self._by_step) > _MOST:
            self.step *= 2
            self._by_step = _halved(self._by_step)

    def range(self) -> tuple[int, int] | None:
        """The least score and the greatest; None: there are none."""
        return (self._least, self._greatest) if self.count else None

    def quantile(self, percent: int) -> int | None:
        """The least score, on a step, that so many of a hundred do not exceed; 0: the least of all. None: no scores."""
        if not self.count:
            return None
        rank = max(1, -(-self.count * percent // 100))
        places = sorted(self._by_step)
        for place, reached in zip(places, accumulate(self._by_step[place] for place in places), strict=True):
            if reached >= rank:
                return min(max(self._least, place * self.step), self._greatest)
        raise AssertionError("the counts add up to all")

    def between(self, start: int, end: int) -> int:
        """How many scores lie from `start` on and below `end`, both on a step."""
        return sum(number for place, number in self._by_step.items() if start <= place * self.step < end)


def _halved(counted: Counter[int]) -> Counter[int]:
    halved: Counter[int] = Counter()
    for place, number in counted.items():
        halved[place // 2] += number
    return halved
