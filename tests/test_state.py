"""The state of a partition: a view that sees its own changes, and writes them whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest

from events.refusal import Reason, refuse
from streams.rows import (
    Claimed,
    Follower,
    Origin,
    WaitingRow,
    conversion_row,
    instant_bytes,
    instant_of,
    retracted_once_more,
    same_touchpoint,
    touch_fields,
    touch_instants,
    touch_row,
)
from streams.state import PartitionState, Room
from streams.store import MemoryStore
from tests.domain import DAY_US, HOUR_US, NOON, cancellation, conversion, refund, retraction, touchpoint

ANN = b"ann"
TOPICS = [b"t", b"c"]


def row(at: int = NOON, lifetime: int = DAY_US, retractions: int = 0) -> bytes:
    made = touch_row(touchpoint("t1", at), at + lifetime)
    for _ in range(retractions):
        made = retracted_once_more(made)
    return made


def reopened(state: PartitionState, cached_touches: int = 1000) -> PartitionState:
    return PartitionState(state.store, cached_touches)


def waiting(fact: Follower, offset: int = 0) -> WaitingRow:
    return WaitingRow(fact, Origin("evenhand.conversions", 0, offset, 1, b"ann", b"{}"))


@pytest.fixture
def state() -> PartitionState:
    return PartitionState(MemoryStore())


class ReadCounting(MemoryStore):
    """Counts the reads of single rows and the scans."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def get(self, key: bytes) -> bytes | None:
        self.reads += 1
        return super().get(key)

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        self.reads += 1
        return super().scan(start, end)


# A view of its own changes


def test_what_was_put_is_seen_at_once_and_stands_in_the_store_from_the_commit_on(state: PartitionState) -> None:
    ann = state.contact(ANN)
    state.put_touch(ann, b"t1", row())
    state.put_conversion(ann, b"c1", conversion_row(conversion("c1")))

    assert state.touch(ann, b"t1") == row()
    assert list(state.conversions(ann)) == [b"c1"]
    assert list(state.store.scan(b"", b"\xff")) == []

    state.commit()

    again = reopened(state)
    assert again.touch(again.contact(ANN), b"t1") == row()
    assert again.conversions(again.contact(ANN)) == {b"c1": conversion_row(conversion("c1"))}


def test_a_view_that_is_thrown_away_before_its_commit_has_changed_nothing(state: PartitionState) -> None:
    state.put_touch(state.contact(ANN), b"t1", row())
    state.commit()
    state.put_touch(state.contact(ANN), b"t1", row(retractions=1))
    state.put_touch(state.contact(ANN), b"t2", row())
    state.wait(state.contact(ANN), b"c", b"c1", waiting(refund("r1", "c1", 1)))

    again = reopened(state)

    assert again.touch(again.contact(ANN), b"t1") == row()
    assert again.touch(again.contact(ANN), b"t2") is None
    assert again.meta.waiting == 0


def test_everything_of_a_commit_is_written_in_one_batch() -> None:
    class Batches(MemoryStore):
        batches = 0

        def write(self, rows: Mapping[bytes, bytes | None]) -> None:
            self.batches += 1
            super().write(rows)

    store = Batches()
    state = PartitionState(store)
    state.meta.offsets["touchpoints"] = 7
    for name in (ANN, b"bob"):
        contact = state.contact(name)
        state.put_touch(contact, b"t1", row())
        state.put_conversion(contact, b"c1", conversion_row(conversion("c1")))
        state.claim(contact, b"c", b"r1", Claimed(refund("r1", "c1", 1), NOON))
        state.wait(contact, b"t", b"t9", waiting(retraction("x", "t9")))

    state.commit()

    assert store.batches == 1
    assert reopened(state).meta == state.meta


def test_a_touchpoint_of_a_known_contact_is_one_row_written_and_the_state_itself() -> None:
    class Written(MemoryStore):
        def write(self, rows: Mapping[bytes, bytes | None]) -> None:
            self.keys = set(rows)
            super().write(rows)

    store = Written()
    state = PartitionState(store)
    state.put_touch(state.contact(ANN), b"t1", row())
    state.commit()
    assert store.keys == {b"ann\0k", b"ann\0tt1", b"\0meta"}

    state.put_touch(state.contact(ANN), b"t2", row())
    state.commit()
    assert store.keys == {b"ann\0tt2", b"\0meta"}

    state.commit()
    assert store.keys == {b"\0meta"}


