"""Windows kept open between conversions, and what stays in memory of a contact whose past is long."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from events.fact import Fact
from events.refusal import Reason
from streams.windows import _LEFT_IN_MEMORY
from tests.domain import CONTACT, DAY_US, HOUR_US, NOON, Partition, conversion, refund, retraction, touchpoint

HOURS = 400
STORY: list[Fact] = [
    touchpoint(f"t{hour}", NOON + hour * HOUR_US) if hour % 10 else conversion(f"c{hour}", NOON + hour * HOUR_US)
    for hour in range(HOURS)
]


def told(chunk: int, *later: Fact) -> Partition:
    partition = Partition()
    for start in range(0, len(STORY), chunk):
        partition.take(*STORY[start : start + chunk])
    partition.take(*later)
    return partition


def test_only_what_may_be_active_stays_in_memory() -> None:
    partition = told(7)

    in_memory = partition.state.contact(CONTACT.encode()).touches
    active = 3 * 24 * 9 // 10
    assert len(in_memory) <= 2 * active + _LEFT_IN_MEMORY + 10
    assert b"t1" not in in_memory


def test_a_copy_of_what_is_only_in_the_store_is_known() -> None:
    partition = told(7)

    assert partition.take(touchpoint("t1", NOON + HOUR_US)) == []
    assert partition.take(touchpoint("t1", NOON + 2 * HOUR_US)) == [Reason.CONFLICTING_DUPLICATE]
    assert partition.attribution.counts.duplicates == 1


def test_a_long_past_that_is_too_much_to_trace_is_looked_up() -> None:
    partition = Partition()
    for day in range(60):
        chunk: list[Fact] = [touchpoint(f"t{day}-{n}", NOON + day * DAY_US, lifetime=HOUR_US) for n in range(100)]
        partition.take(*chunk, conversion(f"c{day}", NOON + day * DAY_US))

    assert partition.state.contact(CONTACT.encode()).gone is None
    assert partition.take(touchpoint("t0-0", NOON, lifetime=2 * HOUR_US)) == [Reason.CONFLICTING_DUPLICATE]
    assert partition.take(touchpoint("t0-100", NOON, lifetime=HOUR_US)) == []


LATE: list[Fact] = [
    touchpoint("late", NOON + 50 * HOUR_US),
    touchpoint("t3", NOON + 3 * HOUR_US),
    conversion("late conversion", NOON + 60 * HOUR_US),
    retraction("r1", "t5", NOON + HOURS * HOUR_US),
    retraction("r2", "t399", NOON + HOURS * HOUR_US),
    refund("f1", "c20", 100, NOON + HOURS * HOUR_US),
    touchpoint("after", NOON + HOURS * HOUR_US),
    conversion("last", NOON + HOURS * HOUR_US + 1),
    conversion("c390", NOON + 390 * HOUR_US),
]


@given(st.permutations(LATE), st.integers(1, 30), st.integers(1, len(LATE)))
@settings(max_examples=30)
def test_what_left_memory_changes_no_credit(later: list[Fact], chunk: int, cut: int) -> None:
    partition = told(chunk, *later[:cut])
    partition.take(*later[cut:])

    at_once = Partition()
    at_once.take(*STORY, *LATE)
    assert partition.final() == at_once.final()
