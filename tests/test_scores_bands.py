"""Bands: the plain one follows the score, the one that is said does not flap (T9)."""

import pytest

from projections.scores.bands import band_at, said_band
from tests.scoring import profile

TEMPERATURES = profile(
    'bands = [{ name = "hot", from = 40 }, { name = "cold", from = 0 }, { name = "warm", from = 10 }]\nhysteresis = 3'
)


@pytest.mark.parametrize(
    ("score", "band"), [(-1, None), (0, "cold"), (9, "cold"), (10, "warm"), (39, "warm"), (40, "hot"), (999, "hot")]
)
def test_the_plain_band_is_the_highest_that_begins_at_the_score_or_below(score: int, band: str | None) -> None:
    assert band_at(TEMPERATURES.bands, score) == band


@pytest.mark.parametrize(
    ("score", "last", "said"),
    [
        (-1, None, None),
        (0, None, "cold"),
        (41, "cold", "hot"),
        (10, "cold", "warm"),
        (39, "hot", "hot"),
        (37, "hot", "hot"),
        (36, "hot", "warm"),
        (-3, "hot", None),
        (-3, "cold", "cold"),
        (-4, "cold", None),
        (12, "lukewarm", "warm"),
        (-1, "lukewarm", None),
    ],
)
def test_a_move_up_is_said_at_once_and_one_down_beyond_the_hysteresis(
    score: int, last: str | None, said: str | None
) -> None:
    assert said_band(TEMPERATURES, score, last) == said


def test_a_score_that_wavers_on_the_edge_says_one_move() -> None:
    said: list[str | None] = [None]
    for score in (9, 10, 9, 10, 8, 11):
        band = said_band(TEMPERATURES, score, said[-1])
        said += [band] if band != said[-1] else []

    assert said == [None, "cold", "warm"]
