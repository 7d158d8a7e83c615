"""The desk of scores: what it says of contacts, when, and what it keeps of them.

Behaviours E13, E14, T9 and T11 as a partition lives them: published, said once, hidden, scored anew.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.profile import Profile
from events.codec import decode
from events.instant import DAY_US, format_instant, parse_instant
from events.refusal import Reason, Refusal
from events.topics import SCORE_CHANGES, SCORES
from projections.followups.users import Users
from projections.scores.facts import scored
from projections.scores.message import encode_score
from projections.scores.score import score
from streams.received import UNTIMED
from streams.rows import Origin
from streams.scores.desk import PIECE, Desk
from streams.state import PartitionState
from streams.store import MemoryStore
from tests.scoring import CONTACT, NOON, SHIPPED, profile
from tests.sent_events import (
    ABSENT,
    Sent,
    adjusted,
    cancellation,
    completed,
    conversion,
    erased,
    interaction,
    record,
    refund,
    retraction,
    scheduled,
    touchpoint,
    updated,
)

HOUR_US = DAY_US // 24
CLICKS = profile("", 'when = { type = "touchpoint.recorded" }')
TALKS = profile("", 'when = { type = "interaction.completed" }')


def at(event: Sent, event_id: str, us: int = NOON - HOUR_US, **fields: object) -> Sent:
    """The event with this id, at this time."""
    return {**event, "event_id": event_id, "occurred_at": format_instant(us), **fields}


def topic_of(event: Sent) -> str:
    family = event["type"].partition(".")[0]
    return "contacts" if family == "score" else f"{family}s"


class Partition:
    """One partition's desk, driven as the runtime drives it, and the topics that it writes to."""

    def __init__(self, *profiles: Profile) -> None:
        self.store = MemoryStore()
        self.log: list[tuple[str, str, str, dict[str, Any] | None]] = []
        """Topic, contact, profile and message, None for a tombstone."""
        self.raw: list[tuple[str, bytes, bytes | None]] = []
        self._ends: defaultdict[str, int] = defaultdict(int)
        self.restart(*profiles)

    def restart(self, *profiles: Profile) -> None:
        """Go on with what the store has, under these profiles."""
        self.state = PartitionState(self.store)
        self.desk = Desk(self.state, SHIPPED, Users(), profiles)

    def decide(self, *events: Sent) -> list[Reason]:
        """Decide a chunk; why facts are refused."""
        reasons = []
        for event in events:
            topic = topic_of(event)
            value = record(event)
            key = str(event.get("contact_id", f"user:{event.get('owner')}")).encode()
            received = Origin(topic, 0, self._ends[topic], UNTIMED, key, value)
            self._ends[topic] += 1
            fact = decode(topic, value)
            assert not isinstance(fact, Refusal), fact
            refusal = self.desk.decide(fact, received)
            reasons += [] if refusal is None else [refusal.reason]
        self.desk.accepting.give_up()
        return reasons

    def take(self, *events: Sent, now: int = NOON) -> list[Reason]:
        """A whole chunk, at a time."""
        reasons = self.decide(*events)
        self.desk.wake(now)
        for messages in self.desk.say():
            for message in messages:
                self.raw.append((message.topic.name, message.key, message.value))
                said = None if message.value is None else json.loads(message.value)
                self.log.append((message.topic.name, *json.loads(message.key), said))
        self.state.commit()
        self.desk.accepting.lives.clear_away(100)
        return reasons

    def said(self, contact_id: str = CONTACT, profile_id: str = "p") -> list[int | None]:
        """The scores said, in the order of the log; None for a tombstone."""
        found = [each for topic, *key, each in self.log if topic == SCORES.name and key == [contact_id, profile_id]]
        return [None if each is None else each["score"] for each in found]

    def versions(self) -> list[int]:
        return [each["version"] for topic, *_, each in self.log if topic == SCORES.name and each]

    def moves(self) -> list[tuple[str | None, str | None]]:
        return [
            (each["previous_band"], each["band"])
            for topic, *_, each in self.log
            if topic == SCORE_CHANGES.name and each
        ]


