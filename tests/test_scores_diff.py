"""How a draft moves the distribution of scores, before it is published (behaviour T12)."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from config.profile_reading import read_profile
from projections.scores.diff import BandCount, Mover, Quantile, diff
from projections.scores.distribution import Distribution
from projections.scores.facts import Scored
from projections.scores.history import History
from projections.scores.score import score
from tests.scoring import CONTACT, NOON, OPENS, opened, profile, updated
from tests.test_scores_laws import LAWFUL, Drawn, facts, instants, profiles

BANDS = 'bands = [{ name = "cold", from = 0 }, { name = "hot", from = 10 }]'
OLD = profile(BANDS, f"{OPENS}\npoints = 1")
NEW = profile(BANDS, f"{OPENS}\npoints = 5")


def _opens(contact_id: str, count: int) -> tuple[str, History]:
    return contact_id, History([opened(f"o{place}") for place in range(count)] or [updated("u")], NOON)


@LAWFUL
@given(st.none() | profiles(), st.none() | profiles(), st.lists(facts(), max_size=4), instants)
def test_a_diff_counts_the_scores_that_would_be_published(
    old: Drawn | None, new: Drawn | None, contacts: list[list[Scored]], as_of_us: int
) -> None:
    published, draft = [None if written is None else read_profile("p", written) for written in (old, new)]
    histories = [(str(place), History(known, as_of_us)) for place, known in enumerate(contacts)]

    found = diff(published, draft, histories)

    before, after = [
        [None if each is None else score(each, known, as_of_us, CONTACT) for known in contacts]
        for each in (published, draft)
    ]
    pairs = list(zip(before, after, strict=True))
    both = [(one.score, two.score) for one, two in pairs if one and two]
    assert found.contacts == sum(history.first_us is not None for _, history in histories)
    assert (found.old_scored, found.new_scored) == (sum(map(bool, before)), sum(map(bool, after)))
    assert (found.appear, found.go) == (
        sum(one is None and two is not None for one, two in pairs),
        sum(one is not None and two is None for one, two in pairs),
    )
    assert (found.up, found.down, found.same) == (
        sum(one < two for one, two in both),
        sum(one > two for one, two in both),
        sum(one == two for one, two in both),
    )
    assert {each.band: each.new for each in found.bands if each.new} == Counter(two.band for two in after if two)
    assert (sum(bar.old for bar in found.histogram), sum(bar.new for bar in found.histogram)) == (
        found.old_scored,
        found.new_scored,
    )
    assert len(found.histogram) <= 11
    assert len(found.movers) == min(10, found.up + found.down)


@given(st.lists(st.integers(-50, 50), min_size=1), st.integers(0, 100))
def test_a_quantile_is_the_least_score_that_so_many_do_not_exceed(scores: list[int], percent: int) -> None:
    spread = Distribution()
    for each in scores:
        spread.add(each)

    wanted = min(one for one in scores if 100 * sum(other <= one for other in scores) >= percent * len(scores))

    assert spread.quantile(percent) == wanted


def test_many_different_scores_are_counted_by_steps_that_lose_nobody() -> None:
    spread = Distribution()
    for each in range(-50_000, 50_000):
        spread.add(each)

    assert spread.step == 32
    assert (spread.count, spread.range()) == (100_000, (-50_000, 49_999))
    assert spread.between(-64_000, 64_000) == 100_000
    assert abs((spread.quantile(50) or 0) - -1) < spread.step


def test_bands_quantiles_and_moves_stand_beside_each_other() -> None:
    found = diff(OLD, NEW, [_opens("a", 0), _opens("b", 1), _opens("c", 3)])

    assert found.bands == (BandCount("hot", 0, 1), BandCount("cold", 3, 2), BandCount(None, 0, 0))
    assert [(each.percent, each.old, each.new) for each in found.quantiles if each.percent in (0, 50, 100)] == [
        (0, 0, 0),
        (50, 1, 5),
        (100, 3, 15),
    ]
    assert (found.up, found.down, found.same, found.other_band) == (2, 0, 1, 1)
    assert found.movers == (Mover("c", 3, 15, "cold", "hot"), Mover("b", 1, 5, "cold", "cold"))


def test_the_biggest_movers_are_told_and_of_equals_the_first_by_id() -> None:
    found = diff(OLD, NEW, [_opens(f"c{place:02}", 1 + (place == 40)) for place in range(50)])

    assert [mover.contact_id for mover in found.movers] == ["c40", *(f"c{place:02}" for place in range(9))]


def test_a_first_revision_lets_all_appear_and_a_tombstone_all_go() -> None:
    contacts = [_opens("a", 1), _opens("b", 2)]

    appearing, going = diff(None, NEW, contacts), diff(NEW, None, contacts)

    assert (appearing.appear, appearing.go, appearing.old_scored, appearing.new_scored) == (2, 0, 0, 2)
    assert (going.appear, going.go, going.old_scored, going.new_scored) == (0, 2, 2, 0)
    assert going.quantiles[0] == Quantile(0, 5, None)
