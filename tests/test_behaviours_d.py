"""Interactions, behaviour by behaviour: D1 to D6, D14 to D27, D46 to D54, D79 to D99, where a decider decides them.

Of pages, and waiting for them: D4 to D6 as the places where each kind is made, D7 and D9 to D12, D50, D57 to D61, D63
to D67, D69 to D78, D82, D88. Of the read model's lists (`tests/test_queries_people.py`): D46 to D48 and D51 as lists,
D55, D56, D62 and D68. D28 to D45 are generation's and are tested with it.
"""

from __future__ import annotations

from typing import Any

import pytest

from events.codec import decode
from events.contacts import ContactUpdated
from events.followup_outputs import RejectionReason
from events.instant import parse_instant
from events.refusal import Refusal
from projections.followups.due import status_at
from tests.books import OWN, USERS, book, only, rejection, said
from tests.sent_events import ABSENT, Sent, completed, edited, interaction, record, scheduled, updated

MEETING = scheduled(
    title="Spring order", details="Ask for the catalogue", starts_at="2023-07-06T09:00:00Z", duration="PT1H",
    purpose="Sell", interaction_type="meeting",
)  # fmt: skip
LOGGED = interaction("logged", kind="customer", outcome="Sold")
DELETED = interaction("deleted")
CHANGES_AFTER = [
    edited(changes={"note": "x"}), interaction("reassigned", assignee="ny"),
    interaction("snoozed", until="2023-07-09T00:00:00Z"), completed(),
]  # fmt: skip


def wrong(event: Sent) -> list[str]:
    """The fields for which an event is refused."""
    judged = decode("interactions", record(event))
    assert isinstance(judged, Refusal)
    return [error.path for error in judged.errors]


def status(at: str, *events: Sent) -> str:
    return status_at(only(*events), USERS, parse_instant(at))


@pytest.mark.parametrize("kind", ["customer", "prospect"])
def test_d1_it_is_linked_to_a_customer_or_a_prospect(kind: str) -> None:
    message = said(scheduled(kind=kind))

    assert (message["kind"], message["contact_id"]) == (kind, "donor-7")


def test_d2_it_has_date_and_time_details_and_insights() -> None:
    message = said(MEETING)

    assert [message[name] for name in ("starts_at", "title", "details")] == [
        "2023-07-06T09:00:00Z", "Spring order", "Ask for the catalogue",
    ]  # fmt: skip


def test_d3_new_personal_and_generated_ones_are_told_apart() -> None:
    generated = said(scheduled(kind="prospect", source="generated"))

    assert (said(scheduled())["source"], generated["source"]) == ("manual", "generated")
    assert said(scheduled(kind="personal", **OWN))["kind"] == "personal"


def test_d4_d5_and_d6_every_kind_needs_the_contact_or_the_owner_that_it_has() -> None:
    assert rejection(scheduled(**OWN)) is RejectionReason.CONTACT_MISSING
    assert rejection(scheduled(kind="personal")) is RejectionReason.CONTACT_ON_PERSONAL
    assert rejection(scheduled(kind="prospect", source="generated", **OWN)) is RejectionReason.CONTACT_MISSING


def test_d8_it_starts_at_a_time_and_lasts() -> None:
    assert said(MEETING)["due_at"] == "2023-07-06T10:00:00Z"
    assert wrong(scheduled(starts_at="2023-07-06T09:00:00Z")) == ["/duration"]


def test_d13_a_purpose_is_set() -> None:
    assert said(MEETING)["purpose"] == "Sell"


def test_d14_a_type_is_set() -> None:
    assert said(MEETING)["interaction_type"] == "meeting"


def test_d15_a_note_is_optional() -> None:
    assert (said(scheduled())["note"], said(scheduled(note="Side door"))["note"]) == (None, "Side door")


def test_d16_the_assignee_is_by_default_the_creating_user() -> None:
    assert said(scheduled(actor="u3"))["assignee"] == "u3"
    assert said(scheduled(actor="u3", assignee="ny"))["assignee"] == "ny"


