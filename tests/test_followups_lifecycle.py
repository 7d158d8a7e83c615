"""The life of an interaction: what each fact makes of it, and why it may not (contract 2, section 1)."""

from __future__ import annotations

from typing import Any

import pytest

from events.followup_outputs import RejectionReason
from projections.followups.book import Book, Copy, Rejected, fold
from tests.books import OWN, USERS, book, fact, facts, only, rejection, said
from tests.sent_events import ABSENT, Sent, completed, edited, interaction, scheduled

NOON = "2023-07-06T12:00:00Z"
PLANNED = scheduled()
LOGGED = interaction("logged", kind="prospect", outcome="reached")
DONE = completed()
DELETED = interaction("deleted")
ON_ONE: list[Sent] = [
    edited(changes={"title": "Ring"}), completed(), DELETED, interaction("reassigned", assignee="u2"),
    interaction("snoozed", until=NOON), interaction("tagged", add=["vip"]), interaction("posted", text="She rang"),
]  # fmt: skip
CLOSED_BY_COMPLETION = [ON_ONE[place] for place in (0, 1, 3, 4)]
ALLOWED_AFTER_COMPLETION = [ON_ONE[place] for place in (2, 5, 6)]


def kind_of(event: Sent) -> str:
    return str(event["type"])


# What the rules forbid, in their order


@pytest.mark.parametrize("what", ["scheduled", "logged"])
@pytest.mark.parametrize(
    ("kind", "whose", "expected"),
    [("personal", {}, RejectionReason.CONTACT_ON_PERSONAL), ("customer", OWN, RejectionReason.CONTACT_MISSING),
     ("prospect", OWN, RejectionReason.CONTACT_MISSING), ("personal", OWN, None), ("customer", {}, None),
     ("prospect", {}, None)],
)  # fmt: skip
def test_a_personal_one_has_no_contact_and_every_other_has_one(
    what: str, kind: str, whose: dict[str, Any], expected: RejectionReason | None
) -> None:
    """Behaviours D1, D24 and B7."""
    outcome = {"outcome": "reached"} if what == "logged" else {}

    assert rejection(interaction(what, kind=kind, **outcome, **whose)) == expected


@pytest.mark.parametrize("again", [PLANNED, LOGGED], ids=kind_of)
@pytest.mark.parametrize("before", [[], [DONE], [DELETED], [DONE, DELETED]])
def test_an_id_names_one_interaction_for_ever(before: list[Sent], again: Sent) -> None:
    assert rejection(PLANNED, *before, again) is RejectionReason.DUPLICATE_INTERACTION


def test_a_creation_is_judged_by_its_contact_then_its_id_then_its_parent() -> None:
    parentless = scheduled(kind="personal", follow_up_of="nobody")

    assert rejection(PLANNED, parentless) is RejectionReason.CONTACT_ON_PERSONAL
    assert rejection(PLANNED, scheduled(follow_up_of="nobody")) is RejectionReason.DUPLICATE_INTERACTION
    assert rejection(scheduled(follow_up_of="nobody")) is RejectionReason.UNKNOWN_INTERACTION


@pytest.mark.parametrize(
    ("before", "expected"),
    [([], RejectionReason.UNKNOWN_INTERACTION), ([PLANNED], None), ([PLANNED, DONE], None), ([LOGGED], None),
     ([PLANNED, DELETED], RejectionReason.DELETED), ([PLANNED, DONE, DELETED], RejectionReason.DELETED)],
)  # fmt: skip
def test_a_follow_up_needs_a_parent_that_was_accepted_before_and_is_not_deleted(
    before: list[Sent], expected: RejectionReason | None
) -> None:
    """Behaviours D17, D23, D87 and D96."""
    assert rejection(*before, scheduled(interaction_id="i2", follow_up_of="i1")) == expected


def test_nothing_follows_up_itself() -> None:
    assert rejection(scheduled(follow_up_of="i1")) is RejectionReason.UNKNOWN_INTERACTION


