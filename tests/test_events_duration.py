"""Durations of fixed length (contract, topic `touchpoints`)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.duration import format_duration, parse_duration
from events.fields import check_lifetime
from events.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US


@pytest.mark.parametrize(
    ("text", "us"),
    [("P3D", 3 * DAY_US), ("PT36H", 36 * HOUR_US), ("P2W", 14 * DAY_US), ("P1DT0.5S", DAY_US + SECOND_US // 2),
     ("P1DT2H3M4S", DAY_US + 2 * HOUR_US + 3 * MINUTE_US + 4 * SECOND_US), ("PT90M", 90 * MINUTE_US), ("P007D",
     7 * DAY_US), ("PT0.000001S", 1), ("PT0.0000019S", 1), ("PT0S", 0), ("P0D", 0)],
)  # fmt: skip
def test_weeks_or_days_hours_minutes_and_seconds_are_read(text: str, us: int) -> None:
    assert parse_duration(text) == us


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1DT", "P1Y", "P1M", "P1Y2M3D", "-P1D", "+P1D", "P-1D", "P1.5D", "PT1.5H", "PT1.5M", "P1W2D",
     "P1WT1H",
     "PT1M1H", "P1H", "PT1D", "p1d", "P1D ", "P1D\n", "PT.5S", "PT1.S", "PT0,5S", "P٣D", "3D", "P1234567890123D"],
)  # fmt: skip
def test_what_has_no_fixed_length_or_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["PT0.000001S", "P400D", "PT9600H", "P399DT23H59M59.999999S"])
def test_a_lifetime_is_more_than_zero_and_at_most_400_days(text: str) -> None:
    assert check_lifetime(text) == text


@pytest.mark.parametrize("text", ["PT0S", "PT0.0000009S", "P400DT0.000001S", "P58W", "P401D"])
def test_no_lifetime_and_more_than_400_days_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="lifetime"):
        check_lifetime(text)


@pytest.mark.parametrize(
    ("us", "text"),
    [(0, "PT0S"), (14 * DAY_US, "P14D"), (36 * HOUR_US, "P1DT12H"), (DAY_US + 500_000, "P1DT0.5S"), (1, "PT0.000001S"),
     (MINUTE_US + 10 * SECOND_US, "PT1M10S")],
)  # fmt: skip
def test_a_duration_is_written_without_what_is_zero(us: int, text: str) -> None:
    assert format_duration(us) == text


@given(st.integers(0, 500 * DAY_US))
def test_a_duration_survives_being_written_and_read(us: int) -> None:
    assert parse_duration(format_duration(us)) == us
