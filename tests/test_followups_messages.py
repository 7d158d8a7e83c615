"""What is said about interactions, byte for byte (contract 2, sections 1 and 3)."""

from __future__ import annotations

import json

import pytest
from msgspec import msgpack

from events.followup_outputs import Followup, Rejection, RejectionReason, Reminder
from events.instant import parse_instant
from events.topics import FOLLOWUPS, REJECTIONS, REMINDERS
from projections.followups.due import status_at
from projections.followups.interaction import Interaction
from projections.followups.messages import encode_followup, encode_rejection, encode_reminder, followup_key
from projections.followups.reminders import reminder_of
from tests.books import OWN, USERS, book, fact, only
from tests.sent_events import Sent, completed, edited, interaction, scheduled

FULL = scheduled(
    title="Über Müller & Söhne", details="d\n2", interaction_type="call", purpose="retention",
    starts_at="2023-07-06T10:00:00.5+01:00", duration="PT1H", assignee="ny", response_required=True,
    date_completed="2023-07-01", note="n", tags=["b", "a"], source="workflow",
)  # fmt: skip
PERSONAL = scheduled(kind="personal", title="Rest", due_on="2023-07-06", response_required=True, **OWN)
EVERY_FACT = [
    scheduled(), interaction("logged", kind="customer", outcome="x"), edited(changes={}), completed(),
    interaction("deleted"), interaction("reassigned", assignee="u2"),
    interaction("snoozed", until="2023-07-06T10:00:00Z"), interaction("tagged"), interaction("posted", text="x"),
]  # fmt: skip


def test_a_follow_up_is_these_bytes() -> None:
    made = book(
        scheduled(interaction_id="i0"), {**FULL, "follow_up_of": "i0"},
        interaction("snoozed", until="2023-07-06T09:30:00Z"), interaction("posted", text="Hm", event_id="p1"),
        completed(
            summary="fine", completed_on="2023-07-07", next_action="write", occurred_at="2023-07-06T11:00:00.25Z"
        ),
    ).interactions["i1"]  # fmt: skip

    assert encode_followup(made, USERS).decode() == (
        '{"interaction_id":"i1","contact_id":"donor-7","owner":null,"kind":"customer","title":"Über Müller & Söhne",'
        '"details":"d\\n2","interaction_type":"call","purpose":"retention","starts_at":"2023-07-06T09:00:00.500000Z",'
        '"due_on":null,"due_at":"2023-07-06T10:00:00.500000Z","assignee":"ny","response_required":true,'
        '"date_completed":"2023-07-01","note":"n","tags":["a","b"],"follow_up_of":"i0","source":"workflow",'
        '"state":"completed","outcome":"reached","summary":"fine","completed_on":"2023-07-07",'
        '"completed_at":"2023-07-06T11:00:00.250000Z","next_action":"write","snoozed_until":"2023-07-06T09:30:00Z",'
        '"posts":[{"event_id":"p1","occurred_at":"2023-07-05T11:00:00Z","actor":"u1","text":"Hm"}],'
        '"created_at":"2023-07-05T11:00:00Z","created_by":"u1","version":4}'
    )


def test_a_personal_follow_up_is_these_bytes_and_a_replay_adds_its_status() -> None:
    """Behaviours D24, D25 and D26."""
    made = only(PERSONAL)
    status = status_at(made, USERS, parse_instant("2023-07-08T00:00:00Z"))

    assert encode_followup(made, USERS, status).decode() == (
        '{"interaction_id":"i1","contact_id":null,"owner":"u1","kind":"personal","title":"Rest","details":null,'
        '"interaction_type":null,"purpose":null,"starts_at":null,"due_on":"2023-07-06",'
        '"due_at":"2023-07-06T23:00:00Z","assignee":"u1","response_required":true,"date_completed":null,"note":null,'
        '"tags":[],"follow_up_of":null,"source":"manual","state":"open","outcome":null,"summary":null,'
        '"completed_on":null,"completed_at":null,"next_action":null,"snoozed_until":null,"posts":[],'
        '"created_at":"2023-07-05T11:00:00Z","created_by":"u1","version":1,"status":"missed"}'
    )


@pytest.mark.parametrize(
    ("event", "name", "expected"),
    [(FULL, "Ada O’Neil",
      ('{"interaction_id":"i1","contact_id":"donor-7","owner":null,"assignee":"ny","due_on":null,'
       '"title":"Über Müller & Söhne","contact_name":"Ada O’Neil","sent_for":"2023-07-06"}')),
     (PERSONAL, None,
      ('{"interaction_id":"i1","contact_id":null,"owner":"u1","assignee":"u1","due_on":"2023-07-06",'
       '"title":"Rest","contact_name":null,"sent_for":"2023-07-06"}'))],
)  # fmt: skip
def test_a_reminder_is_these_bytes(event: Sent, name: str | None, expected: str) -> None:
    """Behaviour B15: all that the text of the e-mail says."""
    made = only(event)
    due = reminder_of(made, USERS)

    assert due is not None
    value = encode_reminder(made, due, name)
    assert value.decode() == expected
    assert list(Reminder.model_validate_json(value).model_dump()) == list(json.loads(value))


def test_a_rejection_is_these_bytes() -> None:
    late = completed(occurred_at="2023-07-05T12:00:00.000001+01:00", event_id="e9")

    assert encode_rejection(fact(late), RejectionReason.ALREADY_COMPLETED).decode() == (
        '{"interaction_id":"i1","contact_id":"donor-7","owner":null,"event_id":"e9","type":"interaction.completed",'
        '"occurred_at":"2023-07-05T11:00:00.000001Z","actor":"u1","reason":"already_completed"}'
    )


@pytest.mark.parametrize("event", EVERY_FACT, ids=lambda event: str(event["type"]))
def test_a_rejection_names_the_type_that_was_sent(event: Sent) -> None:
    value = encode_rejection(fact({**event, "contact_id": "c"}), RejectionReason.DELETED)

    assert json.loads(value)["type"] == event["type"]
    assert list(Rejection.model_validate_json(value, strict=False).model_dump()) == list(json.loads(value))


@pytest.mark.parametrize("event", [FULL, PERSONAL])
def test_a_follow_up_has_the_fields_of_its_schema_in_their_order(event: Sent) -> None:
    value = encode_followup(only(event), USERS)

    assert list(Followup.model_validate_json(value).model_dump()) == list(json.loads(value))


@pytest.mark.parametrize(
    ("event", "expected"),
    [({**FULL, "contact_id": "Zoë"}, '["Zoë","i1"]'), (PERSONAL, '["user:u1","i1"]'),
     ({**FULL, "interaction_id": 'a"b'}, '["donor-7","a\\"b"]')],
)  # fmt: skip
def test_a_follow_up_s_key_is_its_contact_or_owner_and_its_id(event: Sent, expected: str) -> None:
    made = only(event)

    assert followup_key(made.book, made.interaction_id).decode() == expected


def test_follow_ups_have_topics_of_their_own() -> None:
    assert [topic.name for topic in (FOLLOWUPS, REMINDERS, REJECTIONS)] == ["followups", "reminders", "rejections"]


@pytest.mark.parametrize(
    "events",
    [[FULL, interaction("posted", text="x")], [PERSONAL], [scheduled(recurrence="FREQ=DAILY", due_on="2023-07-06")],
     [FULL, completed(), interaction("deleted")]],
)  # fmt: skip
def test_an_interaction_fits_a_row_and_comes_out_as_it_went_in(events: list[Sent]) -> None:
    made = only(*events)

    assert msgpack.decode(msgpack.encode(made), type=Interaction) == made