def test_a_fact_is_said_and_its_copy_is_not() -> None:
    partition = Partition(CLICKS)

    partition.take(at(touchpoint(), "t1"))
    partition.take(at(touchpoint(), "t1"), now=NOON + 1)

    assert partition.said() == [1]


def test_a_contact_touched_often_in_a_chunk_is_said_once() -> None:
    partition = Partition(CLICKS)

    partition.take(*[at(touchpoint(), f"t{number}") for number in range(5)])

    assert partition.said() == [5]


def test_versions_rise_also_when_the_clock_is_set_back() -> None:
    partition = Partition(CLICKS)

    for number, now in enumerate((NOON, NOON, NOON - 1)):
        partition.take(at(touchpoint(), f"t{number}"), now=now)

    assert partition.versions() == [NOON, NOON + 1, NOON + 2]


def test_a_score_that_depends_on_time_is_said_when_it_changes() -> None:
    partition = Partition(profile("", 'when = { type = "touchpoint.recorded" }\nwindow = "P3D"'))
    partition.take(at(touchpoint(), "t1", NOON))

    partition.take(now=NOON + 3 * DAY_US - 1)
    before = partition.said()
    partition.take(now=NOON + 3 * DAY_US)

    assert (before, partition.said()) == ([1], [1, 0])


def test_what_does_not_change_is_looked_at_daily_and_not_said() -> None:
    partition = Partition(CLICKS)
    partition.take(at(touchpoint(), "t1"))

    partition.desk.wake(NOON + DAY_US)

    assert list(partition.desk.touched) == [CONTACT]
    partition.take(now=NOON + DAY_US)
    assert partition.said() == [1]


def test_who_is_excluded_is_hidden_and_comes_back_in_a_later_version() -> None:
    staff = 'exclude = [{ if = [{ field = "groups", op = "contains", value = "staff" }] }]'
    partition = Partition(profile(staff, 'when = { type = "touchpoint.recorded" }'))

    partition.take(at(touchpoint(), "t1"))
    partition.take(at(updated({"groups": ["staff"]}), "u1", NOON - 2))
    partition.take(at(updated({"groups": []}), "u2", NOON - 1))

    assert partition.said() == [1, None, 1]
    assert partition.versions() == [NOON, NOON + 1]


def test_moves_between_bands_are_said_once_and_do_not_flap() -> None:
    bands = 'bands = [{ name = "cold", from = 0 }, { name = "warm", from = 10 }]\nhysteresis = 3'
    partition = Partition(profile(bands))

    for number, points in enumerate((9, 1, -2, 3, -5)):  # 9, 10, 8, 11, 6
        partition.take(at(adjusted(points=points, profile_id="p"), f"a{number}", NOON - 10 + number))

    assert partition.said() == [9, 10, 8, 11, 6]
    assert partition.moves() == [(None, "cold"), ("cold", "warm"), ("warm", "cold")]


# Publishing


def test_a_profile_published_later_scores_everybody_piece_by_piece_while_events_keep_flowing() -> None:
    contacts = [f"c{number:04}" for number in range(PIECE + 20)]
    partition = Partition()
    partition.take(*[at(touchpoint(), "t1", contact_id=contact) for contact in contacts])
    assert partition.log == []

    partition.restart(CLICKS)
    partition.take(at(touchpoint(), "t2", contact_id=contacts[-1]))
    first = len(partition.log)
    while not partition.desk.publishing.is_over:
        partition.take()

    assert first == PIECE + 1
    assert [partition.said(contact) for contact in contacts] == [[1]] * (len(contacts) - 1) + [[2]]


def test_a_state_that_is_new_has_nobody_to_score_anew() -> None:
    partition = Partition(CLICKS)

    partition.decide(at(touchpoint(), "t1"))
    partition.desk.keep_quiet()
    partition.state.commit()
    partition.restart(CLICKS)

    assert partition.desk.publishing.is_over


def test_publishing_goes_on_after_a_restart() -> None:
    contacts = [f"c{number:04}" for number in range(PIECE + 20)]
    partition = Partition()
    partition.take(*[at(touchpoint(), "t1", contact_id=contact) for contact in contacts])
    partition.restart(CLICKS)
    partition.take()

    partition.restart(CLICKS)
    partition.take()

    assert [partition.said(contact) for contact in contacts] == [[1]] * len(contacts)


