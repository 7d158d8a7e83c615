"""How a draft would move the scores of all contacts before it is published, in bounded memory."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeAlias

from msgspec import Struct

from config.profile import Profile
from projections.scores.distribution import Distribution
from projections.scores.history import History
from projections.scores.score import Score, Scorer

PERCENTS: Final = (0, 10, 25, 50, 75, 90, 100)
_BARS: Final = 10
_MOVERS: Final = 10

Contact: TypeAlias = tuple[str, History]
"""A contact's id, and its facts as of the instant that both profiles are asked for."""


class BandCount(Struct, frozen=True):
    """How many contacts stand in a band; None: below all bands."""

    band: str | None
    old: int
    new: int


class Quantile(Struct, frozen=True):
    """The score that so many of a hundred contacts do not exceed; None: nobody has one."""

    percent: int
    old: int | None
    new: int | None


class Bar(Struct, frozen=True):
    """How many scores lie from `start` on and below `end`."""

    start: int
    end: int
    old: int
    new: int


class Mover(Struct, frozen=True):
    """A contact with a score under both profiles, and another under each."""

    contact_id: str
    old: int
    new: int
    old_band: str | None
    new_band: str | None


class Diff(Struct, frozen=True):
    """The scores under two profiles beside each other."""

    contacts: int
    """Known by then, with a score or not: appear + go + up + down + same + those without a score under both."""
    old_scored: int
    new_scored: int
    appear: int
    """Without a score under the old profile, with one under the new."""
    go: int
    up: int
    down: int
    same: int
    other_band: int
    """Of those with a score under both, how many stand in another band."""
    bands: tuple[BandCount, ...]
    """The new profile's from the highest down, then those that only the old one has, then below all."""
    quantiles: tuple[Quantile, ...]
    histogram: tuple[Bar, ...]
    movers: tuple[Mover, ...]
    """Those who move furthest first, then by id."""
    step: int
    """Quantiles and histogram are exact to so many points: 1 unless there are very many different scores."""


def diff(old: Profile | None, new: Profile | None, contacts: Iterable[Contact]) -> Diff:
    """What changes from one profile to the other; None: nothing is published, and nobody has a score."""
    tally = _Tally(old, new)
    for contact_id, history in contacts:
        tally.take(contact_id, history)
    return tally.told()


class _Tally:
    """Counts contacts, one after the other."""

    def __init__(self, old: Profile | None, new: Profile | None) -> None:
        self._profiles = (old, new)
        self._scorers = [Scorer(profile) if profile else None for profile in self._profiles]
        self._spread = (Distribution(), Distribution())
        self._bands: tuple[Counter[str | None], Counter[str | None]] = (Counter(), Counter())
        self._contacts = 0
        self._moves: Counter[str] = Counter()
        self._movers: list[tuple[int, _Backwards, Mover]] = []

    def take(self, contact_id: str, history: History) -> None:
        """Score a contact under both."""
        if history.first_us is None:
            return
        self._contacts += 1
        old, new = [scorer.score(history, contact_id) if scorer else None for scorer in self._scorers]
        for score, spread, bands in zip((old, new), self._spread, self._bands, strict=True):
            if score is not None:
                spread.add(score.score)
                bands[score.band] += 1
        if old is not None and new is not None:
            self._move(old, new)
        elif old is not None or new is not None:
            self._moves["appear" if old is None else "go"] += 1

    def told(self) -> Diff:
        """What all of them came to."""
        old, new = self._spread
        return Diff(
            contacts=self._contacts,
            old_scored=old.count,
            new_scored=new.count,
            **{move: self._moves[move] for move in ("appear", "go", "up", "down", "same", "other_band")},
            bands=self._band_counts(),
            quantiles=tuple(Quantile(percent, old.quantile(percent), new.quantile(percent)) for percent in PERCENTS),
            histogram=_histogram(old, new),
            movers=tuple(mover for *_, mover in sorted(self._movers, key=lambda each: each[:2], reverse=True)),
            step=max(old.step, new.step),
        )

    def _move(self, old: Score, new: Score) -> None:
        self._moves["up" if new.score > old.score else "down" if new.score < old.score else "same"] += 1
        self._moves["other_band"] += new.band != old.band
        if new.score != old.score:
            mover = Mover(new.contact_id, old.score, new.score, old.band, new.band)
            heapq.heappush(self._movers, (abs(new.score - old.score), _Backwards(new.contact_id), mover))
            if len(self._movers) > _MOVERS:
                heapq.heappop(self._movers)

    def _band_counts(self) -> tuple[BandCount, ...]:
        old, new = self._profiles
        names = [band.name for profile in (new, old) if profile for band in reversed(profile.bands)]
        counted_old, counted_new = self._bands
        return tuple(BandCount(band, counted_old[band], counted_new[band]) for band in (*dict.fromkeys(names), None))


class _Backwards(str):
    """A text that sorts backwards: of those who move as far, the first by id stay."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)


def _histogram(old: Distribution, new: Distribution) -> tuple[Bar, ...]:
    """At most eleven bars of one round width, over all scores."""
    ranges = [each.range() for each in (old, new)]
    ends = [end for found in ranges if found for end in found]
    if not ends:
        return ()
    width = _round_width(-(-(max(ends) - min(ends) + 1) // _BARS), max(old.step, new.step))
    starts = range(min(ends) // width * width, max(ends) + 1, width)
    return tuple(Bar(at, at + width, old.between(at, at + width), new.between(at, at + width)) for at in starts)


def _round_width(least: int, step: int) -> int:
    """1, 2 or 5 times a power of ten, not below `least`; where scores are counted by steps, a power of two of them."""
    if step > 1:
        while step < least:
            step *= 2
        return step
    power = 1
    while power * 10 <= least:
        power *= 10
    return next(power * times for times in (1, 2, 5, 10) if power * times >= least)
