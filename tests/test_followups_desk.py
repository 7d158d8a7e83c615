"""The follow-ups decider on rows: what a partition's state makes of facts in log order."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from config.definitions import UserDefinition
from events.codec import decode
from events.facts import AnyFact
from events.instant import format_instant, parse_instant
from events.refusal import Reason, Refusal
from projections.followups.users import Users
from streams.followups.desk import Desk
from streams.kept import Kept
from streams.received import Received
from streams.store import MemoryStore
from tests.domain import DAY_US, HOUR_US, NOON

USERS = Users({"u1": UserDefinition("Front desk", None, "America/New_York", 8, True)})
HORIZON_US = 90 * DAY_US


class Partition:
    """A desk whose every step is written and read again, as after a restart."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.offset = 0
        self.desk = self._desk()

    def _desk(self) -> Desk:
        return Desk(Kept(self.store), USERS, HORIZON_US)

    def take(self, what: str, event_id: str, at: int = NOON, **fields: object) -> Refusal | None:
        sent: dict[str, object] = {
            "type": what,
            "event_id": event_id,
            "contact_id": "ann",
            "occurred_at": format_instant(at),
        }
        if what.startswith("interaction."):
            sent |= {"interaction_id": "i1", "actor": "u1"}
        topic = "interactions" if what.startswith("interaction.") else "contacts"
        fact = cast(AnyFact, decode(topic, json.dumps(sent | fields).encode()))
        assert not isinstance(fact, Refusal), fact
        self.offset += 1
        received = cast(Received, SimpleNamespace(topic=topic, partition=0, offset=self.offset, timestamp=at // 1000))
        refusal = self.desk.decide(fact, received)
        self.desk.books.state.commit()
        return refusal

    def scheduled(self, event_id: str = "e1", at: int = NOON, **fields: object) -> Refusal | None:
        return self.take("interaction.scheduled", event_id, at, **({"kind": "customer"} | fields))

    def versions(self) -> dict[str, int]:
        """Of the interactions that are there, by id."""
        rows = self.store.scan(b"ann\0i", b"ann\0j")
        found = [self.desk.books.interaction(key) for key, _ in rows]
        return {interaction.interaction_id: interaction.version for interaction in found if interaction is not None}

    def said(self) -> dict[str, int | None]:
        """The versions that are said now, by id; None for a tombstone."""
        records = [self.desk.followup(key) for key in self.desk.touched]
        self.desk.touched.clear()
        found = [record for record in records if record is not None]
        return {json.loads(key)[1]: None if value is None else json.loads(value)["version"] for key, value in found}

    def reminders(self, now_us: int) -> list[str]:
        """The due dates of which reminders are sent at an instant, after a restart."""
        self.desk = self._desk()
        self.desk.wake(now_us)
        self.desk.books.state.commit()
        return [str(reminding.due.date) for reminding in self.desk.reminders.values()]


@pytest.fixture
def partition() -> Partition:
    return Partition()


def test_a_copy_changes_nothing_and_another_fact_of_its_id_is_refused(partition: Partition) -> None:
    partition.scheduled(title="Call")

    assert partition.scheduled(title="Call") is None
    refusal = partition.scheduled(title="Visit")

    assert partition.desk.duplicates == 1
    assert refusal is not None
    assert refusal.reason is Reason.CONFLICTING_DUPLICATE
    assert partition.versions() == {"i1": 1}


def test_a_rejected_fact_claims_its_id_and_its_copies_are_silent(partition: Partition) -> None:
    for _ in range(2):
        assert partition.take("interaction.posted", "e1", text="hello") is None

    assert [(one.fact.event_id, one.reason.value) for one in partition.desk.rejected] == [("e1", "unknown_interaction")]
    assert partition.desk.duplicates == 1


def test_what_lies_further_back_than_the_horizon_is_too_late(partition: Partition) -> None:
    partition.scheduled()

    refusal = partition.scheduled("e2", NOON - HORIZON_US - 1, interaction_id="i2")

    assert refusal is not None
    assert refusal.reason is Reason.TOO_LATE


@pytest.mark.parametrize("erased_first", [True, False])
def test_what_an_erasure_covers_was_never_sent(partition: Partition, erased_first: bool) -> None:
    if erased_first:
        partition.take("contact.erased", "x", NOON)
    partition.take("contact.updated", "n1", NOON - 1, attributes={"name": "Ann"})
    partition.scheduled()
    partition.scheduled("e2", NOON, interaction_id="i2")
    partition.scheduled("e3", NOON + 1, interaction_id="i3")
    if not erased_first:
        partition.take("contact.erased", "x", NOON)

    assert partition.versions() == {"i3": 1}
    assert partition.desk.books.name(b"ann\0") is None
    assert not [row for key, row in partition.store.scan(b"", b"\xff") if b"Ann" in row or b"e2" in key]


def test_after_an_erasure_no_row_names_the_contact_and_its_ids_are_free(partition: Partition) -> None:
    partition.take("contact.updated", "n1", NOON - 1, attributes={"name": "Ann"})
    partition.scheduled()
    partition.take("contact.erased", "x", NOON)
    partition.said()
    partition.desk.books.state.commit()

    rows = list(partition.store.scan(b"", b"\xff"))
    assert not [key for key, row in rows if b"ann" in key or b"ann" in row]
    assert partition.take("contact.updated", "n1", NOON + 1, attributes={"name": "Anne"}) is None
    assert partition.desk.books.name(b"ann\0") == "Anne"


def test_after_an_erasure_the_versions_of_what_stays_go_on(partition: Partition) -> None:
    partition.scheduled(at=NOON + HOUR_US)
    partition.take("interaction.posted", "e2", NOON + HOUR_US, text="kept")
    partition.take("interaction.tagged", "e3", NOON - 1, add=["gone"])
    assert partition.said() == {"i1": 3}

    partition.take("contact.erased", "x", NOON)

    assert partition.said() == {"i1": 4}
    interaction = partition.desk.books.find(b"ann\0", "i1")
    assert interaction is not None
    assert interaction.tags == ()


def test_what_named_something_erased_is_rejected_then_and_said_once(partition: Partition) -> None:
    partition.scheduled(at=NOON)
    partition.take("interaction.posted", "e2", NOON + 1, text="later than the erasure")
    partition.take("interaction.posted", "e3", NOON + 1, text="of nothing", interaction_id="none")

    partition.take("contact.erased", "x", NOON)

    assert [one.fact.event_id for one in partition.desk.rejected] == ["e3", "e2"]


def test_a_reminder_is_sent_once_whatever_the_clock_says_then(partition: Partition) -> None:
    """Behaviours B13, B17 and T20; 8 o'clock in New York is 13:00 UTC in November."""
    eight = _eight_on("2023-11-10")
    partition.scheduled(at=eight - DAY_US, due_on="2023-11-10", response_required=True)

    assert partition.reminders(eight - 1) == []
    assert partition.reminders(eight) == ["2023-11-10"]
    assert partition.reminders(eight - HOUR_US) == []
    assert partition.reminders(eight + 1) == []


def test_a_due_date_moved_back_to_one_reminded_of_sends_nothing(partition: Partition) -> None:
    eight = _eight_on("2023-11-10")
    partition.scheduled(at=eight - DAY_US, due_on="2023-11-10", response_required=True)
    assert partition.reminders(eight) == ["2023-11-10"]

    for event_id, day in (("e2", "2023-11-11"), ("e3", "2023-11-10")):
        partition.take("interaction.edited", event_id, eight + 1, changes={"due_on": day})

    assert partition.reminders(eight + 2) == []


def test_a_due_date_moved_before_it_fired_sends_for_the_new_date_alone(partition: Partition) -> None:
    eight = _eight_on("2023-11-10")
    partition.scheduled(at=eight - 2 * DAY_US, due_on="2023-11-10", response_required=True)
    partition.take("interaction.edited", "e2", eight - DAY_US, changes={"due_on": "2023-11-11"})

    assert partition.reminders(eight + HOUR_US) == []
    assert partition.reminders(eight + DAY_US) == ["2023-11-11"]


def test_a_reminder_comes_late_after_a_pause_but_never_once_its_day_is_over(partition: Partition) -> None:
    eight = _eight_on("2023-11-10")
    partition.scheduled(at=eight - 2 * DAY_US, due_on="2023-11-10", response_required=True)
    partition.scheduled("e2", eight - 2 * DAY_US, due_on="2023-11-09", response_required=True, interaction_id="i2")

    assert partition.reminders(eight + 5 * HOUR_US) == ["2023-11-10"]


def _eight_on(day: str) -> int:
    return parse_instant(f"{day}T13:00:00Z")


def test_two_books_of_like_names_share_nothing(partition: Partition) -> None:
    partition.scheduled(contact_id="user:u1")
    fields: dict[str, Any] = {"kind": "personal", "owner": "u1"}
    sent = {
        "type": "interaction.scheduled",
        "event_id": "e1",
        "occurred_at": format_instant(NOON),
        "interaction_id": "i1",
        "actor": "u1",
    } | fields
    fact = cast(AnyFact, decode("interactions", json.dumps(sent).encode()))
    received = cast(Received, SimpleNamespace(topic="interactions", partition=0, offset=9, timestamp=NOON // 1000))

    assert partition.desk.decide(fact, received) is None
    assert partition.desk.rejected == []
    assert len(partition.desk.touched) == 2


def test_a_moved_assignee_makes_the_due_be_said_again_and_nothing_else(partition: Partition) -> None:
    partition.desk.look_at_users()
    partition.scheduled(due_on="2023-11-10")
    partition.scheduled("e2", interaction_id="i2")
    assert partition.said() == {"i1": 1, "i2": 1}
    partition.desk.books.state.commit()

    moved = Users({"u1": UserDefinition("Front desk", None, "Europe/Paris", 8, True)})
    partition.desk = Desk(Kept(partition.store), moved, HORIZON_US)
    partition.desk.look_at_users()
    assert partition.said() == {"i1": 2}
    partition.take("interaction.posted", "e3", text="hello")

    assert partition.said() == {"i1": 3}


def test_a_lost_state_learns_from_the_topic_what_was_said(partition: Partition) -> None:
    partition.scheduled(due_on="2023-11-10")
    key = next(iter(partition.desk.touched))
    said = partition.desk.followup(key)
    assert said is not None
    again = Partition()
    again.desk.note_followup(key, said[1])

    again.scheduled(due_on="2023-11-10")

    assert again.said() == {}