def test_a_profile_published_no_more_is_hidden() -> None:
    partition = Partition(CLICKS)
    partition.take(at(touchpoint(), "t1"))

    partition.restart()
    partition.take()

    assert partition.said() == [1, None]


# What is accepted


def test_only_facts_about_contacts_are_refused_here() -> None:
    partition = Partition(CLICKS)

    reasons = partition.take(
        at(touchpoint(), "t1"),
        at(touchpoint(name="email_open"), "t1"),
        at(updated({"name": "Ada"}), "u1"),
        at(updated({"name": "Ada"}), "u1"),
        at(updated({"name": "Bob"}), "u1"),
    )

    assert reasons == [Reason.CONFLICTING_DUPLICATE]
    assert partition.desk.accepting.duplicates == 1
    assert partition.said() == [1]


def test_what_the_rules_of_interactions_forbid_does_not_count() -> None:
    partition = Partition(TALKS)

    partition.take(
        at(completed(), "i1"),
        at(scheduled(), "i2"),
        at(completed(), "i3"),
        at(completed(), "i4"),
        at(completed(), "i3"),
    )

    assert partition.said() == [1]


def test_personal_interactions_are_nobodys_score() -> None:
    partition = Partition(TALKS)

    partition.take(at(scheduled(contact_id=ABSENT, owner="u1", kind="personal"), "i1", owner="u1"))

    assert partition.log == []


def test_what_waited_and_turned_out_wrong_was_never_accepted() -> None:
    partition = Partition(profile("", 'when = { type = "conversion.refunded" }'))

    partition.take(at(refund(currency="EUR", conversion_id="c1"), "r1"))
    partition.take(at(conversion(), "c1"))

    assert partition.said() == [1, 0]


# Taking over


def test_what_was_left_in_silence_is_said_when_woken() -> None:
    partition = Partition(CLICKS)
    partition.decide(at(touchpoint(), "t1"))
    partition.desk.keep_quiet()
    partition.state.commit()

    partition.take()

    assert partition.said() == [1]


def test_a_rebuild_from_the_topics_says_nothing_twice() -> None:
    grouped = 'groups = { mail = { ceiling = 1 } }\nbands = [{ name = "é", from = 1 }]'
    ruled = profile(grouped, 'when = { type = "touchpoint.recorded" }\ngroup = "mail"')
    events = [at(touchpoint(contact_id=name), f"t{number}") for number, name in enumerate(["å", "b", "b"])]
    former = Partition(ruled)
    former.take(*events)

    heir = Partition(ruled)
    for topic, key, value in former.raw:
        if topic == SCORES.name:
            heir.desk.ledger.note_score(key, value)
        elif value is not None:
            heir.desk.ledger.note_change(key, value)
    heir.decide(*events)
    heir.desk.keep_quiet()
    heir.state.commit()
    heir.take(now=NOON + 1)

    assert heir.log == []
    heir.take(at(touchpoint(contact_id="b"), "t9"), at(adjusted(profile_id="p", contact_id="b"), "a1"), now=NOON - 1)
    assert heir.versions() == [NOON + 1]


# Erasure


def test_an_erased_contact_is_hidden_and_begins_anew() -> None:
    partition = Partition(CLICKS)
    partition.take(at(touchpoint(), "t1", NOON - 9), at(updated({"name": "Ada"}), "u1", NOON - 9))

    partition.take(at(erased(), "x", NOON - 5))
    left = [pair for pair in partition.store.scan(b"", b"\xff" * 5) if any(CONTACT.encode() in part for part in pair)]
    partition.take(at(touchpoint(), "t2", NOON - 7))
    reasons = partition.take(at(touchpoint(), "t1", NOON - 3), at(updated({"name": "Bob"}), "u1", NOON - 3))

    assert left == []
    assert reasons == []
    assert partition.said() == [1, None, 1]


