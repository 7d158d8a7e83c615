"""How events reach a log in real life: most at once, some hours or days late, some twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple

from cli.charity import Happening

SHORTEST_DELAY = 3600
LONGEST_DELAY = 5 * 86_400
"""Seconds by which an event is late."""


class Faults(NamedTuple):
    """What goes wrong on the way."""

    late: float = 0.0
    """Share of events that come late."""
    duplicates: float = 0.0
    """Share of events that come a second time, the same to the byte."""


def deliver(happenings: Iterable[Happening], faults: Faults, seed: int) -> Iterator[Happening]:
    """The events with the seconds of their arrival, in that order. Nothing is lost; in memory is what is on its way."""
    draw = Random(f"delivery {seed}").random
    on_the_way: list[tuple[int, int, str]] = []
    for number, (second, event) in enumerate(happenings):
        while on_the_way and on_the_way[0][0] <= second:
            yield _arrival(heappop(on_the_way))
        if draw() < faults.late:
            heappush(on_the_way, (second + _delay(draw()), number, event))
        else:
            yield second, event
        if draw() < faults.duplicates:
            heappush(on_the_way, (second + _delay(draw()), number, event))
    while on_the_way:
        yield _arrival(heappop(on_the_way))


def _delay(draw: float) -> int:
    return SHORTEST_DELAY + int(draw * draw * (LONGEST_DELAY - SHORTEST_DELAY))


def _arrival(sent: tuple[int, int, str]) -> Happening:
    second, _, event = sent
    return second, event