@pytest.mark.parametrize("cached_touches", [0, 2, 1000])
def test_what_is_forgotten_is_read_again(cached_touches: int) -> None:
    state = PartitionState(MemoryStore(), cached_touches)
    for number in range(5):
        contact = state.contact(b"%d" % number)
        state.put_touch(contact, b"t1", row(NOON + number))
        state.put_conversion(contact, b"c1", conversion_row(conversion("c1", minor=number)))
        state.commit()

    for number in range(5):
        contact = state.contact(b"%d" % number)
        assert state.touch(contact, b"t1") == row(NOON + number)
        assert state.conversions(contact)[b"c1"].amount_minor == number


def test_what_was_forgotten_takes_no_room_from_what_comes_after() -> None:
    store = ReadCounting()
    state = PartitionState(store, 100)
    for number in range(1000):
        state.put_touch(state.contact(b"%d" % number), b"t1", row())
        state.put_touch(state.contact(b"%d" % number), b"t1", row())
        state.commit()
    before = store.reads

    for number in range(990, 1000):
        assert state.touch(state.contact(b"%d" % number), b"t1") == row()

    assert store.reads == before


def test_states_share_a_room_and_give_back_what_they_forget_let_go_and_release() -> None:
    room = Room(1000)
    first, second = PartitionState(MemoryStore(), room), PartitionState(MemoryStore(), room)
    for state in (first, second):
        ann = state.contact(ANN)
        for day in range(50):
            state.put_touch(ann, b"t%d" % day, row(NOON + day * DAY_US))
        state.commit()
    contact_alone = room.taken // 2 - 50

    ann = first.contact(ANN)
    ann.window_us = NOON + 40 * DAY_US
    first.let_go(ann)
    first.commit()
    assert room.taken == 2 * contact_alone + 50 + 11

    first.forget(ANN)
    first.commit()
    assert room.taken == contact_alone + 50

    second.release()
    assert room.taken == 0


def test_contacts_whose_ids_begin_alike_share_no_rows(state: PartitionState) -> None:
    for name in (b"an", b"ann", b"ann e"):
        state.put_touch(state.contact(name), name, row())
        state.put_conversion(state.contact(name), name, conversion_row(conversion("c1")))
    state.commit()

    again = reopened(state)

    for name in (b"an", b"ann", b"ann e"):
        contact = again.contact(name)
        assert again.touches_covering(contact, NOON) == [(name, row())]
        assert list(again.conversions(contact)) == [name]


# The window


@pytest.mark.parametrize("cached_touches", [0, 1000])
def test_the_touchpoints_that_cover_an_instant_come_by_time_and_id(cached_touches: int) -> None:
    state = PartitionState(MemoryStore(), cached_touches)
    ann = state.contact(ANN)
    for event_id, at in ((b"b", NOON), (b"a", NOON), (b"old", NOON - HOUR_US), (b"later", NOON + 1)):
        state.put_touch(ann, event_id, row(at))
    state.put_touch(ann, b"expired", row(NOON - DAY_US - 1))
    state.put_touch(ann, b"last", row(NOON - DAY_US))
    state.commit()

    covering = state.touches_covering(state.contact(ANN), NOON)

    assert [event_id for event_id, _ in covering] == [b"last", b"old", b"a", b"b"]


def test_earlier_conversions_after_later_ones_find_touchpoints_that_were_not_loaded_with_them(
    state: PartitionState,
) -> None:
    ann = state.contact(ANN)
    days = range(0, 40, 4)
    for day in days:
        state.put_touch(ann, b"t%02d" % day, row(NOON + day * DAY_US))
    state.commit()
    again = reopened(state)
    ann = again.contact(ANN)
    again.put_touch(ann, b"t04", row(NOON + 4 * DAY_US, retractions=1))
    again.put_touch(ann, b"new", row(NOON + 8 * DAY_US))

    found = {day: again.touches_covering(ann, NOON + day * DAY_US) for day in reversed(days)}

    assert found[36] == [(b"t36", row(NOON + 36 * DAY_US))]
    assert found[8] == [(b"new", row(NOON + 8 * DAY_US)), (b"t08", row(NOON + 8 * DAY_US))]
    assert found[4] == [(b"t04", row(NOON + 4 * DAY_US, retractions=1))]
    assert found[0] == [(b"t00", row(NOON))]


