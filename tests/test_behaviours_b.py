"""Touchpoints with follow-up, as a membership CRM has them, behaviour by behaviour: here they are interactions.

B5, B6 (filter and tab) and B21 as seen there are lists of the read model: `tests/test_queries_people.py`. Sending the
e-mail itself (the sending half of B13, B14 and the wording of B15) waits for the part that sends; what it says and when
it is due is here. B4 (contact's notes apart) has its half here; the notes' own page waits for pages.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.definitions import UserDefinition
from events.codec import decode
from events.contacts import ContactUpdated
from events.followup_outputs import RejectionReason
from events.instant import parse_instant
from events.interactions import Scheduled
from events.refusal import Reason, Refusal
from projections.followups.book import Book
from projections.followups.messages import encode_reminder
from projections.followups.reminders import reminder_now, reminder_of
from projections.followups.users import Users
from tests.books import OWN, USERS, book, fact, only, rejection, said
from tests.sent_events import Sent, completed, edited, interaction, record, scheduled, updated

FLAGGED = scheduled(title="Freeze ends", details="Ask whether she comes back", due_on="2023-09-01",
                    response_required=True)  # fmt: skip
ON_THE_DAY = parse_instant("2023-09-01T08:00:00Z")


def reminder(*events: Sent, name: str | None = "Ada", users: Users = USERS) -> dict[str, Any] | None:
    """What goes out about the one interaction at eight on the first of September, if anything does."""
    made = only(*events, users=users)
    due = reminder_now(made, users, ON_THE_DAY)
    if due is None:
        return None
    message: dict[str, Any] = json.loads(encode_reminder(made, due, name))
    return message


def test_b1_a_touchpoint_records_what_happened_with_a_customer() -> None:
    happened = interaction("logged", kind="customer", title="Called about the fees", outcome="reached")

    message = said(happened)

    assert [message[name] for name in ("contact_id", "title", "outcome", "created_at")] == [
        "donor-7", "Called about the fees", "reached", "2023-07-05T11:00:00Z",
    ]  # fmt: skip


def test_b2_the_follow_up_flag_is_optional() -> None:
    assert (said(scheduled())["response_required"], said(FLAGGED)["response_required"]) == (False, True)


def test_b3_everything_that_was_ever_said_about_an_interaction_can_be_read() -> None:
    posts = [interaction("posted", text=text) for text in ("one", "two", "three")]

    message = said(FLAGGED, posts[0], completed(), *posts[1:], interaction("deleted"))

    assert [post["text"] for post in message["posts"]] == ["one", "two", "three"]
    assert [message[name] for name in ("title", "outcome", "state")] == ["Freeze ends", "reached", "deleted"]


def test_b4_it_is_apart_from_what_is_noted_about_the_contact() -> None:
    noted = decode("contacts", record(updated({"notes": "Prefers mail"})))

    assert isinstance(noted, ContactUpdated)
    assert noted.attributes == {"notes": "Prefers mail"}
    assert said(scheduled(note="Rang twice"))["note"] == "Rang twice"


def test_b7_a_contact_must_be_selected() -> None:
    assert rejection(scheduled(**OWN)) is RejectionReason.CONTACT_MISSING


def test_b8_it_has_a_description() -> None:
    assert said(FLAGGED)["title"] == "Freeze ends"


def test_b9_it_has_a_detailed_description() -> None:
    assert said(FLAGGED)["details"] == "Ask whether she comes back"


def test_b10_it_has_a_flag_that_a_response_is_required() -> None:
    assert only(FLAGGED).needs_response
    assert only(scheduled(), edited(changes={"response_required": True})).needs_response


def test_b11_its_date_due_is_the_date_of_the_reminder() -> None:
    sent = reminder(FLAGGED)

    assert sent is not None
    assert (sent["due_on"], sent["sent_for"]) == ("2023-09-01", "2023-09-01")


@pytest.mark.parametrize("when", ["2023-07-05", "2023-09-01", "2023-12-01"])
def test_b12_a_date_completed_neither_clears_the_follow_up_nor_stops_the_reminder(when: str) -> None:
    filled = {**FLAGGED, "date_completed": when}
    later = edited(changes={"date_completed": when})

    assert (only(filled).needs_response, only(FLAGGED, later).needs_response) == (True, True)
    assert reminder(filled) == reminder(FLAGGED, later) == reminder(FLAGGED)
    assert said(filled)["date_completed"] == when


def test_b13_it_goes_out_on_the_due_date() -> None:
    due = reminder_of(only(FLAGGED), USERS)

    assert due is not None
    assert due.at_us == parse_instant("2023-09-01T07:00:00Z")


@pytest.mark.parametrize("email", [None, "desk@example.org"])
def test_b14_whether_the_assignee_has_an_address_breaks_nothing(email: str | None) -> None:
    users = Users({"u1": UserDefinition(None, email, "UTC", None, active=True)})

    sent = reminder(FLAGGED, users=users)

    assert sent is not None
    assert sent["assignee"] == "u1"


@pytest.mark.parametrize("name", ["Ada", None])
def test_b15_it_names_the_description_the_contact_and_the_assignee(name: str | None) -> None:
    sent = reminder(FLAGGED, name=name)

    assert sent is not None
    assert [sent[field] for field in ("title", "contact_id", "contact_name", "assignee", "sent_for")] == [
        "Freeze ends", "donor-7", name, "u1", "2023-09-01",
    ]  # fmt: skip


def test_b16_saving_sends_nothing_even_on_the_day_itself() -> None:
    kept = Book(USERS)

    changed = kept.take(fact({**FLAGGED, "due_on": "2023-07-05"}))

    assert changed is not None
    assert kept.interactions["i1"].reminded == ()


def test_b17_days_before_and_after_send_nothing() -> None:
    made = only(FLAGGED)
    days = ["2023-08-31T08:00:00Z", "2023-09-01T08:00:00Z", "2023-09-02T08:00:00Z"]

    assert [reminder_now(made, USERS, parse_instant(day)) is not None for day in days] == [False, True, False]


def test_b18_nothing_exists_until_it_is_saved() -> None:
    refused = decode("interactions", record({**FLAGGED, "due_on": "some day"}))

    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.INVALID_EVENT
    assert rejection(edited(changes={"title": "x"})) is RejectionReason.UNKNOWN_INTERACTION


def test_b19_a_reminder_can_be_for_oneself() -> None:
    own = fact(FLAGGED)
    sent = reminder(FLAGGED)

    assert isinstance(own, Scheduled)
    assert sent is not None
    assert sent["assignee"] == own.actor


def test_b20_a_reminder_comes_on_the_day_a_membership_freeze_ends() -> None:
    sent = reminder(FLAGGED)

    assert sent is not None
    assert (sent["title"], sent["sent_for"]) == ("Freeze ends", "2023-09-01")


def test_b21_a_contact_needs_no_response_once_its_last_flagged_one_is_addressed() -> None:
    flagged = [{**FLAGGED, "interaction_id": name} for name in ("i1", "i2")]
    addressed = [completed(interaction_id=name) for name in ("i1", "i2")]

    left = [
        sum(one.needs_response for one in book(*flagged, *addressed[:done]).interactions.values()) for done in range(3)
    ]

    assert left == [2, 1, 0]
