"""Events about interactions: their fields, their defaults and when two copies are one fact (contract 2, section 1)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec import UNSET, msgpack

from events.codec import canonical_event, decode, decode_any
from events.facts import key_of
from events.interactions import (
    Changes,
    Completed,
    Deleted,
    Edited,
    InteractionFact,
    Logged,
    Posted,
    Reassigned,
    Scheduled,
    Snoozed,
    Tagged,
)
from events.refusal import Reason, Refusal
from tests.sent_events import ABSENT, Sent, completed, edited, interaction, record, scheduled

ELEVEN = 1_688_554_800_000_000
HOUR = 3_600_000_000
WHO = ("donor-7", None, "e1", ELEVEN, "i1", "u1")
NINE = "2023-07-06T09:00:00Z"
ONE_OF_EACH = [
    scheduled(due_on="2024-02-29"), interaction("logged", kind="prospect", outcome="reached"),
    edited(changes={"title": None}), completed(), interaction("deleted"), interaction("reassigned", assignee="u2"),
    interaction("snoozed", until=NINE), interaction("tagged", add=["a"]), interaction("posted", text="x"),
]  # fmt: skip


def fact(event: Sent) -> InteractionFact:
    judged = decode("interactions", record(event))
    assert isinstance(judged, InteractionFact), judged
    return judged


def paths(event: Sent) -> list[str]:
    judged = decode("interactions", record(event))
    assert isinstance(judged, Refusal)
    assert judged.reason is Reason.INVALID_EVENT
    return [error.path for error in judged.errors]


@pytest.mark.parametrize(
    ("event", "expected"),
    [(scheduled(), Scheduled(*WHO, "customer", assignee="u1")),
     (interaction("logged", kind="prospect", outcome="reached", next_action="write"),
      Logged(*WHO, "prospect", assignee="u1", outcome="reached", next_action="write")),
     (edited(changes={"note": None}), Edited(*WHO, Changes(note=None))),
     (completed(summary="fine", completed_on="2030-01-01"),
      Completed(*WHO, "reached", "fine", date(2030, 1, 1))),
     (interaction("deleted"), Deleted(*WHO)), (interaction("reassigned", assignee="u2"), Reassigned(*WHO, "u2")),
     (interaction("snoozed", until=NINE), Snoozed(*WHO, ELEVEN + 22 * HOUR)),
     (interaction("tagged", add=["b", "a"]), Tagged(*WHO, ("b", "a"), ())),
     (interaction("posted", text="She called"), Posted(*WHO, "She called"))],
)  # fmt: skip
def test_each_type_becomes_its_fact(event: Sent, expected: InteractionFact) -> None:
    assert fact(event) == expected


def test_a_scheduled_one_may_say_everything() -> None:
    """Behaviours B8 to B12, D2, D13 to D16: description, details, response flag, dates, purpose, type, assignee."""
    everything = scheduled(
        title="Freeze ends", details="Ask", interaction_type="call", purpose="retention", starts_at=NINE,
        duration="PT90M", assignee="u2", response_required=True, date_completed="2023-07-01", note="n", tags=["b", "a"],
        follow_up_of="i0", recurrence="FREQ=WEEKLY", source="workflow",
    )  # fmt: skip

    assert fact(everything) == Scheduled(
        *WHO, "customer", "Freeze ends", "Ask", "call", "retention", None, ELEVEN + 22 * HOUR, 3 * HOUR // 2, "u2",
        response_required=True, date_completed=date(2023, 7, 1), note="n", tags=("b", "a"), follow_up_of="i0",
        recurrence="FREQ=WEEKLY", source="workflow",
    )  # fmt: skip


def test_the_assignee_is_the_actor_where_none_is_named() -> None:
    """Behaviours B19 and D16."""
    assert fact(scheduled(actor="u9")) == fact(scheduled(actor="u9", assignee="u9"))


def test_what_the_system_schedules_is_nobody_s_where_none_is_named() -> None:
    by_system = fact(scheduled(actor="system"))

    assert isinstance(by_system, Scheduled)
    assert by_system.assignee is None


@pytest.mark.parametrize("event", ONE_OF_EACH)
def test_every_fact_has_exactly_one_of_contact_and_owner(event: Sent) -> None:
    assert paths({**event, "contact_id": "c", "owner": "u1"}) == ["/owner"]
    assert paths({field: value for field, value in event.items() if field != "contact_id"}) == [""]


@pytest.mark.parametrize("event", ONE_OF_EACH)
def test_the_key_is_the_contact_s_or_the_owner_s(event: Sent) -> None:
    owned = {field: value for field, value in event.items() if field != "contact_id"} | {"owner": "u7"}

    assert (key_of(fact(event)), key_of(fact(owned))) == ("donor-7", "user:u7")


@pytest.mark.parametrize("event", ONE_OF_EACH)
@pytest.mark.parametrize("field", ["event_id", "occurred_at", "interaction_id", "actor"])
@pytest.mark.parametrize("value", [ABSENT, None, 1, ""])
def test_what_every_fact_has_is_required_and_judged(event: Sent, field: str, value: object) -> None:
    changed = {**event, field: value}

    assert paths({name: value for name, value in changed.items() if value is not ABSENT}) == [f"/{field}"]


@pytest.mark.parametrize("event", ONE_OF_EACH)
def test_an_unknown_field_is_refused(event: Sent) -> None:
    assert paths({**event, "typo": 1}) == ["/typo"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"kind": ABSENT}, ["/kind"]), ({"kind": "lead"}, ["/kind"]), ({"title": None}, ["/title"]),
     ({"assignee": None}, ["/assignee"]), ({"due_on": "2023-02-29"}, ["/due_on"]), ({"due_on": "20230228"},
     ["/due_on"]), ({"due_on": "2023-W01-1"}, ["/due_on"]), ({"due_on": NINE}, ["/due_on"]),
     ({"due_on": "1899-12-31"}, ["/due_on"]),
     ({"starts_at": NINE}, ["/duration"]), ({"duration": "PT1H"}, ["/starts_at"]),
     ({"due_on": "2023-07-06", "starts_at": NINE, "duration": "PT1H"}, ["/starts_at"]),
     ({"starts_at": NINE, "duration": "P1M"}, ["/duration"]),
     ({"starts_at": NINE, "duration": "P999999999999W"}, ["/duration"]),
     ({"starts_at": "2200-12-31T23:00:00Z", "duration": "PT1H"}, ["/duration"]),
     ({"starts_at": "9 am", "duration": "PT1H"}, ["/starts_at"]), ({"response_required": 1}, ["/response_required"]),
     ({"date_completed": NINE}, ["/date_completed"]), ({"tags": "vip"}, ["/tags"]), ({"tags": ["a", 1]}, ["/tags/1"]),
     ({"follow_up_of": ""}, ["/follow_up_of"]), ({"recurrence": "daily"}, ["/recurrence"]),
     ({"source": "robot"}, ["/source"]), ({"outcome": "done"}, ["/outcome"])],
)  # fmt: skip
def test_each_field_of_a_scheduled_one_is_judged(changes: Sent, expected: list[str]) -> None:
    assert paths(scheduled(**changes)) == expected


def test_a_logged_one_has_an_outcome() -> None:
    """Behaviour D21."""
    assert paths(interaction("logged", kind="customer")) == ["/outcome"]


def test_completing_says_an_outcome_or_a_summary() -> None:
    """Behaviours C17 and D93."""
    assert isinstance(fact(completed(outcome=ABSENT, summary="fine")), Completed)
    assert paths(completed(outcome=ABSENT, note="n")) == [""]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, Changes()), ({"kind": "prospect"}, Changes(kind="prospect")), ({"tags": []}, Changes(tags=())),
     ({"due_on": None}, Changes(due_on=None)), ({"due_on": "2023-07-06"}, Changes(due_on=date(2023, 7, 6))),
     ({"starts_at": NINE, "duration": "PT1H"}, Changes(starts_us=ELEVEN + 22 * HOUR, duration_us=HOUR)),
     (dict.fromkeys(["title", "details", "interaction_type", "purpose", "date_completed", "note"]),
      Changes(title=None, details=None, interaction_type=None, purpose=None, date_completed=None, note=None))],
)  # fmt: skip
def test_an_edit_says_what_changes_and_null_takes_away(changes: Sent, expected: Changes) -> None:
    assert fact(edited(changes=changes)) == Edited(*WHO, expected)


@pytest.mark.parametrize(
    ("changes", "reschedules"),
    [(Changes(title="x"), False), (Changes(due_on=None), True), (Changes(due_on=date(2024, 1, 1)), True),
     (Changes(starts_us=0, duration_us=0), True)],
)  # fmt: skip
def test_an_edit_knows_whether_it_replaces_the_schedule(changes: Changes, *, reschedules: bool) -> None:
    assert changes.reschedules is reschedules


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"kind": None}, "/kind"), ({"response_required": None}, "/response_required"), ({"tags": None}, "/tags"),
     ({"starts_at": None, "duration": "PT1H"}, "/starts_at"), ({"starts_at": NINE}, "/duration"),
     ({"due_on": None, "starts_at": NINE, "duration": "PT1H"}, "/starts_at"), ({"assignee": "u2"}, "/assignee"),
     ({"source": "mail"}, "/source"), ({"recurrence": "FREQ=DAILY"}, "/recurrence"), ({"follow_up_of": "i"},
     "/follow_up_of"), ({"outcome": "x"}, "/outcome")],
)  # fmt: skip
def test_what_an_edit_may_not_change_is_refused(changes: Sent, expected: str) -> None:
    assert paths(edited(changes=changes)) == [f"/changes{expected}"]


def test_every_error_is_listed_wherever_it_stands() -> None:
    wrong = edited(event_id="", owner="u1", changes={"title": 1, "starts_at": NINE, "typo": 1}, extra=1)

    assert paths(wrong) == ["/event_id", "/changes/title", "/changes/typo", "/extra", "/owner", "/changes/duration"]


@pytest.mark.parametrize(
    ("one", "other"),
    [(scheduled(starts_at=NINE, duration="PT60M"), scheduled(starts_at="2023-07-06T11:00:00+02:00", duration="PT1H")),
     (scheduled(), scheduled(response_required=False, tags=[], source="manual", assignee="u1")),
     (interaction("tagged"), interaction("tagged", add=[], remove=[])),
     (interaction("snoozed", until=NINE), interaction("snoozed", until="2023-07-06t09:00:00.0000009z"))],
)  # fmt: skip
def test_copies_that_differ_in_spelling_alone_are_one_fact(one: Sent, other: Sent) -> None:
    assert fact(one) == fact(other)
    assert canonical_event(record(one)) == canonical_event(record(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [(scheduled(), scheduled(title="")), (scheduled(tags=["a", "b"]), scheduled(tags=["b", "a"])),
     (edited(changes={"title": None}), edited(changes={})), (edited(changes={"due_on": None}), edited(changes={})),
     (scheduled(), interaction("logged", kind="customer", outcome="")),
     (completed(outcome="x"), completed(outcome=ABSENT, summary="x"))],
)  # fmt: skip
def test_copies_that_differ_in_content_are_not(one: Sent, other: Sent) -> None:
    assert fact(one) != fact(other)
    assert canonical_event(record(one)) != canonical_event(record(other))


@pytest.mark.parametrize("event", [*ONE_OF_EACH, edited(changes={"due_on": "2024-01-01", "title": None})])
def test_a_fact_survives_its_row(event: Sent) -> None:
    row = msgpack.encode(fact(event))

    assert msgpack.decode(row, type=InteractionFact) == fact(event)


def test_what_an_edit_leaves_alone_is_still_unset_in_its_row() -> None:
    row: Any = msgpack.decode(msgpack.encode(fact(edited(changes={"title": None}))), type=InteractionFact)

    assert (row.changes.title, row.changes.note) == (None, UNSET)


@pytest.mark.parametrize("event", ONE_OF_EACH)
def test_a_line_of_a_file_finds_the_topic(event: Sent) -> None:
    assert decode_any(record(event)) == ("interactions", fact(event))


@pytest.mark.parametrize("kind", ["opened", "completed ", ""])
def test_a_type_that_nobody_knows_is_unknown(kind: str) -> None:
    judged = decode("interactions", record(interaction(kind)))

    assert isinstance(judged, Refusal)
    assert judged.reason is Reason.UNKNOWN_TYPE