def test_a_touchpoint_of_a_contact_that_is_known_whole_costs_no_read() -> None:
    store = ReadCounting()
    state = PartitionState(store)
    state.put_touch(state.contact(ANN), b"t1", row())
    before = store.reads

    assert state.touch(state.contact(ANN), b"t2") is None
    assert [event_id for event_id, _ in state.touches_covering(state.contact(ANN), NOON)] == [b"t1"]
    assert store.reads == before


def test_what_was_prefetched_costs_no_further_read() -> None:
    class Prefetching(ReadCounting):
        many = 0

        def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
            self.many += 1
            return [self._rows.get(key) for key in keys]

    store = Prefetching()
    state = PartitionState(store, 0)
    for name in (ANN, b"bob"):
        state.put_touch(state.contact(name), b"t1", row())
    state.commit()
    before = store.reads

    state.prefetch([(ANN, b"t1"), (ANN, b"t2"), (b"bob", b"t2"), (b"new", b"t1"), (ANN, b"t2")])

    assert state.touch(state.contact(ANN), b"t1") == row()
    assert state.touch(state.contact(ANN), b"t2") is None
    assert state.touch(state.contact(b"bob"), b"t2") is None
    assert state.touch(state.contact(b"new"), b"t1") is None
    assert (store.reads - before, store.many) == (0, 2)


def test_a_touchpoint_that_was_absent_when_prefetched_is_seen_once_it_is_put() -> None:
    state = PartitionState(MemoryStore(), 0)
    state.put_touch(state.contact(ANN), b"t1", row())
    state.commit()

    state.prefetch([(ANN, b"t2")])
    state.put_touch(state.contact(ANN), b"t2", row())
    assert state.touch(state.contact(ANN), b"t2") == row()
    state.commit()

    assert state.touch(state.contact(ANN), b"t2") == row()


def test_conversions_between_two_instants_are_both_ends_included(state: PartitionState) -> None:
    ann = state.contact(ANN)
    for number in (3, 1, 2, 4):
        state.put_conversion(ann, b"c%d" % number, conversion_row(conversion("c", NOON + number)))
    state.commit()
    again = reopened(state)
    ann = again.contact(ANN)
    again.conversions(ann)

    assert list(ann.conversions_between(NOON + 2, NOON + 3)) == [b"c2", b"c3"]
    assert list(ann.conversions_between(NOON + 5, NOON + 9)) == []
    assert ann.newest_conversion_us == NOON + 4


def test_a_conversion_under_a_freed_id_takes_the_formers_place(state: PartitionState) -> None:
    ann = state.contact(ANN)
    state.put_conversion(ann, b"c1", conversion_row(conversion("c1", NOON)))
    state.put_conversion(ann, b"c1", conversion_row(conversion("c1", NOON + 9)))

    assert list(ann.conversions_between(NOON, NOON + 9)) == [b"c1"]
    assert list(ann.conversions_between(NOON, NOON + 8)) == []


# Facts that wait