def test_a_rejected_creation_is_no_parent() -> None:
    taken = Book(USERS)
    outcomes = [taken.take(one) for one in facts(scheduled(kind="personal"), interaction("posted", text="x"))]

    assert [one.reason for one in outcomes if isinstance(one, Rejected)] == [
        RejectionReason.CONTACT_ON_PERSONAL,
        RejectionReason.UNKNOWN_INTERACTION,
    ]


def test_follow_ups_of_a_deleted_parent_stay() -> None:
    kept = book(PLANNED, scheduled(interaction_id="i2", follow_up_of="i1"), DELETED)

    assert {name: one.state.value for name, one in kept.interactions.items()} == {"i1": "deleted", "i2": "open"}


@pytest.mark.parametrize("event", ON_ONE, ids=kind_of)
def test_a_fact_needs_its_interaction(event: Sent) -> None:
    assert rejection(event) is RejectionReason.UNKNOWN_INTERACTION
    assert rejection(PLANNED, {**event, "interaction_id": "I1"}) is RejectionReason.UNKNOWN_INTERACTION


@pytest.mark.parametrize("event", ON_ONE, ids=kind_of)
@pytest.mark.parametrize("before", [[PLANNED], [PLANNED, DONE], [LOGGED]])
def test_after_its_deletion_everything_on_one_is_rejected(before: list[Sent], event: Sent) -> None:
    """Behaviour D86."""
    assert rejection(*before, DELETED, event) is RejectionReason.DELETED


@pytest.mark.parametrize("event", CLOSED_BY_COMPLETION, ids=kind_of)
@pytest.mark.parametrize("before", [[PLANNED, DONE], [LOGGED]])
def test_a_completed_one_is_not_changed_again(before: list[Sent], event: Sent) -> None:
    """Behaviours D85, D91 and D92."""
    assert rejection(*before, event) is RejectionReason.ALREADY_COMPLETED


@pytest.mark.parametrize("event", ALLOWED_AFTER_COMPLETION, ids=kind_of)
@pytest.mark.parametrize("before", [[PLANNED, DONE], [LOGGED]])
def test_a_completed_one_still_takes_posts_tags_and_its_deletion(before: list[Sent], event: Sent) -> None:
    """Behaviour D92."""
    assert rejection(*before, event) is None


@pytest.mark.parametrize(
    ("first", "kind", "expected"),
    [(PLANNED, "prospect", None), (scheduled(kind="prospect"), "customer", None),
     (PLANNED, "personal", RejectionReason.CONTACT_ON_PERSONAL),
     (scheduled(kind="personal", **OWN), "customer", RejectionReason.CONTACT_MISSING),
     (scheduled(kind="personal", **OWN), "prospect", RejectionReason.CONTACT_MISSING),
     (scheduled(kind="personal", **OWN), "personal", None)],
)  # fmt: skip
def test_an_edit_moves_a_kind_between_customer_and_prospect_alone(
    first: Sent, kind: str, expected: RejectionReason | None
) -> None:
    whose = OWN if first["kind"] == "personal" else {}

    assert rejection(first, edited(changes={"kind": kind, "title": "x"}, **whose)) == expected


def test_of_a_completed_one_an_edit_of_the_kind_is_rejected_for_its_completion() -> None:
    assert rejection(LOGGED, edited(changes={"kind": "personal"})) is RejectionReason.ALREADY_COMPLETED


# What the facts make


def test_completing_says_how_it_went_and_when_that_was() -> None:
    """Behaviours D19, D79, D93, D94, D95, D98 and D99."""
    done = completed(
        outcome="reached", summary="fine", completed_on="2030-01-01", interaction_type="call", next_action="write",
        note="new", occurred_at=NOON,
    )  # fmt: skip

    message = said(scheduled(interaction_type="meeting", note="old"), done)

    assert {name: message[name] for name in ("state", "outcome", "summary", "completed_on", "completed_at")} == {
        "state": "completed", "outcome": "reached", "summary": "fine", "completed_on": "2030-01-01",
        "completed_at": NOON,
    }  # fmt: skip
    assert [message[name] for name in ("interaction_type", "next_action", "note")] == ["call", "write", "new"]


