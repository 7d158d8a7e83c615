"""Bands of a score: the plain one, and the one that is said, which a score on the edge does not make flap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from config.profile import Band, Profile

_start: Final = attrgetter("start")


def band_at(bands: Sequence[Band], score: int) -> str | None:
    """The highest that begins at the score or below; None below all."""
    place = bisect_right(bands, score, key=_start)
    return bands[place - 1].name if place else None


def said_band(profile: Profile, score: int, last: str | None) -> str | None:
    """The band that holds for subscribers now, after the last that was said (None: none, or below all).

    A move is to be said when it is not the last. One upwards is made at once, one downwards when the score lies below
    the last band's start by more than the hysteresis; a band that the profile has no more is left at once.
    """
    plain = band_at(profile.bands, score)
    start = next((band.start for band in profile.bands if band.name == last), None)
    if start is None or score >= start or score < start - profile.hysteresis:
        return plain
    return last