def test_d17_a_follow_up_can_be_created_along_with_it() -> None:
    assert said(scheduled(), scheduled(interaction_id="i2", follow_up_of="i1"), of="i2")["follow_up_of"] == "i1"


def test_d18_the_next_action_stays_empty_until_completion() -> None:
    assert wrong(scheduled(next_action="Ring")) == ["/next_action"]
    assert [said(scheduled())["next_action"], said(scheduled(), completed(next_action="Ring"))["next_action"]] == [
        None, "Ring",
    ]  # fmt: skip


def test_d19_an_outcome_completes_it() -> None:
    assert said(scheduled(), completed(outcome="Sold"))["state"] == "completed"
    assert wrong(edited(changes={"outcome": "Sold"})) == ["/changes/outcome"]


@pytest.mark.parametrize("field", ["kind", "actor", "interaction_id", "event_id", "occurred_at"])
def test_d20_it_is_created_when_all_that_is_required_is_there(field: str) -> None:
    assert wrong(scheduled(**{field: ABSENT})) == [f"/{field}"]


def test_d21_a_logged_one_has_its_outcome_and_is_completed() -> None:
    message = said(LOGGED)

    assert (message["state"], message["outcome"]) == ("completed", "Sold")
    assert wrong(interaction("logged", kind="customer")) == ["/outcome"]


def test_d22_a_next_action_can_be_set_when_logging() -> None:
    assert said({**LOGGED, "next_action": "Send the bill"})["next_action"] == "Send the bill"


def test_d23_note_assignee_and_follow_up_are_optional_when_logging() -> None:
    message = said(
        {**LOGGED, "note": "Late", "assignee": "ny"}, {**LOGGED, "interaction_id": "i2", "follow_up_of": "i1"}
    )

    assert [message["note"], message["assignee"], said(LOGGED)["note"], said(LOGGED)["assignee"]] == [
        "Late", "ny", None, "u1",
    ]  # fmt: skip


def test_d24_a_personal_one_has_no_customer_prospect_or_contact() -> None:
    message = said(scheduled(kind="personal", **OWN))

    assert (message["contact_id"], message["owner"]) == (None, "u1")
    assert rejection(scheduled(kind="personal")) is RejectionReason.CONTACT_ON_PERSONAL


def test_d25_a_personal_one_has_a_date() -> None:
    assert said(scheduled(kind="personal", due_on="2023-07-06", **OWN))["due_on"] == "2023-07-06"


def test_d26_its_note_is_its_description() -> None:
    assert said(scheduled(kind="personal", note="Buy stamps", **OWN))["note"] == "Buy stamps"


def test_d27_one_fact_creates_it() -> None:
    assert said(scheduled(kind="personal", **OWN))["version"] == 1


PAST, TODAY, FUTURE = "2023-07-05", "2023-07-06", "2023-07-07"
NOON_TODAY = "2023-07-06T12:00:00Z"


@pytest.mark.parametrize(
    ("due_on", "events", "expected"),
    [pytest.param(TODAY, [], "open", id="D46"), pytest.param(FUTURE, [], "open", id="D47"),
     pytest.param(PAST, [], "missed", id="D48"), pytest.param(PAST, [completed()], "completed", id="D49 past"),
     pytest.param(FUTURE, [completed()], "completed", id="D49 future")],
)  # fmt: skip
def test_d46_to_d49_it_is_open_missed_or_completed(due_on: str, events: list[Sent], expected: str) -> None:
    assert status(NOON_TODAY, scheduled(due_on=due_on), *events) == expected


def test_d52_open_is_what_has_no_outcome_and_is_still_to_come() -> None:
    assert status("2023-07-06T09:59:59.999999Z", MEETING) == "open"


def test_d53_missed_is_what_has_no_outcome_and_is_over() -> None:
    assert status("2023-07-06T10:00:00Z", MEETING) == "missed"


def test_d54_completed_is_what_has_an_outcome() -> None:
    assert status("2023-07-06T10:00:00Z", MEETING, completed(outcome="Sold")) == "completed"