def test_completing_leaves_what_it_does_not_name() -> None:
    message = said(scheduled(interaction_type="meeting", note="old"), completed(outcome=ABSENT, summary="fine"))

    assert [message[name] for name in ("interaction_type", "note", "outcome")] == ["meeting", "old", None]


def test_a_future_one_may_be_completed_and_a_future_date_of_completion_decides_nothing() -> None:
    """Behaviour D49."""
    message = said(scheduled(due_on="2199-01-01"), completed(completed_on="2199-06-01"))

    assert (message["state"], message["completed_at"]) == ("completed", "2023-07-05T11:00:00Z")


def test_a_logged_one_is_born_completed() -> None:
    """Behaviours D21, D22 and D54."""
    message = said(interaction("logged", kind="customer", outcome="sold", next_action="send", occurred_at=NOON))

    assert [message[name] for name in ("state", "outcome", "next_action", "completed_at", "created_at")] == [
        "completed", "sold", "send", NOON, NOON,
    ]  # fmt: skip


def test_an_interaction_is_reassigned_snoozed_and_deleted() -> None:
    """Behaviours T19, T20 and D86."""
    message = said(PLANNED, interaction("reassigned", assignee="ny"), interaction("snoozed", until=NOON), DELETED)

    assert [message[name] for name in ("assignee", "snoozed_until", "state")] == ["ny", NOON, "deleted"]


def test_a_later_snooze_replaces_the_earlier_one() -> None:
    later = interaction("snoozed", until="2023-07-06T10:00:00Z")

    assert said(PLANNED, interaction("snoozed", until=NOON), later)["snoozed_until"] == "2023-07-06T10:00:00Z"


@pytest.mark.parametrize(
    ("add", "remove", "expected"),
    [(["c", "a"], [], ["a", "b", "c"]), (["a"], ["a"], ["b"]), ([], ["b", "x"], []), (["b", "b"], [], ["b"]),
     (["é", "Z", "z"], [], ["Z", "b", "z", "é"]), (["\U0001f600", "\ufb01"], [], ["b", "\ufb01", "\U0001f600"])],
)  # fmt: skip
def test_tags_are_added_then_removed_and_kept_sorted_by_code_point_each_once(
    add: list[str], remove: list[str], expected: list[str]
) -> None:
    """Behaviour D81."""
    assert said(scheduled(tags=["b", "b"]), interaction("tagged", add=add, remove=remove))["tags"] == expected


def test_posts_stand_in_the_order_in_which_they_came() -> None:
    """Behaviour D89."""
    posts = [interaction("posted", text="two", event_id="p2", occurred_at=NOON, actor="u2"),
             interaction("posted", text="one", event_id="p1")]  # fmt: skip

    assert said(PLANNED, *posts)["posts"] == [
        {"event_id": "p2", "occurred_at": NOON, "actor": "u2", "text": "two"},
        {"event_id": "p1", "occurred_at": "2023-07-05T11:00:00Z", "actor": "u1", "text": "one"},
    ]


# Edits


@pytest.mark.parametrize(
    "changes",
    [{"title": "new"}, {"details": "new"}, {"interaction_type": "new"}, {"purpose": "new"}, {"note": "new"},
     {"date_completed": "2023-07-09"}, {"response_required": True}, {"kind": "prospect"}, {"tags": ["new"]},
     {"due_on": "2023-07-09"}],
)  # fmt: skip
def test_an_edit_changes_what_it_names_and_nothing_else(changes: Sent) -> None:
    """Behaviour D85."""
    first = scheduled(
        title="t", details="d", interaction_type="i", purpose="p", note="n", date_completed="2023-07-01", tags=["t"],
        due_on="2023-07-08",
    )  # fmt: skip

    before, after = said(first), said(first, edited(changes=changes))

    assert {name for name in after if after[name] != before[name]} - {"due_at"} == {*changes, "version"}
    assert {name: after[name] for name in changes} == changes


