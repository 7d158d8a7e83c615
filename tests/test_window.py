"""The window: who was active when the conversion came."""

from __future__ import annotations

import pytest

from events.instant import parse_instant
from streams.window import Description, Status, Touch, evidence_of, status_at, window_at
from tests.domain import DAY_US, HOUR_US, NOON

MINUTE_US = 60_000_000
AD = Description("google_ad_click", {})
ELEVEN = parse_instant("2023-07-05T11:00:00Z")
CONVERSION = ELEVEN + 2 * MINUTE_US


def touch(event_id: str, at: int, lifetime: int = DAY_US, retractions: int = 0) -> Touch:
    return Touch(at, event_id, at + lifetime, retractions, AD)


@pytest.mark.parametrize(
    ("at", "lifetime", "expires"),
    [
        (ELEVEN, 3 * DAY_US, "2023-07-08T11:00:00Z"),  # A7
        (ELEVEN + MINUTE_US, 5 * DAY_US, "2023-07-10T11:01:00Z"),  # A8
        (ELEVEN + 10 * MINUTE_US, DAY_US, "2023-07-06T11:10:00Z"),  # A9
    ],
)
def test_a_touchpoint_is_active_up_to_the_instant_it_expires(at: int, lifetime: int, expires: str) -> None:
    last = parse_instant(expires)

    assert status_at(touch("t1", at, lifetime), last) is Status.ACTIVE
    assert status_at(touch("t1", at, lifetime), last + 1) is Status.INACTIVE


def test_a_touchpoint_is_active_from_the_instant_it_occurred() -> None:
    assert status_at(touch("t1", NOON), NOON) is Status.ACTIVE
    assert status_at(touch("t1", NOON), NOON - 1) is Status.INACTIVE


def test_a_retracted_touchpoint_is_inactive() -> None:
    assert status_at(touch("t1", NOON, retractions=1), NOON) is Status.INACTIVE


def test_the_statuses_are_exactly_active_and_inactive() -> None:
    """A6."""
    assert [status.value for status in Status] == ["Active", "Inactive"]


def test_of_the_worked_example_the_two_clicks_are_in_the_window_and_the_later_sign_up_is_not() -> None:
    """A12 and A13."""
    paid = touch("t1", ELEVEN, 3 * DAY_US)
    search = touch("t2", ELEVEN + MINUTE_US, 5 * DAY_US)
    newsletter = touch("t3", ELEVEN + 10 * MINUTE_US, DAY_US)

    assert window_at([newsletter, search, paid], CONVERSION) == [paid, search]


def test_an_expired_touchpoint_is_not_in_the_window() -> None:
    """A14."""
    assert window_at([touch("t1", CONVERSION - HOUR_US, HOUR_US - 1)], CONVERSION) == []


def test_the_window_holds_both_its_ends() -> None:
    expiring, equal = touch("t1", CONVERSION - HOUR_US, HOUR_US), touch("t2", CONVERSION)

    assert window_at([equal, expiring], CONVERSION) == [expiring, equal]


def test_the_window_is_ordered_by_time_and_then_by_the_code_points_of_the_id() -> None:
    ids = ["é", "a", "Z", "10", "9", "\U0001f600", "\uffee"]

    window = window_at([touch("zero", NOON - 1), *(touch(event_id, NOON) for event_id in ids)], NOON)

    assert [touch.event_id for touch in window] == ["zero", "10", "9", "Z", "a", "é", "\uffee", "\U0001f600"]


def test_retracted_touchpoints_stay_in_the_window_and_are_no_evidence() -> None:
    kept, retracted = touch("t1", NOON), touch("t2", NOON, retractions=2)

    window = window_at([kept, retracted], NOON)

    assert window == [kept, retracted]
    assert evidence_of(window, 10) == [kept]


def test_only_the_newest_of_a_window_count() -> None:
    window = [touch(str(i), NOON + i) for i in range(5)]

    assert evidence_of(window, 5) == window
    assert evidence_of(window, 4) == window[1:]
    assert evidence_of(window, 1) == window[4:]
    assert evidence_of(window, 0) == []


def test_retracted_touchpoints_take_their_place_among_the_newest_so_that_a_cap_never_lifts() -> None:
    window = [touch("0", NOON), touch("1", NOON + 1), touch("2", NOON + 2, retractions=1)]

    assert evidence_of(window, 2) == [window[1]]