def test_an_erasure_that_comes_late_takes_what_it_covers_and_takes_the_rest_anew() -> None:
    both = profile("", 'when = { type = "interaction.completed" }', 'when = { type = "interaction.scheduled" }')
    partition = Partition(both)
    partition.take(
        at(scheduled(), "i1", NOON - 9),
        at(scheduled(), "i2", NOON - 4),  # forbidden while there is the first
        at(completed(), "i3", NOON - 3),
        at(completed(interaction_id="old"), "i4", NOON - 2),
    )

    partition.take(at(erased(), "x", NOON - 5))

    assert partition.said() == [2]  # as many as before: the first went, the second came
    partition.take(at(interaction("deleted"), "i5", NOON - 1))
    assert partition.said() == [2, 0]


def test_facts_that_wait_for_others_are_erased_too() -> None:
    partition = Partition(CLICKS)
    partition.take(at(retraction(touchpoint_id="t9"), "r1", NOON - 9), at(cancellation(), "c9", NOON - 9))

    partition.take(at(erased(), "x", NOON - 5))
    partition.take(at(touchpoint(contact_id="another"), "far", NOON + 400 * DAY_US), now=NOON + 400 * DAY_US)

    left = [pair for pair in partition.store.scan(b"", b"\xff" * 5) if any(CONTACT.encode() in part for part in pair)]
    assert left == []
    assert partition.state.meta.waiting == 0


def test_a_fact_that_an_erasure_left_can_still_be_taken_back() -> None:
    partition = Partition(
        profile("", 'when = { type = "touchpoint.recorded" }', 'when = { type = "conversion.recorded" }')
    )
    partition.take(at(touchpoint(dimensions={"platform": "x"}), "t1", NOON - 3), at(conversion(), "c1", NOON - 3))
    partition.take(at(erased(), "x", NOON - 5))

    partition.take(
        at(retraction(touchpoint_id="t1"), "t2", NOON - 1), at(cancellation(conversion_id="c1"), "c2", NOON - 1)
    )
    far = NOON + 4000 * DAY_US
    partition.take(
        at(touchpoint(contact_id="another"), "far", far), at(conversion(contact_id="another"), "far", far), now=far
    )

    assert partition.said() == [2, 0]
    assert partition.state.meta.waiting == 0


EVENTS: Sequence[Sent] = (
    at(touchpoint(), "t1", NOON - 9),
    at(touchpoint(), "t2", NOON - 7),
    at(touchpoint(), "t3", NOON - 2),
    at(retraction(touchpoint_id="t3"), "t4", NOON - 1),
    at(conversion(), "c1", NOON - 3),
    at(refund(conversion_id="c1"), "c2", NOON - 2),
    at(updated({"kind": "donor"}), "u1", NOON - 8),
    at(updated({"kind": "member"}), "u2", NOON - 2),
    at(adjusted(points=100, profile_id="p"), "a1", NOON - 8),
    at(adjusted(points=1000, profile_id="p"), "a2", NOON - 2),
    at(erased(), "x", NOON - 5),
    at(erased(), "y", NOON - 6),
)


@given(st.permutations([*EVENTS, EVENTS[2], EVENTS[7]]), st.lists(st.integers(0, 14), max_size=4))
def test_whatever_the_order_copies_and_chunks_the_last_score_is_that_of_the_facts(
    events: list[Sent], cuts: list[int]
) -> None:
    ruled = profile(
        "",
        'when = { type = "touchpoint.recorded" }',
        'when = { type = "conversion.refunded" }\npoints = 10',
        'if = [{ field = "kind", op = "=", value = "member" }]\npoints = 30',
    )
    partition = Partition(ruled)

    places = [0, *sorted(cuts), len(events)]
    for start, end in pairwise(places):
        partition.take(*events[start:end])

    facts = [scored(record(event), SHIPPED) for event in EVENTS]
    expected = score(ruled, facts, NOON, CONTACT)
    assert expected is not None
    last = [said for topic, *_, said in partition.log if topic == SCORES.name][-1]
    assert last == json.loads(encode_score(expected, 0)) | {"version": partition.versions()[-1]}


@pytest.mark.parametrize("instant", ["1999-12-31T23:59:59Z", "2150-01-01T00:00:00Z"])
def test_the_clock_of_the_worker_may_stand_anywhere(instant: str) -> None:
    partition = Partition(CLICKS)
    now = parse_instant(instant)

    partition.take(at(touchpoint(), "t1", now), now=now)

    assert partition.versions() == [now]