@pytest.mark.parametrize("name", ["title", "details", "interaction_type", "purpose", "note", "date_completed"])
def test_null_takes_an_optional_text_or_date_away(name: str) -> None:
    full = "2023-07-01" if name == "date_completed" else "x"

    assert said(scheduled(**{name: full}), edited(changes={name: None}))[name] is None


STARTS = {"starts_at": NOON, "duration": "PT1H"}


@pytest.mark.parametrize("first", [{}, {"due_on": "2023-07-08"}, STARTS], ids=["none", "date", "start"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"due_on": "2023-07-20"}, [None, "2023-07-20", "2023-07-20T23:00:00Z"]), ({"due_on": None}, [None, None, None]),
     (STARTS, [NOON, None, "2023-07-06T13:00:00Z"])],
)  # fmt: skip
def test_a_schedule_comes_whole_and_replaces_the_old(first: Sent, changes: Sent, expected: list[str | None]) -> None:
    """Behaviours D8, D25 and B11."""
    message = said(scheduled(**first), edited(changes=changes))

    assert [message[name] for name in ("starts_at", "due_on", "due_at")] == expected


def test_tags_of_an_edit_replace_the_old_sorted_and_each_once() -> None:
    assert said(scheduled(tags=["x"]), edited(changes={"tags": ["b", "a", "b"]}))["tags"] == ["a", "b"]


def test_an_edit_that_says_nothing_of_the_schedule_leaves_it() -> None:
    assert said(scheduled(**STARTS), edited(changes={"title": "x"}))["due_at"] == "2023-07-06T13:00:00Z"


# Defaults, copies, erasure


def test_what_is_left_out_has_its_default() -> None:
    """Behaviours B2, B18, B19, D15, D16, D18, D20 and D27."""
    message = said(PLANNED)

    assert [message[name] for name in ("assignee", "response_required", "tags", "source", "state", "version")] == [
        "u1", False, [], "manual", "open", 1,
    ]  # fmt: skip
    assert {name for name, value in message.items() if value is None} == {
        "owner", "title", "details", "interaction_type", "purpose", "starts_at", "due_on", "due_at", "date_completed",
        "note", "follow_up_of", "outcome", "summary", "completed_on", "completed_at", "next_action", "snoozed_until",
    }  # fmt: skip


@pytest.mark.parametrize("first", [PLANNED, DONE], ids=["accepted", "rejected"])
def test_a_fact_holds_its_id_also_when_it_is_rejected(first: Sent) -> None:
    kept = Book(USERS)
    kept.take(fact(first))
    before = dict(kept.interactions)

    assert kept.take(fact(first)) == Copy(same=True)
    assert kept.take(fact({**first, "actor": "u9"})) == Copy(same=False)
    assert kept.interactions == before


def test_a_retry_of_what_was_rejected_needs_a_new_id() -> None:
    kept = Book(USERS)
    rejected, created, again = (fact(event) for event in (DONE, scheduled(event_id="e2"), completed(event_id="e3")))
    kept.take(rejected)
    kept.take(created)

    assert kept.take(rejected) == Copy(same=True)
    assert only(PLANNED) == kept.interactions["i1"]
    assert not isinstance(kept.take(again), Rejected)


def test_what_an_erasure_covers_was_never_sent() -> None:
    at_once = facts(PLANNED, DONE, scheduled(interaction_id="i2", occurred_at=NOON), scheduled(occurred_at=NOON))
    erased_us = at_once[0].occurred_us

    kept, rejected = fold(at_once, USERS, at_once[-1].occurred_us, erased_us)

    assert rejected == []
    assert {name: one.created_us for name, one in kept.interactions.items()} == {
        "i1": at_once[-1].occurred_us, "i2": at_once[-1].occurred_us,
    }  # fmt: skip
    assert list(kept.claimed) == ["e3", "e4"]


