"""When an interaction is due and missed, and until when it needs a response (contract 2, section 3)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.instant import parse_instant
from events.zones import ZONES, zone
from projections.followups.clocks import date_at, first_instant_after
from projections.followups.due import due_date, is_missed, status_at
from projections.followups.users import Users
from tests.books import USERS, only, said, user
from tests.sent_events import Sent, completed, edited, interaction, scheduled

START = {"starts_at": "2023-07-06T12:00:00Z", "duration": "PT90M"}


def due_at(due_on: str, where: str) -> str:
    due: str = said(scheduled(due_on=due_on), users=Users({"u1": user(where)}))["due_at"]
    return due


@pytest.mark.parametrize(
    ("due_on", "where", "expected"),
    [("2023-07-05", "UTC", "2023-07-06T00:00:00Z"), ("2023-07-05", "Europe/London", "2023-07-05T23:00:00Z"),
     ("2023-07-05", "America/New_York", "2023-07-06T04:00:00Z"), ("2023-07-05", "Asia/Kolkata", "2023-07-05T18:30:00Z"),
     ("2018-11-03", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),  # 00:00 is never shown: 23:59 is followed by 01:00
     ("2018-02-17", "America/Sao_Paulo", "2018-02-18T03:00:00Z"),  # the hour from 23:00 comes twice
     ("2023-04-27", "Africa/Cairo", "2023-04-27T22:00:00Z"), ("2023-10-26", "Africa/Cairo", "2023-10-26T22:00:00Z"),
     ("2023-03-25", "Asia/Beirut", "2023-03-25T22:00:00Z"), ("2022-10-29", "Asia/Beirut", "2022-10-29T22:00:00Z"),
     ("2023-11-04", "America/Havana", "2023-11-05T04:00:00Z"),  # midnight itself comes twice: the first
     ("2010-11-06", "America/St_Johns", "2010-11-07T02:30:00Z"),  # a minute later the day before is back
     ("2011-12-29", "Pacific/Apia", "2011-12-30T10:00:00Z"),  # the 30th was left out
     ("1919-03-30", "America/Toronto", "1919-03-31T04:30:00Z"),  # 23:30 was followed by 00:30
     ("2200-12-31", "America/New_York", "2201-01-01T05:00:00Z")],
)  # fmt: skip
def test_a_date_is_due_at_the_first_instant_after_it_in_the_assignee_s_zone(
    due_on: str, where: str, expected: str
) -> None:
    """Behaviours B11 and T25."""
    assert due_at(due_on, where) == expected


@given(st.dates(date(1970, 1, 2), date(2050, 1, 1)), st.sampled_from(sorted(ZONES)))
def test_before_the_due_it_is_that_day_or_before_and_then_a_later_one(day: date, where: str) -> None:
    at_us = first_instant_after(day, zone(where))

    assert date_at(at_us, zone(where)) > day
    assert date_at(at_us - 1, zone(where)) <= day
    assert date_at(at_us, zone(where)) - day <= timedelta(days=2)


def test_what_starts_is_due_when_it_ends() -> None:
    """Behaviours D2 and D8."""
    assert said(scheduled(**START))["due_at"] == "2023-07-06T13:30:00Z"


def test_what_has_neither_is_never_missed() -> None:
    never = only(scheduled())

    assert (said(scheduled())["due_at"], is_missed(never, USERS, 1 << 62)) == (None, False)


def test_the_assignee_s_zone_counts_as_it_is_at_present() -> None:
    first = scheduled(due_on="2023-07-05")
    reassigned = interaction("reassigned", assignee="ny")

    assert said(first)["due_at"] == "2023-07-05T23:00:00Z"
    assert said(first, reassigned)["due_at"] == "2023-07-06T04:00:00Z"
    assert said(first, users=Users({"u1": user("Asia/Tokyo")}))["due_at"] == "2023-07-05T15:00:00Z"


@pytest.mark.parametrize("who", [{"assignee": "plain"}, {"assignee": "unknown"}, {"actor": "system"}], ids=str)
def test_where_a_user_has_no_zone_or_there_is_no_user_the_installation_s_counts(who: Sent) -> None:
    users = Users(USERS.users, time_zone="Asia/Tokyo")

    assert said(scheduled(due_on="2023-07-05", **who), users=users)["due_at"] == "2023-07-05T15:00:00Z"


@pytest.mark.parametrize(
    ("events", "at", "expected"),
    [([], "2023-07-05T22:59:59.999999Z", "open"), ([], "2023-07-05T23:00:00Z", "missed"),
     ([completed()], "2030-01-01T00:00:00Z", "completed"), ([completed()], "2000-01-01T00:00:00Z", "completed"),
     ([interaction("deleted")], "2030-01-01T00:00:00Z", "deleted"),
     ([edited(changes={"due_on": None})], "2030-01-01T00:00:00Z", "open"),
     ([edited(changes={"due_on": "2023-07-06"})], "2023-07-05T23:00:00Z", "open"),
     ([interaction("snoozed", until="2023-07-09T00:00:00Z")], "2023-07-05T23:00:00Z", "missed"),
     ([edited(changes={"date_completed": "2023-07-01"})], "2023-07-05T23:00:00Z", "missed")],
)  # fmt: skip
def test_an_open_one_is_missed_from_its_due_on(events: list[Sent], at: str, expected: str) -> None:
    """Behaviours D46, D47, D48, D49, D52, D53 and D54."""
    assert status_at(only(scheduled(due_on="2023-07-05"), *events), USERS, parse_instant(at)) == expected


@pytest.mark.parametrize(
    ("events", "expected"),
    [([], True), ([edited(changes={"date_completed": "2023-07-05"})], True),
     ([interaction("posted", text="She rang")], True), ([interaction("tagged", add=["done"])], True),
     ([interaction("snoozed", until="2030-01-01T00:00:00Z")], True), ([edited(changes={"title": "x"})], True),
     ([interaction("reassigned", assignee="ny")], True), ([edited(changes={"response_required": False})], False),
     ([completed()], False), ([interaction("deleted")], False)],
)  # fmt: skip
def test_a_response_is_needed_until_completion_deletion_or_an_edit(events: list[Sent], expected: bool) -> None:
    """Behaviours B10 and B12: no date and no post clears it."""
    assert only(scheduled(response_required=True), *events).needs_response == expected


def test_a_filled_date_of_completion_closes_nothing() -> None:
    """Behaviour B12."""
    added = scheduled(response_required=True, date_completed="2023-07-05")

    assert (said(added)["state"], only(added).needs_response) == ("open", True)


def test_only_what_asks_for_a_response_needs_one() -> None:
    """Behaviour B2."""
    assert not only(scheduled()).needs_response
    assert only(scheduled(), edited(changes={"response_required": True})).needs_response


@pytest.mark.parametrize(
    ("schedule", "assignee", "expected"),
    [({"due_on": "2023-07-05"}, "ny", date(2023, 7, 5)), ({}, "ny", None), (START, "ny", date(2023, 7, 6)),
     ({**START, "starts_at": "2023-07-06T02:00:00Z"}, "ny", date(2023, 7, 5))],
)  # fmt: skip
def test_the_due_date_is_due_on_or_the_local_date_of_the_start(
    schedule: Sent, assignee: str, expected: date | None
) -> None:
    assert due_date(only(scheduled(assignee=assignee, **schedule)), USERS) == expected
