"""The laws of attribution where facts come too late and holds end, live, with sweeps and restarts at any moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.fact import Fact
from events.refusal import Reason
from streams.holds import Holds
from streams.received import UNTIMED
from streams.rows import Origin
from tests.domain import HOUR_US, NOON, Partition, Record, conversion, topic_of, touchpoint
from tests.histories import (
    DICE,
    LENGTHS,
    RULES,
    TERMS,
    Delivery,
    Ids,
    any_delivery,
    history,
    records_of,
    simplest_delivery,
    tight,
)
from tests.oracle import expected_credits


@pytest.fixture(scope="module", autouse=True)
def tight_memory() -> Iterator[None]:
    """Short histories leave memory, are traced, lose their traces and are read again as long ones are."""
    with tight():
        yield


HOLDS = st.sampled_from([4, 12]).map(lambda hours: Holds(horizon_us=3 * HOUR_US, retention_us=hours * HOUR_US))
"""Shorter than the longest lifetime, and longer."""
FAR = NOON + 1000 * HOUR_US
LAST: list[Fact] = [touchpoint("far", FAR, "ad", contact="zoe"), conversion("far", FAR, contact="zoe")]
"""Far ahead of all others, so that whatever waits gives up."""
PAST_ALL = 1 << 20


def delivered(delivery: Delivery, holds: Holds) -> Partition:
    partition = Partition(RULES, holds, cached_touches=delivery.cached_touches)
    for chunk, rows, restarts in zip(delivery.chunks, delivery.swept, delivery.restarts, strict=True):
        partition.take_records(chunk)
        if rows:
            partition.sweep.advance(rows)
        if restarts:
            partition.restart()
    partition.take_records([Record(fact, Origin(topic_of(fact), 0, PAST_ALL, UNTIMED, None, None)) for fact in LAST])
    return partition


@given(DICE, LENGTHS, HOLDS)
@settings(max_examples=300, deadline=None)
def test_what_accepted_facts_earn_is_a_function_of_their_set(dice: Random, length: int, holds: Holds) -> None:
    records = records_of(dice, history(dice, length))

    partition = delivered(any_delivery(dice, records), holds)

    refused = {(topic, offset): reason for topic, offset, reason in partition.refused}
    judged = [(fact, refused.get((received.topic, received.offset))) for fact, received in records]
    gone = {fact for fact, reason in judged if reason in (Reason.NEVER_MATCHED, Reason.CURRENCY_MISMATCH)}
    accepted = [fact for fact, reason in judged if reason is None and fact not in gone]
    assert partition.final() == expected_credits([*accepted, *LAST], TERMS)


@given(DICE, LENGTHS, HOLDS)
@settings(max_examples=300, deadline=None)
def test_each_refusal_follows_from_the_order_within_its_own_topic(dice: Random, length: int, holds: Holds) -> None:
    """Also where touchpoints and retractions claim ids that are free again."""
    records = records_of(dice, history(dice, length, Ids(touchpoints=3)))

    partition = delivered(any_delivery(dice, records), holds)

    simplest = delivered(simplest_delivery(records), holds)
    assert sorted(partition.refused) == sorted(simplest.refused)
    assert partition.final() == simplest.final()


@given(DICE, LENGTHS, HOLDS)
@settings(max_examples=100, deadline=None)
def test_conversions_under_ids_that_are_free_again_earn_the_same_too(dice: Random, length: int, holds: Holds) -> None:
    """Their versions stand above what was said of the former ones, which depends on when it was said."""
    records = records_of(dice, history(dice, length, Ids(touchpoints=3, conversions=3)))

    partition = delivered(any_delivery(dice, records), holds)

    simplest = delivered(simplest_delivery(records), holds)
    assert sorted(partition.refused) == sorted(simplest.refused)
    assert without_versions(partition) == without_versions(simplest)


def without_versions(partition: Partition) -> dict[bytes, dict[str, Any]]:
    return {key: json.loads(message) | {"version": None} for key, message in partition.final().items()}