def test_what_lies_after_the_instant_asked_for_is_left_out_before_anything_is_decided() -> None:
    later = scheduled(occurred_at=NOON, title="too late")
    taken = facts(later, PLANNED, completed(occurred_at=NOON))

    kept, rejected = fold(taken, USERS, taken[1].occurred_us)

    assert ({name: one.title for name, one in kept.interactions.items()}, rejected) == ({"i1": None}, [])


# Series


def test_completing_one_that_recurs_opens_the_next() -> None:
    """Behaviour T18."""
    first = scheduled(
        recurrence="FREQ=WEEKLY", due_on="2023-07-10", title="Ring", tags=["vip"], response_required=True, note="n",
        assignee="ny", source="workflow", details="d", interaction_type="call", purpose="p",
    )  # fmt: skip
    events = [first, interaction("posted", text="x"), interaction("snoozed", until=NOON),
              completed(next_action="write", completed_on="2023-07-11", occurred_at=NOON, actor="u9")]  # fmt: skip

    was, opened = said(*events), said(*events, of="i1/2")

    told = {"interaction_id", "due_on", "due_at", "state", "outcome", "completed_on", "completed_at", "next_action",
            "snoozed_until", "posts", "created_at", "created_by", "version"}  # fmt: skip
    assert {name for name in was if was[name] != opened[name]} == told
    assert {name: opened[name] for name in told} == {
        "interaction_id": "i1/2", "due_on": "2023-07-17", "due_at": "2023-07-18T04:00:00Z", "state": "open",
        "outcome": None, "completed_on": None, "completed_at": None, "next_action": None, "snoozed_until": None,
        "posts": [], "created_at": NOON, "created_by": "u9", "version": 1,
    }  # fmt: skip


def test_a_series_goes_on_from_each_of_its_interactions_and_ends_with_its_count() -> None:
    kept = book(
        scheduled(recurrence="FREQ=DAILY;COUNT=3", due_on="2023-07-10"), completed(), completed(interaction_id="i1/2"),
        completed(interaction_id="i1/3"),
    )  # fmt: skip

    assert {name: str(one.schedule.due_on) for name, one in kept.interactions.items()} == {
        "i1": "2023-07-10", "i1/2": "2023-07-11", "i1/3": "2023-07-12",
    }  # fmt: skip


def test_a_series_passes_over_an_id_that_somebody_took_and_counts_its_own() -> None:
    kept = book(
        scheduled(interaction_id="i1/2"), scheduled(recurrence="FREQ=DAILY;COUNT=3", due_on="2023-07-10"), completed(),
        completed(interaction_id="i1/3"), completed(interaction_id="i1/4"),
    )  # fmt: skip

    assert list(kept.interactions) == ["i1/2", "i1", "i1/3", "i1/4"]
    assert kept.interactions["i1/2"].state.value == "open"


def test_nobody_takes_the_id_of_one_that_a_series_opened() -> None:
    recurring = scheduled(recurrence="FREQ=DAILY", due_on="2023-07-10")
    taken = scheduled(interaction_id="i1/2")

    assert rejection(recurring, completed(), taken) is RejectionReason.DUPLICATE_INTERACTION


def test_deleting_one_that_recurs_opens_none() -> None:
    assert list(book(scheduled(recurrence="FREQ=DAILY", due_on="2023-07-10"), DELETED).interactions) == ["i1"]


def test_a_moved_one_is_followed_by_the_next_after_its_new_due() -> None:
    moved = edited(changes={"due_on": "2023-07-12"})
    kept = book(scheduled(recurrence="FREQ=WEEKLY", due_on="2023-07-10"), moved, completed())

    assert str(kept.interactions["i1/2"].schedule.due_on) == "2023-07-19"


def test_a_logged_one_that_recurs_opens_the_next() -> None:
    kept = book(interaction("logged", kind="customer", outcome="o", recurrence="FREQ=DAILY", due_on="2023-07-05"))

    assert {name: one.state.value for name, one in kept.interactions.items()} == {"i1": "completed", "i1/2": "open"}
