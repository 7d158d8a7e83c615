"""Histories of few contacts and few ids, dense with everything that facts can do to each other, by seeded dice.

Dice instead of a strategy for each field: far more of the histories are rich, and one that fails shrinks in length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from random import Random
from typing import NamedTuple, TypeVar

import pytest
from hypothesis import strategies as st
from msgspec import structs

from events.fact import Conversion, Fact, Retraction, Touchpoint
from streams.state import CACHED_TOUCHES
from tests.domain import (
    HOUR_US,
    NOON,
    Log,
    Record,
    cancellation,
    catalogue,
    conversion,
    refund,
    retraction,
    touchpoint,
)
from tests.oracle import Terms

RULES = catalogue("""
dimensions = ["platform", "channel"]
shadow_models = ["first", "last", "last_non_direct", "position_based", "j_shaped", "inverse_j", "time_decay"]
max_window = 2
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
    max_window=2,
    half_life=HOUR_US,
    direct={"direct"},
)

DICE = st.randoms(use_true_random=True)
LENGTHS = st.integers(1, 8) | st.integers(30, 60)

_KINDS = ["touchpoint"] * 4 + ["conversion"] * 3 + ["retraction", "refund", "refund", "cancellation"]
_HOURS_ON = [0, 0, 0, 1, 1, 2, 3, 6]
_HOURS_LATE = [0, 0, 0, 0, 1, 3, 4]
_CONTACTS = ["ann", "ann", "ann", 'bo"b']
_NAMED = [1, 1, 2, 3, 5, 8, -1, -2]
"""How many places before a follow-on fact the one that it names stands in the topic; negative: after it."""
_LIFETIMES = [None, None, 1, HOUR_US, 4 * HOUR_US, 20 * HOUR_US]
_DIMENSIONS = [None, None, {}, {"place": 'Ö"x'}, {"channel": "Paid"}, {"channel": "Ö", "place": "\\"}]
_MINOR = [1, 2, 3, 100, 1001, 5000, 10**18 - 1]
_CURRENCIES = ["GBP", "GBP", "GBP", "JPY"]

Item = TypeVar("Item")


class Ids(NamedTuple):
    """How many ids there are in each topic, in turn: with 1,000 no two facts of a history claim one."""

    touchpoints: int = 1_000
    conversions: int = 1_000


UNIQUE = Ids()


def history(dice: Random, length: int, ids: Ids = UNIQUE) -> list[Fact]:
    """Facts of some hours or days."""
    return list(_facts(dice, length, ids))


def _facts(dice: Random, length: int, ids: Ids) -> Iterator[Fact]:
    clock, places = NOON, Counter[str]()
    for _ in range(length):
        clock += dice.choice(_HOURS_ON) * HOUR_US
        kind = dice.choice(_KINDS)
        topic, count = ("t", ids.touchpoints) if kind in ("touchpoint", "retraction") else ("c", ids.conversions)
        places[topic] += 1
        own_id = f"{topic}{places[topic] % count}"
        named_id = f"{topic}{(places[topic] - dice.choice(_NAMED)) % count}"
        yield _fact(dice, kind, own_id, named_id, clock - dice.choice(_HOURS_LATE) * HOUR_US)


def _fact(dice: Random, kind: str, own_id: str, named_id: str, at: int) -> Fact:
    contact = dice.choice(_CONTACTS)
    match kind:
        case "touchpoint":
            name = dice.choice(["ad", "mail", "direct"])
            return touchpoint(own_id, at, name, dice.choice(_LIFETIMES), dice.choice(_DIMENSIONS), contact)
        case "conversion":
            return conversion(own_id, at, dice.choice([0, *_MINOR]), dice.choice(_CURRENCIES), contact=contact)
        case "retraction":
            return retraction(own_id, named_id, at, contact=contact)
        case "refund":
            return refund(own_id, named_id, dice.choice(_MINOR), at, dice.choice(_CURRENCIES), contact)
    return cancellation(own_id, named_id, at, contact)


@contextmanager
def tight() -> Iterator[None]:
    """Memory keeps next to nothing of a contact's past, and reads next to nothing beyond need."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.windows._LEFT_IN_MEMORY", 0)
        patch.setattr("streams.contact._MOST_TRACES", 32)
        patch.setattr("streams.state._SLACK_US", HOUR_US)
        yield


class Arrival(NamedTuple):
    """One way in which facts may reach the decider: any order, any copies, any chunks."""

    chunks: list[list[Fact]]
    cached_touches: int
    """Contacts are forgotten with every commit, now and then, or never."""


def any_arrival(dice: Random, facts: list[Fact]) -> Arrival:
    copies = dice.choices(facts, k=dice.randrange(6))
    return Arrival(_chunked(dice, dice.sample([*facts, *copies], k=len(facts) + len(copies))), _cached(dice))


class Delivery(NamedTuple):
    """One way in which the records of two topics may reach the decider, each topic in its own order."""

    chunks: list[list[Record]]
    swept: list[int]
    """How many rows are swept after each chunk, 0 for no sweep."""
    restarts: list[bool]
    """Whether the worker restarts after a chunk."""
    cached_touches: int


def any_delivery(dice: Random, records: list[Record]) -> Delivery:
    topics = [record.received.topic for record in records]
    turns = dice.choice([topics, dice.sample(topics, len(topics)), sorted(topics), sorted(topics, reverse=True)])
    queues = {topic: iter([record for record in records if record.received.topic == topic]) for topic in topics}
    chunks = _chunked(dice, [next(queues[topic]) for topic in turns])
    swept = dice.choices([0, 5, 1000, 1000], k=len(chunks))
    return Delivery(chunks, swept, dice.choices([True, False, False], k=len(chunks)), _cached(dice))


def simplest_delivery(records: list[Record]) -> Delivery:
    """One topic after the other, each record a chunk, nothing swept or forgotten, no restart."""
    chunks = [[record] for record in sorted(records, key=lambda record: record.received.topic, reverse=True)]
    return Delivery(chunks, [0] * len(chunks), [False] * len(chunks), CACHED_TOUCHES)


def records_of(dice: Random, facts: list[Fact]) -> list[Record]:
    """The facts as records, with copies and conflicting copies among them, soon or late."""
    facts = list(facts)
    for fact in dice.choices(facts, k=dice.randrange(6)):
        facts.insert(dice.randrange(len(facts) + 1), dice.choice([fact, _conflicting(fact)]))
    log = Log()
    return [log.append(fact) for fact in facts]


def _conflicting(fact: Fact) -> Fact:
    if isinstance(fact, Touchpoint):
        return structs.replace(fact, properties=b"sixteen bytes ..")
    if isinstance(fact, Conversion):
        return structs.replace(fact, amount_minor=fact.amount_minor + 1)
    if isinstance(fact, Retraction):
        return structs.replace(fact, touchpoint_id="another")
    return structs.replace(fact, conversion_id="another")


def _chunked(dice: Random, items: list[Item]) -> list[list[Item]]:
    longest = dice.choice([1, 3, 10, len(items)])
    ends = [0]
    while ends[-1] < len(items):
        ends.append(ends[-1] + dice.randint(1, longest))
    return [items[start:end] for start, end in pairwise(ends)]


def _cached(dice: Random) -> int:
    return dice.choice([0, 3, CACHED_TOUCHES])