@pytest.mark.parametrize("topic", TOPICS)
def test_waiting_facts_are_found_by_what_they_wait_for(state: PartitionState, topic: bytes) -> None:
    rows = [waiting(cancellation(event_id, "c1")) for event_id in ("b", "a")]
    for kept in rows:
        state.wait(state.contact(ANN), topic, b"c1", kept)
    state.wait(state.contact(ANN), topic, b"c11", waiting(cancellation("c", "c11")))
    state.wait(state.contact(b"bob"), topic, b"c1", waiting(cancellation("d", "c1")))
    state.claim(state.contact(ANN), topic, b"a", Claimed(cancellation("a", "c1"), NOON))
    state.commit()

    for view in (state, reopened(state)):
        ann = view.contact(ANN)
        assert [kept for _, kept in view.waiting_for(ann, topic, b"c1")] == [rows[1], rows[0]]
        assert view.waiting_for(ann, topic, b"c") == []
        assert view.meta.waiting == 4


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("committed", [True, False])
def test_facts_that_waited_since_before_an_instant_come_oldest_first(
    state: PartitionState, topic: bytes, committed: bool
) -> None:
    ann = state.contact(ANN)
    for place, at in enumerate([NOON + 3, NOON + 1, NOON + 2]):
        state.wait(ann, topic, b"c1", waiting(cancellation(f"k{place}", "c1", at), place))
    other = TOPICS[1 - TOPICS.index(topic)]
    state.wait(ann, other, b"c1", waiting(cancellation("other", "c1", NOON)))
    state.claim(ann, topic, b"k0", Claimed(cancellation("k0", "c1"), NOON))
    if committed:
        state.commit()
        state = reopened(state, 0)

    found = state.waited_since_before(topic, NOON + 3)

    assert [kept.fact.event_id for _, _, kept in found] == ["k1", "k2"]
    assert state.waited_since_before(topic, NOON + 1) == []


@pytest.mark.parametrize("cached_touches", [0, 1000])
def test_a_fact_that_waits_no_more_is_found_no_more(cached_touches: int) -> None:
    state = PartitionState(MemoryStore(), cached_touches)
    state.wait(state.contact(ANN), b"c", b"c1", waiting(cancellation("k1", "c1", NOON)))
    state.claim(state.contact(ANN), b"c", b"k1", Claimed(cancellation("k1", "c1"), NOON))
    state.commit()
    [(contact, key, kept)] = state.waited_since_before(b"c", NOON + 1)

    state.wait_no_more(contact, b"c", key, kept)

    for _ in range(2):
        assert state.waited_since_before(b"c", NOON + 1) == []
        assert state.waiting_for(state.contact(ANN), b"c", b"c1") == []
        assert state.meta.waiting == 0
        state.commit()


def test_the_oldest_waiting_fact_is_known_after_the_one_before_it_has_gone(state: PartitionState) -> None:
    ann = state.contact(ANN)
    state.wait(ann, b"c", b"c1", waiting(cancellation("k2", "c1", NOON + 5)))
    state.wait(ann, b"c", b"c1", waiting(cancellation("k1", "c1", NOON)))
    [(contact, key, kept)] = state.waited_since_before(b"c", NOON + 1)
    state.wait_no_more(contact, b"c", key, kept)

    assert [kept.fact.event_id for _, _, kept in state.waited_since_before(b"c", NOON + 6)] == ["k2"]


FOLLOWERS: list[Follower] = [
    retraction("1", "t1", NOON, "a mistake"),
    retraction("1", "t1", NOON),
    refund("1", "c1", 10**18 - 1),
    cancellation("1", "c1"),
]


@pytest.mark.parametrize("fact", FOLLOWERS, ids=repr)
@pytest.mark.parametrize("topic", TOPICS)
def test_a_claimed_id_is_known_with_its_fact_in_its_topic_alone(
    state: PartitionState, fact: Follower, topic: bytes
) -> None:
    state.claim(state.contact(ANN), topic, b"1", Claimed(fact, NOON))
    other = TOPICS[1 - TOPICS.index(topic)]

    for _ in range(2):
        ann = state.contact(ANN)
        assert state.claimed(ann, topic, b"1") == Claimed(fact, NOON)
        assert state.claimed(ann, other, b"1") is None
        assert state.claimed(state.contact(b"bob"), topic, b"1") is None
        state.commit()
        state = reopened(state)


# What was said, and what is owed


def test_what_a_former_owner_said_is_known_when_the_conversion_comes_and_only_then(state: PartitionState) -> None:
    state.note_said(ANN, b"c1", 3, 1)
    state.note_said(ANN, b"c1", 2, 0)
    state.commit()
    again = reopened(state)
    ann = again.contact(ANN)

    assert again.said_before(ann, b"c2") == (0, 0)
    assert again.said_before(ann, b"c1") == (3, 1)
    again.commit()
    assert again.said_before(ann, b"c1") == (0, 0)