def test_d79_and_d90_it_is_completed_by_one_fact() -> None:
    assert said(MEETING, completed())["state"] == "completed"


def test_d80_who_it_is_assigned_to_is_said() -> None:
    assert said({**MEETING, "assignee": "ny"})["assignee"] == "ny"


@pytest.mark.parametrize("before", [[], [completed()]], ids=["open", "completed"])
def test_d81_tags_can_be_added(before: list[Sent]) -> None:
    assert said(MEETING, *before, interaction("tagged", add=["vip", "spring"]))["tags"] == ["spring", "vip"]


def test_d83_d84_and_d97_opportunities_are_the_contact_s() -> None:
    """An interaction holds none: they are linked, added and updated as attributes of its contact."""
    opportunities = [{"id": "o1", "name": "Spring order", "value": "120.5", "currency": "GBP", "open": True}]
    judged = decode("contacts", record(updated({"opportunities": opportunities})))

    assert isinstance(judged, ContactUpdated)
    assert judged.attributes == {"opportunities": opportunities}


def test_d85_an_open_one_can_be_edited_and_a_completed_one_cannot() -> None:
    change = edited(changes={"title": "Autumn order"})

    assert said(MEETING, change)["title"] == "Autumn order"
    assert rejection(MEETING, completed(), change) is RejectionReason.ALREADY_COMPLETED


@pytest.mark.parametrize("before", [[], [completed()]], ids=["open", "completed"])
def test_d86_it_can_be_deleted(before: list[Sent]) -> None:
    assert said(MEETING, *before, DELETED)["state"] == "deleted"


@pytest.mark.parametrize("before", [[], [completed()]], ids=["open", "completed"])
def test_d87_and_d96_a_follow_up_can_be_added_to_an_open_and_to_a_completed_one(before: list[Sent]) -> None:
    follow_up = scheduled(interaction_id="i2", follow_up_of="i1", due_on=FUTURE)

    assert said(MEETING, *before, follow_up, of="i2")["follow_up_of"] == "i1"


@pytest.mark.parametrize("before", [[], [completed()]], ids=["open", "completed"])
def test_d89_posts_can_be_added(before: list[Sent]) -> None:
    [post] = said(MEETING, *before, interaction("posted", text="She rang", actor="ny"))["posts"]

    assert (post["text"], post["actor"]) == ("She rang", "ny")


@pytest.mark.parametrize("event", CHANGES_AFTER, ids=lambda event: str(event["type"]))
def test_d91_and_d92_completing_cannot_be_undone_and_nothing_is_edited_afterwards(event: Sent) -> None:
    assert rejection(MEETING, completed(), event) is RejectionReason.ALREADY_COMPLETED


def completing(**fields: object) -> dict[str, Any]:
    return said({**MEETING, "note": "Side door"}, completed(**fields))


def test_d93_an_outcome_is_given() -> None:
    assert completing(outcome="Sold")["outcome"] == "Sold"
    assert wrong(completed(outcome=ABSENT)) == [""]


def test_d94_the_type_may_be_changed() -> None:
    assert [completing()["interaction_type"], completing(interaction_type="call")["interaction_type"]] == [
        "meeting", "call",
    ]  # fmt: skip


def test_d95_a_next_action_may_be_set() -> None:
    assert completing(next_action="Send the bill")["next_action"] == "Send the bill"


def test_d98_notes_may_be_updated() -> None:
    assert [completing()["note"], completing(note="Front door")["note"]] == ["Side door", "Front door"]


def test_d99_only_completion_completes() -> None:
    others = [
        edited(changes={"date_completed": "2023-07-06"}), interaction("posted", text="Done"),
        interaction("tagged", add=["done"]), interaction("snoozed", until=NOON_TODAY),
        interaction("reassigned", assignee="ny"),
    ]  # fmt: skip

    assert {name: one.state.value for name, one in book(MEETING, *others).interactions.items()} == {"i1": "open"}
