"""Splits of money: whole minor units, the largest remainder first, nothing lost and nothing made."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.split import split_by_weights, split_equally

AMOUNTS = st.integers(0, 10**18 - 1)
WEIGHTS = st.lists(st.integers(0, 100) | st.integers(0, 10**50), min_size=1, max_size=20).filter(any)


@pytest.mark.parametrize(
    ("amount", "parts", "shares"),
    [
        (5000, 2, [2500, 2500]),
        (5000, 3, [1667, 1667, 1666]),
        (5000, 7, [715, 715, 714, 714, 714, 714, 714]),
        (2, 3, [1, 1, 0]),
        (0, 3, [0, 0, 0]),
        (5000, 1, [5000]),
    ],
)
def test_an_equal_split_gives_the_odd_units_to_the_first(amount: int, parts: int, shares: list[int]) -> None:
    assert split_equally(amount, parts) == shares


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        (100, [40, 20, 40], [40, 20, 40]),
        (101, [40, 20, 40], [41, 20, 40]),  # remainders 0.4, 0.2, 0.4: the first of the equal ones
        (102, [40, 20, 40], [41, 20, 41]),  # 0.8, 0.4, 0.8
        (103, [40, 20, 40], [41, 21, 41]),  # 0.2, 0.6, 0.2
        (10, [1, 1, 1], [4, 3, 3]),
        (11, [1, 1, 1], [4, 4, 3]),
        (10, [1, 2], [3, 7]),
        (1, [1, 2], [0, 1]),
    ],
)
def test_the_largest_remainder_gets_the_odd_unit_and_of_equal_ones_the_first(
    amount: int, weights: list[int], shares: list[int]
) -> None:
    assert split_by_weights(amount, weights) == shares


def test_a_weight_of_zero_gets_nothing() -> None:
    assert split_by_weights(7, [0, 3, 0, 3, 0]) == [0, 4, 0, 3, 0]


def test_the_largest_amount_is_split_to_the_unit() -> None:
    assert split_by_weights(10**18 - 1, [1, 1, 1]) == [333333333333333333] * 3
    assert split_by_weights(10**18 - 1, [1, 10**50]) == [0, 10**18 - 1]


@given(AMOUNTS, st.integers(1, 40))
def test_an_equal_split_is_one_by_equal_weights(amount: int, parts: int) -> None:
    assert split_equally(amount, parts) == split_by_weights(amount, [1] * parts)


@given(AMOUNTS, WEIGHTS)
def test_the_shares_make_up_the_amount(amount: int, weights: list[int]) -> None:
    assert sum(split_by_weights(amount, weights)) == amount


@given(AMOUNTS, WEIGHTS)
def test_each_share_is_less_than_a_unit_from_the_exact_one(amount: int, weights: list[int]) -> None:
    shares = split_by_weights(amount, weights)

    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(amount * weight, sum(weights))) < 1


@given(AMOUNTS, WEIGHTS, st.integers(1, 1000))
def test_only_the_ratio_of_the_weights_counts(amount: int, weights: list[int], factor: int) -> None:
    assert split_by_weights(amount, [weight * factor for weight in weights]) == split_by_weights(amount, weights)
