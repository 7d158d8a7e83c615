"""The models: how an amount is shared out over the evidence, in its order."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.rules import ModelSpec
from streams.models import divide
from streams.window import Description, Touch
from tests.domain import DAY_US, NOON, catalogue

RULES = catalogue("""
shadow_models = ["first", "last", "last_non_direct", "position_based", "j_shaped", "inverse_j", "time_decay"]
direct = ["direct", "bookmark"]
""").rules_at(NOON)
MODELS = {spec.name: spec for spec in (RULES.model, *RULES.shadow_models)}
WEEK_US = 7 * DAY_US
AMOUNTS = st.integers(0, 10**17)


def evidence(*names: str) -> list[Touch]:
    """Touchpoints of these names, a day apart."""
    return [touch(NOON + place * DAY_US, name) for place, name in enumerate(names)]


def touch(at: int, name: str = "ad") -> Touch:
    return Touch(at, f"{name} {at}", at + 400 * DAY_US, 0, Description(name, {}))


def aged(*ages: int) -> list[Touch]:
    """Touchpoints of these ages, oldest first."""
    return [touch(NOON - age) for age in ages]


def shares(model: str, amount: int, touches: list[Touch]) -> list[int]:
    return divide(amount, touches, MODELS[model], RULES)


@pytest.mark.parametrize(
    ("model", "count", "expected"),
    [
        ("linear", 1, [1000]),
        ("linear", 2, [500, 500]),
        ("linear", 3, [334, 333, 333]),
        ("first", 1, [1000]),
        ("first", 3, [1000, 0, 0]),
        ("last", 1, [1000]),
        ("last", 3, [0, 0, 1000]),
        ("position_based", 1, [1000]),
        ("position_based", 2, [500, 500]),
        ("position_based", 3, [400, 200, 400]),
        ("position_based", 4, [400, 100, 100, 400]),
        ("position_based", 5, [400, 67, 67, 66, 400]),
        ("j_shaped", 1, [1000]),
        ("j_shaped", 2, [250, 750]),
        ("j_shaped", 3, [200, 200, 600]),
        ("j_shaped", 4, [200, 100, 100, 600]),
        ("inverse_j", 1, [1000]),
        ("inverse_j", 2, [750, 250]),
        ("inverse_j", 3, [600, 200, 200]),
        ("inverse_j", 4, [600, 100, 100, 200]),
        ("time_decay", 1, [1000]),
    ],
)
def test_models_by_position(model: str, count: int, expected: list[int]) -> None:
    """A16 for `linear`, A26 for `first` and `last`."""
    assert shares(model, 1000, evidence(*["ad"] * count)) == expected


def test_a_linear_tie_goes_to_the_first() -> None:
    assert shares("linear", 5, evidence("ad", "ad", "ad")) == [2, 2, 1]


def test_a_tie_of_the_ends_goes_to_the_first() -> None:
    assert shares("position_based", 1001, evidence("ad", "ad")) == [501, 500]
    assert shares("position_based", 1, evidence("ad", "ad", "ad")) == [1, 0, 0]


@pytest.mark.parametrize(
    ("names", "earner"),
    [
        (["ad", "direct"], 0),
        (["direct", "ad"], 1),
        (["ad", "mail", "direct", "bookmark"], 1),
        (["direct", "direct"], 1),
        (["direct"], 0),
        (["directly", "direct"], 0),
    ],
)
def test_last_non_direct_takes_the_last_that_is_not_direct_or_of_all_direct_ones_the_last(
    names: list[str], earner: int
) -> None:
    expected = [1000 if place == earner else 0 for place in range(len(names))]

    assert shares("last_non_direct", 1000, evidence(*names)) == expected


@pytest.mark.parametrize(
    ("weights", "count", "expected"),
    [
        ((0, 0, 1), 1, [1000]),
        ((0, 0, 1), 2, [0, 1000]),
        ((1, 0, 1), 4, [500, 0, 0, 500]),
        ((1, 8, 1), 2, [500, 500]),
        ((1, 8, 1), 4, [100, 400, 400, 100]),
    ],
)
def test_the_weights_of_the_catalogue_are_those_of_first_middle_and_last(
    weights: tuple[int, int, int], count: int, expected: list[int]
) -> None:
    model = ModelSpec("position_based", weights=weights)

    assert divide(1000, evidence(*["ad"] * count), model, RULES) == expected


def test_a_touchpoint_loses_half_its_weight_in_a_half_life() -> None:
    assert shares("time_decay", 700, aged(2 * WEEK_US, WEEK_US, 0)) == [100, 200, 400]


def test_only_how_much_older_than_the_newest_counts() -> None:
    assert shares("time_decay", 700, aged(102 * WEEK_US, 101 * WEEK_US, 100 * WEEK_US)) == [100, 200, 400]


def test_equal_ages_tie_exactly_and_the_first_gets_the_odd_unit() -> None:
    third = WEEK_US // 3
    for amount in range(100):
        first, second, newest = shares("time_decay", amount, aged(third, third, 0))
        assert first - second in (0, 1)
        assert newest >= first


def test_ages_are_told_apart_to_the_microsecond() -> None:
    one = 10**17
    older, newer = shares("time_decay", one, aged(1, 0))

    assert older < newer


def test_the_half_life_is_the_catalogues() -> None:
    model = ModelSpec("time_decay", half_life_us=DAY_US)

    assert divide(300, aged(DAY_US, 0), model, RULES) == [100, 200]


def test_a_touchpoint_many_half_lives_older_earns_nothing() -> None:
    model = ModelSpec("time_decay", half_life_us=1)

    assert divide(10**18 - 1, aged(400 * DAY_US, 0), model, RULES) == [0, 10**18 - 1]


@given(
    st.lists(st.integers(0, 90 * DAY_US), min_size=2, max_size=12),
    AMOUNTS,
)
def test_decayed_shares_are_those_of_fifty_digits(ages: list[int], amount: int) -> None:
    ages = sorted(ages, reverse=True)

    found = shares("time_decay", amount, aged(*ages))

    with localcontext() as exact:
        exact.prec = 70
        weights = [Decimal(2) ** (Decimal(ages[-1] - age) / Decimal(WEEK_US)) for age in ages]
        for share, weight in zip(found, weights, strict=True):
            assert abs(share - amount * weight / sum(weights)) < 1


@given(st.sampled_from(sorted(MODELS)), st.lists(st.sampled_from(["ad", "direct"]), min_size=1, max_size=9), AMOUNTS)
def test_whatever_the_model_the_shares_make_up_the_amount(model: str, names: list[str], amount: int) -> None:
    found = shares(model, amount, evidence(*names))

    assert sum(found) == amount
    assert min(found) >= 0