def test_what_a_former_owner_said_of_a_held_conversion_is_kept_with_it(state: PartitionState) -> None:
    state.put_conversion(state.contact(ANN), b"c1", conversion_row(conversion("c1")))
    state.commit()

    state.note_said(ANN, b"c1", 3, 1)
    state.note_said(ANN, b"c1", 2, 0)
    state.commit()

    held = reopened(state)
    kept = held.conversions(held.contact(ANN))[b"c1"]
    assert (kept.said, kept.lift) == (3, 1)


@pytest.mark.parametrize("committed", [True, False])
def test_a_conversion_that_is_owed_a_look_is_told_once(state: PartitionState, committed: bool) -> None:
    state.owe(state.contact(ANN), b"c1")
    state.owe(state.contact(ANN), b"c1")
    state.owe(state.contact(b"bob"), b"c1")
    if committed:
        state.commit()
        state = reopened(state)
        assert state.is_owed(ANN, b"c1")

    owed = [(contact.prefix, conversion_id) for contact, conversion_id in state.owed()]
    state.commit()

    assert owed == [(b"ann\0", b"c1"), (b"bob\0", b"c1")]
    assert state.owed() == []
    assert not state.is_owed(ANN, b"c1")


@pytest.mark.parametrize("committed", [True, False])
def test_a_refusal_that_is_owed_a_dead_letter_is_told_once_in_the_order_of_the_log(
    state: PartitionState, committed: bool
) -> None:
    refusal = refuse(Reason.TOO_LATE, None, "/occurred_at", "late")
    origins = [Origin("evenhand.touchpoints", 0, offset, 1, None, b"\xff") for offset in (2, 10, 300)]
    for origin in reversed(origins):
        state.owe_refusal(origin, refusal)
    if committed:
        state.commit()
        state = reopened(state)

    owed = state.owed_refusals()
    state.commit()

    assert owed == [(origin, refusal) for origin in origins]
    assert state.owed_refusals() == []


# Rows


@pytest.mark.parametrize("at", [-(1 << 62), -1, 0, 1, NOON, 1 << 61])
def test_an_instant_comes_back_from_its_bytes(at: int) -> None:
    assert instant_of(instant_bytes(at)) == at


def test_the_bytes_of_instants_order_as_time_does() -> None:
    instants = [-(1 << 62), -2, -1, 0, 1, 255, 256, NOON, 1 << 61]

    assert sorted(instants, key=instant_bytes) == instants


@pytest.mark.parametrize("properties", [b"", b"sixteen bytes .."])
@pytest.mark.parametrize("dimensions", [None, {}, {"place": "Leeds"}])
def test_a_touchpoints_row_tells_its_times_its_retractions_and_its_description(
    properties: bytes, dimensions: dict[str, str] | None
) -> None:
    fact = touchpoint("t1", NOON, "ad", DAY_US, dimensions, properties=properties)

    made = retracted_once_more(retracted_once_more(touch_row(fact, NOON + DAY_US)))

    assert touch_instants(made) == (NOON, NOON + DAY_US)
    assert touch_fields(made) == (NOON, NOON + DAY_US, 2, b"ad\0" + fact.dimensions)


def test_retractions_do_not_tell_a_copy_from_another_fact() -> None:
    assert same_touchpoint(row(retractions=300), row())
    assert not same_touchpoint(row(NOON), row(NOON + 1))


def test_dimensions_are_not_taken_for_properties() -> None:
    with_properties = touchpoint("t1", NOON, "ad", DAY_US, properties=b"sixteen bytes ..")
    plain = touchpoint("t1", NOON, "ad", DAY_US)
    spelt_out = touch_row(plain, NOON + DAY_US) + b"sixteen bytes .."

    assert not same_touchpoint(touch_row(with_properties, NOON + DAY_US), spelt_out)


def test_a_conversions_row_comes_back_from_its_bytes() -> None:
    made = conversion_row(conversion("c1", NOON, 10**18 - 1, "JPY", "pledge", properties=b"\0" * 16))
    made.refunded_minor, made.followers, made.said, made.lift, made.cancelled = 10**18 - 2, 3, 4, 5, True

    read = type(made).unpack(made.pack())

    assert read == made
    assert (*read.name_and_currency, read.taken_back_minor) == ("pledge", "JPY", 10**18 - 1)
    assert read.is_same(conversion_row(conversion("c1", NOON, 10**18 - 1, "JPY", "pledge", properties=b"\0" * 16)))
