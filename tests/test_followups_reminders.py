"""Reminders: once for each due date, in the assignee's own day (contract 2, section 3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.instant import HOUR_US, format_instant, parse_instant
from projections.followups.book import Book
from projections.followups.interaction import Interaction
from projections.followups.reminders import Due, reminded, reminder_now, reminder_of
from projections.followups.users import Users
from tests.books import OWN, USERS, book, fact, only, user
from tests.sent_events import Sent, completed, edited, interaction, scheduled

ASKING = scheduled(due_on="2023-07-06", response_required=True)
"""Of u1, who is in London and reminded from 8 on."""
AT_8 = "2023-07-06T07:00:00Z"
DAY_OVER = "2023-07-06T23:00:00Z"
START = {"starts_at": "2023-07-06T12:00:00Z", "duration": "PT1H"}


def due_of(*events: Sent, users: Users = USERS) -> tuple[str, str, str] | None:
    """The day, from when and until when the reminder is sent."""
    due = reminder_of(only(*events, users=users), users)
    return None if due is None else (due.date.isoformat(), format_instant(due.at_us), format_instant(due.over_us))


def ask(kept: Book, at: str) -> Due | None:
    """What is sent for the one interaction when somebody looks at an instant; the book remembers it."""
    [held] = kept.interactions.values()
    due = reminder_now(held, kept.users, parse_instant(at))
    if due is not None:
        kept.interactions[held.interaction_id] = reminded(held, due)
    return due


def sent(kept: Book, *instants: str) -> list[str]:
    """The dates that reminders were sent for when somebody looked at these instants."""
    return [due.date.isoformat() for at in instants if (due := ask(kept, at)) is not None]


def test_a_reminder_goes_out_on_the_due_date_at_the_assignee_s_hour() -> None:
    """Behaviours B11, B13, B17, B19 and T25."""
    assert due_of(ASKING) == ("2023-07-06", AT_8, DAY_OVER)


@pytest.mark.parametrize(
    ("who", "expected"),
    [({"assignee": "ny"}, "2023-07-06T10:00:00Z"), ({"assignee": "plain"}, "2023-07-06T06:00:00Z"),
     ({"assignee": "unknown"}, "2023-07-06T06:00:00Z"), ({"actor": "system"}, "2023-07-06T06:00:00Z")],
    ids=str,
)  # fmt: skip
def test_without_an_hour_of_the_user_s_the_installation_s_counts(who: Sent, expected: str) -> None:
    found = due_of({**ASKING, **who})

    assert found is not None
    assert found[1] == expected


@pytest.mark.parametrize(
    ("hour", "where", "due_on", "expected"),
    [(2, "America/New_York", "2024-03-10", "2024-03-10T07:00:00Z"),  # 02:00 is never shown
     (1, "America/New_York", "2024-11-03", "2024-11-03T05:00:00Z"),  # 01:00 comes twice: the first
     (0, "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"), (0, "UTC", "2024-01-01", "2024-01-01T00:00:00Z"),
     (8, "Europe/London", "2024-03-31", "2024-03-31T07:00:00Z")],
)  # fmt: skip
def test_the_hour_is_found_also_on_days_when_clocks_change(hour: int, where: str, due_on: str, expected: str) -> None:
    found = due_of({**ASKING, "due_on": due_on}, users=Users({"u1": user(where, hour)}))

    assert found is not None
    assert found[1] == expected


def test_a_day_that_a_zone_left_out_is_not_reminded_of() -> None:
    assert due_of({**ASKING, "due_on": "2011-12-30"}, users=Users({"u1": user("Pacific/Apia", 8)})) is None


@pytest.mark.parametrize(
    ("event", "expected"),
    [(scheduled(due_on="2023-07-06"), None), (scheduled(response_required=True), None), (scheduled(), None),
     (scheduled(**START), "2023-07-06"), (scheduled(response_required=True, **START), "2023-07-06"),
     (ASKING, "2023-07-06"), ({**ASKING, "kind": "prospect"}, "2023-07-06")],
)  # fmt: skip
def test_reminded_is_of_what_needs_a_response_or_starts_that_day(event: Sent, expected: str | None) -> None:
    """Behaviour B2."""
    found = due_of(event)

    assert (found and found[0]) == expected


def test_of_what_starts_the_day_is_the_assignee_s() -> None:
    early = {**START, "starts_at": "2023-07-06T02:00:00Z"}

    assert due_of(scheduled(assignee="ny", **early)) == (
        "2023-07-05", "2023-07-05T10:00:00Z", "2023-07-06T04:00:00Z"
    )  # fmt: skip


def test_a_personal_one_is_reminded_of_too() -> None:
    """Behaviours D24, D25 and B19."""
    note = scheduled(kind="personal", due_on="2023-07-06", response_required=True, **OWN)

    assert due_of(note) == ("2023-07-06", AT_8, DAY_OVER)


@pytest.mark.parametrize(
    "last", [completed(), interaction("deleted"), edited(changes={"response_required": False}),
             edited(changes={"due_on": None})]
)  # fmt: skip
def test_what_is_addressed_gone_or_without_a_date_is_not_reminded_of(last: Sent) -> None:
    assert due_of(ASKING, last) is None


@pytest.mark.parametrize(
    "last", [edited(changes={"date_completed": "2023-07-05"}), interaction("posted", text="She rang")]
)
def test_a_date_of_completion_and_a_post_stop_no_reminder(last: Sent) -> None:
    """Behaviour B12."""
    assert due_of(ASKING, last) == due_of(ASKING)


@pytest.mark.parametrize(
    ("until", "expected"),
    [("2023-07-06T06:59:59Z", AT_8), ("2023-07-06T10:00:00Z", "2023-07-06T10:00:00Z"),
     ("2023-07-06T22:59:59Z", "2023-07-06T22:59:59Z"), (DAY_OVER, None), ("2023-07-09T00:00:00Z", None)],
)  # fmt: skip
def test_a_snoozed_one_waits_for_that_instant_but_not_into_another_day(until: str, expected: str | None) -> None:
    """Behaviour T19."""
    found = due_of(ASKING, interaction("snoozed", until=until))

    assert (found and found[1]) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [("2023-07-05T12:00:00Z", []), ("2023-07-06T06:59:59.999999Z", []), (AT_8, ["2023-07-06"]),
     ("2023-07-06T22:59:59.999999Z", ["2023-07-06"]), (DAY_OVER, []), ("2030-01-01T00:00:00Z", [])],
)  # fmt: skip
def test_it_is_sent_late_when_nobody_was_there_and_never_once_its_day_is_over(at: str, expected: list[str]) -> None:
    """Behaviours B16 and B17: by the passing of time, not by the fact."""
    assert sent(book(ASKING), at) == expected


def test_it_is_sent_once_also_when_the_clock_is_set_back_an_hour() -> None:
    """Behaviours B17 and T28."""
    assert sent(book(ASKING), AT_8, "2023-07-06T08:30:00Z", "2023-07-06T07:30:00Z", AT_8) == ["2023-07-06"]


def moved(kept: Book, due_on: str, number: int) -> None:
    kept.take(fact(edited(changes={"due_on": due_on}, event_id=f"m{number}")))


def test_a_date_moved_before_it_fired_is_reminded_of_on_the_new_day_alone() -> None:
    kept = book(ASKING)
    moved(kept, "2023-07-07", 1)

    assert sent(kept, AT_8, "2023-07-07T07:00:00Z") == ["2023-07-07"]


def test_a_date_moved_after_it_fired_is_reminded_of_again_on_the_new_day() -> None:
    kept = book(ASKING)

    assert sent(kept, AT_8) == ["2023-07-06"]
    moved(kept, "2023-07-07", 1)
    assert sent(kept, AT_8, "2023-07-07T07:00:00Z") == ["2023-07-07"]


def test_a_date_moved_back_to_one_already_reminded_sends_nothing() -> None:
    kept = book(ASKING)

    assert sent(kept, AT_8) == ["2023-07-06"]
    moved(kept, "2023-07-07", 1)
    moved(kept, "2023-07-06", 2)
    assert sent(kept, "2023-07-06T12:00:00Z", "2023-07-07T12:00:00Z") == []


def test_another_assignee_is_not_reminded_of_the_same_date_again() -> None:
    """Behaviour T20."""
    kept = book(ASKING)

    assert sent(kept, AT_8) == ["2023-07-06"]
    kept.take(fact(interaction("reassigned", assignee="ny", event_id="r1")))
    assert sent(kept, "2023-07-06T12:00:00Z") == []


def test_the_next_of_a_series_is_reminded_of_on_its_own_day() -> None:
    """Behaviour T18."""
    kept = book({**ASKING, "recurrence": "FREQ=DAILY"})

    assert sent(kept, AT_8) == ["2023-07-06"]
    kept.take(fact(completed(event_id="c1")))
    opened = kept.interactions["i1/2"]

    assert reminder_now(opened, USERS, parse_instant("2023-07-07T07:00:00Z")) is not None


def test_the_next_of_a_series_is_said_anew_and_reminded_of_also_on_the_same_day() -> None:
    kept = book(scheduled(recurrence="FREQ=HOURLY", **START))

    assert sent(kept, AT_8) == ["2023-07-06"]
    kept.interactions["i1"] = replace(kept.interactions["i1"], lift=3)
    kept.take(fact(completed(event_id="c1")))
    opened = kept.interactions["i1/2"]

    assert reminder_now(opened, USERS, parse_instant(AT_8)) is not None
    assert (kept.interactions["i1"].version, opened.version) == (5, 1)


def test_a_membership_freeze_that_ends_is_reminded_of_that_day() -> None:
    """Behaviour B20."""
    freeze = scheduled(title="Membership freeze ends", due_on="2023-09-01", response_required=True)

    assert sent(book(freeze), "2023-08-31T07:00:00Z", "2023-09-01T07:00:00Z", "2023-09-02T07:00:00Z") == ["2023-09-01"]


looks = st.lists(st.integers(0, 96), max_size=30)
moves = st.lists(st.sampled_from(["2023-07-05", "2023-07-06", "2023-07-07", "2023-07-08"]), max_size=8)


@given(looks, moves, st.sampled_from(["u1", "ny", "plain"]))
def test_however_often_anybody_looks_and_dates_move_each_date_is_reminded_of_at_most_once(
    hours: list[int], dates: list[str], assignee: str
) -> None:
    """Behaviour T28: the clock may run backwards."""
    first_us = parse_instant("2023-07-05T00:00:00Z")
    kept = book({**ASKING, "assignee": assignee})
    fired = []
    for number, hour in enumerate(hours):
        if number < len(dates):
            moved(kept, dates[number], number)
        now = format_instant(first_us + hour * HOUR_US)
        due = ask(kept, now)
        if due is not None:
            fired.append(due.date)
            assert due.at_us <= parse_instant(now) < due.over_us

    held: Interaction = kept.interactions["i1"]
    assert len(fired) == len(set(fired))
    assert held.reminded == tuple(fired)
