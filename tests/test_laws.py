"""The laws of attribution, on the real decider: the credits are a function of the set of facts, and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from events.fact import Conversion, Fact, Refund, Retraction, Touchpoint
from events.refusal import Reason
from streams.holds import Holds
from streams.received import UNTIMED
from streams.rocks import RocksMemory, RocksStore
from streams.rows import Origin
from streams.state import CACHED_TOUCHES
from tests.domain import (
    HOUR_US,
    NOON,
    Log,
    Partition,
    Record,
    cancellation,
    catalogue,
    conversion,
    refund,
    retraction,
    topic_of,
    touchpoint,
)
from tests.oracle import DECIMALS, Terms, expected_credits

RULES = catalogue("""
dimensions = ["platform", "channel"]
shadow_models = ["first", "last", "last_non_direct", "position_based", "j_shaped", "inverse_j", "time_decay"]
max_window = 4
models.time_decay.half_life = "PT1H"
[touchpoints.ad]
lifetime = "PT3H"
dimensions = { channel = "Paid", platform = "Google" }
[touchpoints.mail]
lifetime = "PT6H"
dimensions = { channel = "Mail" }
[touchpoints.direct]
lifetime = "PT2H"
""")
TERMS = Terms(
    lifetimes={"ad": 3 * HOUR_US, "mail": 6 * HOUR_US, "direct": 2 * HOUR_US},
    dimensions={"ad": {"channel": "Paid", "platform": "Google"}, "mail": {"channel": "Mail"}, "direct": {}},
    reported=["channel", "platform"],
    models=["linear", "first", "last", "last_non_direct", "position_based", "j_shaped", "inverse_j", "time_decay"],
    max_window=4,
    half_life=HOUR_US,
    direct={"direct"},
)
SHORT = Holds(horizon_us=4 * HOUR_US, retention_us=6 * HOUR_US)

Item = TypeVar("Item")

CONTACTS = st.sampled_from(["ann", 'bo"b'])
IDS = st.sampled_from(["1", "2", "3", "10", "é\\", "6", "7"])
CURRENCIES = st.sampled_from(["GBP", "GBP", "JPY"])
AMOUNTS = st.sampled_from([0, 1, 2, 100, 1001, 10**18 - 1]) | st.integers(0, 10_000)
TAKEN = st.sampled_from([1, 3, 100, 10**18 - 1]) | st.integers(1, 10_000)
LIFETIMES = st.none() | st.sampled_from([1, HOUR_US, 4 * HOUR_US, 12 * HOUR_US])
DIMENSIONS = st.none() | st.dictionaries(st.sampled_from(["channel", "place"]), st.sampled_from(["Paid", 'Ö"x']))


def hours(last: int) -> st.SearchStrategy[int]:
    return st.integers(0, last).map(lambda hour: NOON + hour * HOUR_US)


def touchpoints(times: st.SearchStrategy[int]) -> st.SearchStrategy[Fact]:
    names = st.sampled_from(["ad", "mail", "direct"])
    return st.builds(touchpoint, IDS, times, names, LIFETIMES, DIMENSIONS, CONTACTS)


def conversions(times: st.SearchStrategy[int]) -> st.SearchStrategy[Fact]:
    return st.builds(conversion, IDS, times, AMOUNTS, CURRENCIES, contact=CONTACTS)


def retractions(times: st.SearchStrategy[int]) -> st.SearchStrategy[Fact]:
    return st.builds(retraction, IDS, IDS, times, contact=CONTACTS)


def takings_back(times: st.SearchStrategy[int]) -> st.SearchStrategy[Fact]:
    refunds = st.builds(refund, IDS, IDS, TAKEN, times, CURRENCIES, CONTACTS)
    return refunds | st.builds(cancellation, IDS, IDS, times, CONTACTS)


def facts(times: st.SearchStrategy[int]) -> st.SearchStrategy[Fact]:
    return touchpoints(times) | touchpoints(times) | conversions(times) | retractions(times) | takings_back(times)


def identity(fact: Fact) -> tuple[str, str, str]:
    return topic_of(fact), fact.contact_id, fact.event_id


def sets_of(times: st.SearchStrategy[int]) -> st.SearchStrategy[list[Fact]]:
    """Facts of which no two claim one id."""
    few = st.lists(facts(times), min_size=1, max_size=8, unique_by=identity)
    return few | st.lists(facts(times), min_size=12, max_size=24, unique_by=identity)


def standing(facts: list[Fact]) -> list[Fact]:
    return [fact for fact in facts if isinstance(fact, Touchpoint | Conversion)]


def following(facts: list[Fact]) -> list[Fact]:
    return [fact for fact in facts if not isinstance(fact, Touchpoint | Conversion)]


FACTS = sets_of(hours(10))
UNIQUE = sets_of(hours(24))
DAY = hours(24)
REUSED = st.builds(
    list[Fact].__add__,
    st.lists(touchpoints(DAY) | touchpoints(DAY) | retractions(DAY), min_size=1, max_size=20),
    st.lists(conversions(DAY) | takings_back(DAY), max_size=12, unique_by=identity),
)
"""Facts of which touchpoints and retractions may claim one id."""
DELAYS = st.sampled_from([0, 0, 1, 3, 5, 9]).map(lambda hours: hours * HOUR_US)


class Arrival(NamedTuple):
    """One way in which a set of facts may reach the decider."""

    chunks: list[list[Fact]]
    cached_touches: int


@st.composite
def arrivals(draw: st.DrawFn, facts: list[Fact]) -> Arrival:
    """Any order, any copies, any chunks, and a memory that forgets contacts soon or late."""
    copies = draw(st.lists(st.sampled_from(facts), max_size=6))
    records = draw(st.permutations(facts + copies))
    return Arrival(chunked(draw, records), draw(st.sampled_from([0, 3, CACHED_TOUCHES])))


def chunked(draw: st.DrawFn, records: Sequence[Item]) -> list[list[Item]]:
    ends = draw(st.lists(st.integers(0, len(records)), max_size=len(records)).map(sorted))
    return [list(records[start:end]) for start, end in pairwise([0, *ends, len(records)])]


def arrived(arrival: Arrival, store: RocksStore | None = None) -> Partition:
    partition = Partition(RULES, store=store, cached_touches=arrival.cached_touches)
    for chunk in arrival.chunks:
        partition.take(*chunk)
    return partition


def accepted(facts: Iterable[Fact]) -> list[Fact]:
    """Without the refunds whose conversion is in another currency."""
    facts = list(facts)
    currencies = {identity(fact): fact.currency for fact in facts if isinstance(fact, Conversion)}
    return [
        fact
        for fact in facts
        if not isinstance(fact, Refund)
        or currencies.get(("conversions", fact.contact_id, fact.conversion_id), fact.currency) == fact.currency
    ]


@given(st.data(), FACTS)
@settings(max_examples=250)
def test_any_order_of_any_copies_in_any_chunks_gives_the_credits_of_the_set(
    data: st.DataObject, facts: list[Fact]
) -> None:
    partition = arrived(data.draw(arrivals(facts)))

    assert partition.final() == expected_credits(accepted(facts), TERMS)


@given(st.data(), FACTS)
@settings(max_examples=25, deadline=None)
def test_the_store_and_what_is_kept_in_memory_change_no_message(data: st.DataObject, facts: list[Fact]) -> None:
    chunks = data.draw(arrivals(facts)).chunks
    with TemporaryDirectory() as folder:
        store = RocksStore(Path(folder) / "db", RocksMemory(1 << 20, 1 << 20))
        on_disk = arrived(Arrival(chunks, 0), store)
        in_memory = arrived(Arrival(chunks, CACHED_TOUCHES))
        rows = on_disk.rows()
        store.close()

    assert on_disk.log == in_memory.log
    assert rows == in_memory.rows()


@given(st.data(), FACTS)
def test_the_versions_said_of_a_credit_only_grow(data: st.DataObject, facts: list[Fact]) -> None:
    partition = arrived(data.draw(arrivals(facts)))

    for messages in partition.log.values():
        versions = [json.loads(message)["version"] for message in messages]
        assert versions == sorted(set(versions))


@given(st.data(), FACTS)
def test_every_fact_that_counts_makes_a_version(data: st.DataObject, facts: list[Fact]) -> None:
    partition = Partition(RULES)
    for fact in [*data.draw(st.permutations(standing(facts))), *data.draw(st.permutations(following(facts)))]:
        partition.take(fact)

    for messages in partition.log.values():
        versions = [json.loads(message)["version"] for message in messages]
        assert versions == list(range(versions[0], versions[0] + len(versions)))


@given(FACTS)
def test_credits_and_the_unattributed_make_up_the_net_value_in_every_dimension_and_overall(facts: list[Fact]) -> None:
    partition = arrived(Arrival([facts], 0))

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


@given(st.data(), FACTS, st.booleans())
def test_a_conversion_taken_back_whole_leaves_zeros_everywhere(
    data: st.DataObject, facts: list[Fact], cancelled: bool
) -> None:
    paid = [fact for fact in facts if isinstance(fact, Conversion) and fact.amount_minor]
    taken_back = [taken_back_whole(fact, cancelled) for fact in paid]
    partition = arrived(data.draw(arrivals([*facts, *taken_back])))

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


# With bounded holds


class Delivery(NamedTuple):
    """One way in which the records of the two topics may reach the decider, each topic in its own order."""

    chunks: list[list[Record]]
    sweeps: list[int]
    """How many rows are swept after each chunk, 0 for no sweep."""
    cached_touches: int


def records(facts: st.SearchStrategy[list[Fact]]) -> st.SearchStrategy[list[Record]]:
    """Facts of 24 hours as records, more or less in the order of their times, with copies and conflicting copies."""
    return st.composite(_records)(facts)


def _records(draw: st.DrawFn, facts: st.SearchStrategy[list[Fact]]) -> list[Record]:
    drawn = draw(facts)
    copies = draw(st.lists(st.sampled_from(drawn), max_size=4))
    conflicts = [conflicting(copy) for copy in draw(st.lists(st.sampled_from(drawn), max_size=2))]
    delayed = [(fact.occurred_us + draw(DELAYS), place, fact) for place, fact in enumerate(drawn + copies + conflicts)]
    log = Log()
    return [log.append(fact) for _, _, fact in sorted(delayed)]


def conflicting(fact: Fact) -> Fact:
    if isinstance(fact, Touchpoint):
        return structs.replace(fact, properties=b"sixteen bytes ..")
    if isinstance(fact, Conversion):
        return structs.replace(fact, amount_minor=fact.amount_minor + 1)
    if isinstance(fact, Retraction):
        return structs.replace(fact, touchpoint_id="another")
    return structs.replace(fact, conversion_id="another")


FAR = NOON + 1000 * HOUR_US
PAST_ALL = 1 << 20
LAST: list[Fact] = [touchpoint("far", FAR, "ad", contact="zoe"), conversion("far", FAR, contact="zoe")]
"""Far ahead of all others, so that whatever waits gives up."""


@st.composite
def deliveries(draw: st.DrawFn, records: list[Record]) -> Delivery:
    """Any interleaving of the topics, any chunks, sweeps at any time."""
    topics = [record.received.topic for record in records]
    turns = draw(st.permutations(topics) | st.just(sorted(topics)) | st.just(sorted(topics, reverse=True)))
    queues = {topic: iter([record for record in records if record.received.topic == topic]) for topic in topics}
    merged = [next(queues[topic]) for topic in turns]
    chunks = chunked(draw, merged)
    sweeps = draw(st.lists(st.sampled_from([0, 1, 5, 1000]), min_size=len(chunks), max_size=len(chunks)))
    return Delivery(chunks, sweeps, draw(st.sampled_from([0, 3, CACHED_TOUCHES])))


def delivered(delivery: Delivery) -> Partition:
    partition = Partition(RULES, SHORT, cached_touches=delivery.cached_touches)
    for chunk, rows in zip(delivery.chunks, delivery.sweeps, strict=True):
        partition.take_records(chunk)
        if rows:
            partition.sweep.advance(rows)
    partition.take_records([Record(fact, Origin(topic_of(fact), 0, PAST_ALL, UNTIMED, None, None)) for fact in LAST])
    return partition


def in_the_simplest_way(records: list[Record]) -> Delivery:
    """One topic after the other, each record a chunk, nothing swept or forgotten."""
    chunks = [[record] for record in sorted(records, key=lambda record: record.received.topic, reverse=True)]
    return Delivery(chunks, [0] * len(chunks), CACHED_TOUCHES)


@given(st.data(), records(UNIQUE))
@settings(max_examples=300)
def test_held_or_not_what_accepted_facts_earn_is_a_function_of_their_set(
    data: st.DataObject, records: list[Record]
) -> None:
    partition = delivered(data.draw(deliveries(records)))

    refused = {(topic, offset): reason for topic, offset, reason in partition.refused}
    judged = [(record.fact, refused.get((record.received.topic, record.received.offset))) for record in records]
    gone = {fact for fact, reason in judged if reason in (Reason.NEVER_MATCHED, Reason.CURRENCY_MISMATCH)}
    accepted = [fact for fact, reason in judged if reason is None and fact not in gone]
    assert partition.final() == expected_credits([*accepted, *LAST], TERMS)


@given(st.data(), records(REUSED))
@settings(max_examples=300)
def test_each_refusal_follows_from_the_order_within_its_own_topic(data: st.DataObject, records: list[Record]) -> None:
    partition = delivered(data.draw(deliveries(records)))
    simplest = delivered(in_the_simplest_way(records))

    assert sorted(partition.refused) == sorted(simplest.refused)
    assert partition.final() == simplest.final()
