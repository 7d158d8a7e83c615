"""Copies of one fact at one instant: which of them stays (contract, section 1, duplicates).

Of conflicting copies replay keeps the one with the least (`occurred_at`, canonical JSON). The decider keeps the copy
that it meets first, and meets facts in order of time; so all that is left to see to is copies of one id at one instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from events.codec import canonical_event
from streams.replay.entry import CONVERSION, Entry

Admits = Callable[[Entry], bool]


def least_first(
    batches: Iterable[list[Entry]], admits: Admits, refuse: Callable[[Entry], None]
) -> Iterator[list[Entry]]:
    """The same entries, with the least of conflicting copies before the others.

    Copies of different types cannot change places, since facts of one instant are taken by type: there those that would
    come before the least one are given to `refuse` instead. A copy that the catalogue does not admit claims nothing.
    """
    moment: list[Entry] = []
    for batch in batches:
        taken: list[Entry] = []
        contact, occurred_us = (moment[0][0], moment[0][1]) if moment else ("", 0)
        for entry in batch:
            if entry[1] == occurred_us and entry[0] == contact:
                moment.append(entry)
                continue
            if len(moment) > 1:
                taken += _settled(moment, admits, refuse)
            else:
                taken += moment
            moment = [entry]
            contact, occurred_us = entry[0], entry[1]
        yield taken
    yield _settled(moment, admits, refuse)


def _settled(moment: list[Entry], admits: Admits, refuse: Callable[[Entry], None]) -> list[Entry]:
    """The facts of one contact at one instant, in the order to take them in."""
    copies: dict[tuple[bool, str], list[Entry]] = {}
    for entry in moment:
        copies.setdefault((entry[2] >= CONVERSION, entry[3]), []).append(entry)
    if len(copies) == len(moment):
        return moment
    rank: dict[tuple[int, int], bytes] = {}
    for entries in copies.values():
        if any(entry[7] != entries[0][7] or entry[2] != entries[0][2] for entry in entries):
            rank.update({(entry[4], entry[5]): canonical_event(entry[8]) for entry in entries})
            least = min((e for e in entries if admits(e)), key=lambda e: rank[e[4], e[5]], default=entries[0])
            for entry in entries:
                if entry[2] < least[2] and admits(entry):
                    refuse(entry)
                    moment.remove(entry)
    return sorted(moment, key=lambda e: (*e[2:4], rank.get((e[4], e[5]), b""), *e[4:6]))
