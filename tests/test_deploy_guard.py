"""When most of the last 10,000 records die of what they are, the worker stops; of lateness or duplication none dies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.refusal import Reason
from streams.live.deploy_guard import RECORDS, SEGMENT, BadDeployError, DeployGuard

BAD, LATE = Reason.MALFORMED_JSON, Reason.TOO_LATE


def test_half_of_the_last_records_may_die_and_not_one_more() -> None:
    guard = DeployGuard("conversions", 0.5, [])
    guard.watch(5_000, [BAD] * 5_000)

    with pytest.raises(BadDeployError, match=r"topic conversions: 5001 of the last 10000 .* as malformed_json: "):
        guard.watch(1, [BAD])


def test_the_commonest_reason_is_named() -> None:
    guard = DeployGuard("touchpoints", 0.001, [])

    with pytest.raises(BadDeployError, match="unknown_touchpoint"):
        guard.watch(20, [Reason.INVALID_EVENT, *[Reason.UNKNOWN_TOUCHPOINT] * 11, *[BAD] * 3])


def test_what_is_late_or_a_copy_does_not_count() -> None:
    guard = DeployGuard("touchpoints", 0.1, [])

    guard.watch(9_000, [*[LATE] * 3_000, *[Reason.CONFLICTING_DUPLICATE] * 3_000, *[Reason.NEVER_MATCHED] * 3_000])


def test_a_producer_that_is_ahead_of_its_time_does() -> None:
    guard = DeployGuard("touchpoints", 0.1, [])

    with pytest.raises(BadDeployError, match="from_the_future"):
        guard.watch(9_000, [Reason.FROM_THE_FUTURE] * 1_001)


def test_deaths_long_ago_are_forgotten() -> None:
    guard = DeployGuard("touchpoints", 0.5, [])
    guard.watch(5_000, [BAD] * 5_000)
    guard.watch(10_000, [])

    guard.watch(5_000, [BAD] * 5_000)


def test_what_is_kept_of_the_last_records_stops_the_next_worker_too() -> None:
    kept: list[list[int]] = []
    guard = DeployGuard("touchpoints", 0.5, kept)
    with pytest.raises(BadDeployError):
        guard.watch(6_000, [BAD] * 6_000)

    with pytest.raises(BadDeployError, match=r"6000 of .* malformed_json"):
        DeployGuard("touchpoints", 0.5, kept).watch(1, [])


def test_what_was_accepted_is_not_held_against_the_next_worker() -> None:
    kept: list[list[int]] = []
    guard = DeployGuard("touchpoints", 0.5, kept)
    guard.watch(5_000, [BAD] * 5_000)
    DeployGuard("touchpoints", 1.0, kept).watch(10_000, [BAD] * 10_000)

    DeployGuard("touchpoints", 0.5, kept).watch(5_000, [BAD] * 5_000)


@given(chunks=st.lists(st.tuples(st.integers(1, 3_000), st.booleans()), max_size=30), ratio=st.sampled_from([0.2, 0.5]))
def test_it_stops_for_no_less_than_the_ratio_and_at_most_a_segment_late(
    chunks: list[tuple[int, bool]], ratio: float
) -> None:
    guard = DeployGuard("touchpoints", ratio, [])
    records: list[bool] = []
    for size, dead in chunks:
        records = [*records, *[dead] * size][-RECORDS:]
        try:
            guard.watch(size, [BAD] * size if dead else [])
        except BadDeployError:
            assert sum(records) > ratio * RECORDS
            return
        assert sum(records) <= ratio * RECORDS + SEGMENT
