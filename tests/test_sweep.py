"""The sweep: state follows the active windows, and when a row is swept changes no answer."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from events.fact import Fact
from events.refusal import Reason
from streams.holds import UNBOUNDED, Holds
from streams.rocks import RocksMemory, RocksStore
from streams.store import Store
from streams.sweep import sweep_all
from tests.domain import (
    CONTACT,
    DAY_US,
    HOUR_US,
    NOON,
    Partition,
    cancellation,
    conversion,
    refund,
    retraction,
    touchpoint,
)

HOLDS = Holds(horizon_us=DAY_US, retention_us=5 * DAY_US)
LIFETIME = HOUR_US


def partition_with(*facts: Fact, store: Store | None = None) -> Partition:
    partition = Partition(holds=HOLDS, store=store)
    partition.take(*facts)
    return partition


def clocks_at(instant: int) -> list[Fact]:
    """Facts of another contact that move both topics on."""
    name = f"clock at {instant}"
    return [touchpoint(name, instant, contact="zoe"), conversion(name, instant, contact="zoe")]


def left_of(partition: Partition, at: int, contact: str = CONTACT) -> list[str]:
    """What kinds of rows a contact has when the clocks have come to an instant and the sweep has passed."""
    partition.take(*clocks_at(at))
    sweep_all(partition.state, HOLDS)
    prefix = contact.encode() + b"\0"
    return [chr(key[len(prefix)]) for key in partition.rows() if key.startswith(prefix)]


# What leaves, and when


def test_a_touchpoint_leaves_when_a_horizon_has_passed_since_it_expired() -> None:
    held_until = NOON + LIFETIME + DAY_US
    partition = partition_with(touchpoint("t1", NOON, lifetime=LIFETIME))

    assert left_of(partition, held_until) == ["k", "t"]
    assert left_of(partition_with(touchpoint("t1", NOON, lifetime=LIFETIME)), held_until + 1) == []


def test_a_conversion_leaves_when_its_retention_has_passed() -> None:
    held_until = NOON + 5 * DAY_US

    assert left_of(partition_with(conversion("c1", NOON)), held_until) == ["c", "k"]
    assert left_of(partition_with(conversion("c1", NOON)), held_until + 1) == []


def test_evidence_stays_with_its_conversion_and_leaves_with_it() -> None:
    facts: list[Fact] = [
        touchpoint("t1", NOON, lifetime=LIFETIME),
        touchpoint("t2", NOON + 1, lifetime=LIFETIME),
        conversion("c1", NOON),
    ]
    held_until = NOON + 5 * DAY_US

    assert left_of(partition_with(*facts), held_until) == ["c", "k", "t"]
    assert left_of(partition_with(*facts), held_until + 1) == []


def test_a_refund_after_its_touchpoints_hold_splits_over_the_evidence_all_the_same() -> None:
    partition = partition_with(
        touchpoint("t1", NOON - 1, lifetime=LIFETIME),
        touchpoint("t2", NOON, lifetime=LIFETIME),
        conversion("c1", NOON, 5000),
    )
    left_of(partition, NOON + 4 * DAY_US)

    partition.take(refund("r1", "c1", 1000, NOON + 4 * DAY_US))

    assert partition.credits("c1") == {"t1": "20.00", "t2": "20.00"}


def test_a_conversion_stays_while_a_held_touchpoint_of_its_window_can_be_retracted() -> None:
    facts: list[Fact] = [
        touchpoint("t1", NOON, lifetime=9 * DAY_US),
        touchpoint("t2", NOON, lifetime=LIFETIME),
        conversion("c1", NOON),
    ]
    retractable_until = NOON + 10 * DAY_US
    partition = partition_with(*facts)

    assert left_of(partition, retractable_until) == ["c", "k", "t", "t"]
    partition.take(retraction("x", "t1", retractable_until))
    assert partition.credits("c1") == {"t2": "50.00"}
    assert left_of(partition_with(*facts), retractable_until + 1) == []


def test_the_slower_topic_says_when_a_row_leaves() -> None:
    far = NOON + 100 * DAY_US
    for fact in clocks_at(far):
        partition = partition_with(touchpoint("t1", NOON, lifetime=LIFETIME), conversion("c1", NOON), fact)

        sweep_all(partition.state, HOLDS)

        assert [key for key in partition.rows() if key.startswith(CONTACT.encode())] == [
            b"donor-7\0cc1",
            b"donor-7\0k",
            b"donor-7\0tt1",
        ]


def test_the_id_of_a_follow_on_fact_leaves_with_its_hold() -> None:
    facts: list[Fact] = [
        conversion("c1", NOON),
        refund("r1", "c1", 1, NOON),
        cancellation("k1", "c1", NOON),
    ]
    held_until = NOON + 5 * DAY_US

    assert left_of(partition_with(*facts), held_until) == ["c", "k", "r", "r"]
    assert left_of(partition_with(*facts), held_until + 1) == []


def test_a_fact_that_waits_stays_until_it_gives_up_and_then_leaves_nothing() -> None:
    waiting: list[Fact] = [refund("r1", "c9", 1, NOON), retraction("x", "t9", NOON)]

    assert left_of(partition_with(*waiting), NOON + DAY_US) == ["k", "r", "r", "w", "w"]
    assert left_of(partition_with(*waiting), NOON + DAY_US + 1) == []


def test_a_former_touchpoint_under_a_freed_id_leaves_as_any_other() -> None:
    later = NOON + LIFETIME + DAY_US + 1
    partition = partition_with(touchpoint("t1", NOON, lifetime=LIFETIME), conversion("c1", NOON))
    partition.take(*clocks_at(later))
    partition.take(touchpoint("t1", later, lifetime=LIFETIME))

    assert left_of(partition, NOON + 5 * DAY_US + 1) == []


def test_one_contacts_rows_leave_and_anothers_stay() -> None:
    partition = partition_with(
        touchpoint("t1", NOON, lifetime=LIFETIME, contact="ann"),
        touchpoint("t1", NOON, lifetime=LIFETIME + 1, contact="ann e"),
    )

    held_until = NOON + LIFETIME + DAY_US

    assert left_of(partition, held_until + 1, "ann") == []
    assert left_of(partition, held_until + 1, "ann e") == ["k", "t"]


def test_a_contact_that_left_begins_anew() -> None:
    partition = partition_with(touchpoint("t1", NOON, lifetime=LIFETIME), conversion("c1", NOON))
    later = NOON + 9 * DAY_US
    assert left_of(partition, later) == []

    partition.take(touchpoint("t1", later))
    again = Partition(holds=HOLDS, store=partition.state.store)
    again.take(conversion("c2", later))

    assert again.credits("c2") == {"t1": "50.00"}


def test_a_replay_holds_everything() -> None:
    partition = Partition(holds=UNBOUNDED)
    partition.take(touchpoint("t1", NOON, lifetime=LIFETIME), conversion("c1", NOON), *clocks_at(NOON + 9999 * DAY_US))
    before = partition.rows()

    sweep_all(partition.state, UNBOUNDED)

    assert partition.rows() == before


# In small steps


def test_a_pass_in_small_steps_removes_what_a_whole_one_does() -> None:
    facts = [touchpoint("t1", NOON, lifetime=LIFETIME, contact=f"contact {number}") for number in range(50)]
    later = clocks_at(NOON + 3 * DAY_US)
    at_once, stepwise = partition_with(*facts, *later), partition_with(*facts, *later)

    at_once.sweep.advance(1000)
    removed = []
    for _ in range(60):
        before = len(stepwise.rows())
        stepwise.sweep.advance(2)
        removed.append(before - len(stepwise.rows()))

    assert stepwise.rows() == at_once.rows()
    assert max(removed) == 2


def test_a_pass_begins_when_the_slower_clock_has_moved_on_by_a_quarter_of_the_horizon() -> None:
    partition = partition_with(touchpoint("t1", NOON, lifetime=LIFETIME), *clocks_at(NOON + 2 * DAY_US))
    partition.sweep.advance(1000)
    held_until = NOON + 2 * DAY_US + HOUR_US
    partition.take(touchpoint("t2", held_until - DAY_US - LIFETIME, lifetime=LIFETIME), *clocks_at(held_until + 1))

    partition.sweep.advance(1000)
    assert b"donor-7\0tt2" in partition.rows()

    partition.take(*clocks_at(NOON + 2 * DAY_US + DAY_US // 4))
    partition.sweep.advance(1000)
    assert b"donor-7\0tt2" not in partition.rows()


def test_a_pass_that_a_restart_cut_short_is_made_again() -> None:
    facts = [touchpoint("t1", NOON, lifetime=LIFETIME, contact=f"contact {number}") for number in range(5)]
    partition = partition_with(*facts, *clocks_at(NOON + 3 * DAY_US))
    partition.sweep.advance(2)
    partition.state.commit()
    again = Partition(holds=HOLDS, store=partition.state.store)

    again.sweep.advance(1000)

    assert not any(key.startswith(b"contact") for key in again.rows())


# A month of it


def a_day(day: int) -> Iterable[Fact]:
    """Some 90 facts of a day among 40 contacts, each hour a few."""
    dice = random.Random(day)
    for number in range(72):
        at = NOON + day * DAY_US + number * 20 * 60_000_000
        contact = f"donor-{dice.randrange(40)}"
        yield touchpoint(f"t{day}-{number}", at, lifetime=dice.choice([HOUR_US, 12 * HOUR_US, DAY_US]), contact=contact)
        if number % 6 == 0:
            yield conversion(f"c{day}-{number}", at, contact=contact)
        if number % 24 == 0:
            yield refund(f"r{day}-{number}", f"c{day}-{number}", 100, at, contact=contact)
            yield retraction(f"x{day}-{number}", f"t{day}-{number}", at, contact=contact)
            yield cancellation(f"k{day}-{number}", "never comes", at, contact=contact)


def rows_over_a_month(partition: Partition) -> list[int]:
    held = []
    for day in range(30):
        for fact in a_day(day):
            partition.take(fact)
            partition.sweep.advance(4)
        held.append(len(partition.rows()))
    return held


def test_the_rows_held_over_a_month_follow_the_holds_and_not_the_history() -> None:
    """A horizon of P1D and a retention of P5D."""
    held = rows_over_a_month(Partition(holds=HOLDS))
    never_swept = len(rows_of_a_month_unswept())

    steady = held[8:]
    assert max(steady) < 1.1 * min(steady)
    assert max(steady) < never_swept / 3


def rows_of_a_month_unswept() -> dict[bytes, bytes]:
    partition = Partition(holds=HOLDS)
    for day in range(30):
        partition.take(*a_day(day))
    return partition.rows()


def test_a_month_with_sweeps_says_what_one_without_them_does(tmp_path: Path) -> None:
    swept, unswept = Partition(holds=HOLDS, cached_touches=50), Partition(holds=HOLDS)
    on_disk = Partition(holds=HOLDS, store=RocksStore(tmp_path / "db", RocksMemory(1 << 20, 1 << 20)), cached_touches=0)
    for day in range(12):
        for partition in (swept, unswept, on_disk):
            partition.take(*a_day(day))
        for partition in (swept, on_disk):
            partition.sweep.advance(100)

    assert swept.log == unswept.log
    assert swept.refused == unswept.refused
    assert Counter(refused.reason for refused in swept.refused) == {Reason.NEVER_MATCHED: 11 * 3}
    assert (on_disk.log, on_disk.refused, on_disk.rows()) == (swept.log, swept.refused, swept.rows())
    on_disk.state.store.close()
