"""The laws of attribution, on the real decider: the credits are a function of the set of facts, and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.fact import Conversion, Fact, Refund, Touchpoint
from streams.rocks import RocksMemory, RocksStore
from streams.state import CACHED_TOUCHES
from tests.domain import NOON, Partition, cancellation, refund
from tests.histories import DICE, LENGTHS, RULES, TERMS, Arrival, any_arrival, history, tight
from tests.oracle import DECIMALS, expected_credits


@pytest.fixture(scope="module", autouse=True)
def tight_memory() -> Iterator[None]:
    """Short histories leave memory, are traced, lose their traces and are read again as long ones are."""
    with tight():
        yield


def arrived(arrival: Arrival, store: RocksStore | None = None) -> Partition:
    partition = Partition(RULES, store=store, cached_touches=arrival.cached_touches)
    for chunk in arrival.chunks:
        partition.take(*chunk)
    return partition


def versions_of(messages: list[bytes]) -> list[int]:
    return [json.loads(message)["version"] for message in messages]


def accepted(facts: list[Fact]) -> list[Fact]:
    """Without the refunds whose conversion is in another currency."""
    currencies = {(fact.contact_id, fact.event_id): fact.currency for fact in facts if isinstance(fact, Conversion)}
    return [
        fact
        for fact in facts
        if not isinstance(fact, Refund)
        or currencies.get((fact.contact_id, fact.conversion_id), fact.currency) == fact.currency
    ]


@given(DICE, LENGTHS)
@settings(max_examples=300, deadline=None)
def test_any_order_of_any_copies_in_any_chunks_gives_the_credits_of_the_set(dice: Random, length: int) -> None:
    facts = history(dice, length)

    partition = arrived(any_arrival(dice, facts))

    assert partition.final() == expected_credits(accepted(facts), TERMS)
    for messages in partition.log.values():
        versions = versions_of(messages)
        assert versions == sorted(set(versions))


@given(DICE, LENGTHS)
@settings(max_examples=15, deadline=None)
def test_the_store_and_what_is_kept_in_memory_change_no_message(dice: Random, length: int) -> None:
    chunks = any_arrival(dice, history(dice, length)).chunks
    with TemporaryDirectory() as folder:
        store = RocksStore(Path(folder) / "db", RocksMemory(1 << 20, 1 << 20))
        on_disk = arrived(Arrival(chunks, 0), store)
        in_memory = arrived(Arrival(chunks, CACHED_TOUCHES))
        rows = on_disk.rows()
        store.close()

    assert on_disk.log == in_memory.log
    assert rows == in_memory.rows()


@given(DICE, LENGTHS)
@settings(max_examples=50, deadline=None)
def test_every_fact_that_counts_makes_a_version(dice: Random, length: int) -> None:
    facts = dice.sample(history(dice, length), k=length)
    standing = [fact for fact in facts if isinstance(fact, Touchpoint | Conversion)]
    following = [fact for fact in facts if not isinstance(fact, Touchpoint | Conversion)]
    partition = Partition(RULES)

    for fact in [*standing, *following]:
        partition.take(fact)

    for messages in partition.log.values():
        versions = versions_of(messages)
        assert versions == list(range(versions[0], versions[0] + len(versions)))


@given(DICE, LENGTHS)
@settings(max_examples=50, deadline=None)
def test_credits_and_the_unattributed_make_up_the_net_value_in_every_dimension_and_overall(
    dice: Random, length: int
) -> None:
    partition = arrived(any_arrival(dice, history(dice, length)))

    for message in map(json.loads, partition.final().values()):
        minor = in_minor(message["currency"])
        net = minor(message["value"]) - minor(message["refunded"])
        overall = sum(minor(touch["credit"]) for touch in message["touchpoints"]) + minor(message["unattributed"])
        assert overall == net
        for dimension in message["dimensions"].values():
            assert sum(map(minor, dimension["credits"].values())) + minor(dimension["unattributed"]) == net


def in_minor(currency: str) -> Callable[[str], int]:
    def minor(amount: str) -> int:
        _, _, decimals = amount.partition(".")
        assert len(decimals) == DECIMALS[currency]
        return int(amount.replace(".", ""))

    return minor


@given(DICE, LENGTHS, st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_conversion_taken_back_whole_leaves_zeros_everywhere(dice: Random, length: int, cancelled: bool) -> None:
    facts = history(dice, length)
    paid = [fact for fact in facts if isinstance(fact, Conversion) and fact.amount_minor]

    partition = arrived(any_arrival(dice, [*facts, *(taken_back_whole(fact, cancelled) for fact in paid)]))

    for fact in paid:
        message = partition.message(fact.event_id, fact.contact_id)
        assert message["refunded"] == message["value"]
        assert {amount.strip("0.") for amount in amounts(message)} == {""}


def taken_back_whole(fact: Conversion, cancelled: bool) -> Fact:
    own_id = f"back {fact.event_id}"
    if cancelled:
        return cancellation(own_id, fact.event_id, contact=fact.contact_id)
    return refund(own_id, fact.event_id, fact.amount_minor, NOON, fact.currency, fact.contact_id)


def amounts(message: dict[str, Any]) -> Iterator[str]:
    """Every amount of a credit."""
    yield message["unattributed"]
    for touch in message["touchpoints"]:
        yield touch["credit"]
    for dimension in message["dimensions"].values():
        yield from dimension["credits"].values()
        yield dimension["unattributed"]
