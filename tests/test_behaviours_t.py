"""What the best other systems have, behaviour by behaviour: T1 to T9, T13 to T16, T18 to T20, T25 and T28.

T10 and T12 (why a score is what it is, a draft tried out) stand with `tests/test_scores_preview.py`, T11 (all scored
anew on publishing) with the live tests, the saying of T9's changes with `tests/test_scores_bands.py`. T26, what is done
to many at once, is tested with generation. T28 over restarts and replays is the live tests'; here is the decision.
"""

from __future__ import annotations

import pytest

from events.instant import DAY_US, parse_instant
from projections.followups.book import Book
from projections.followups.interaction import Interaction
from projections.followups.reminders import reminded, reminder_now, reminder_of
from projections.scores.score import score
from tests.books import USERS, book, fact, only, said
from tests.scoring import CONTACT, NOON, OPENS, opened, points_of, profile, scored_as, set_to, times_of, updated
from tests.sent_events import completed, interaction, scheduled

FOUR_DAYS = [opened(f"t{day}", NOON - day * DAY_US) for day in range(4)]
SAME_DAY = [opened(f"s{number}") for number in range(3)]
ASKING = scheduled(due_on="2023-07-06", response_required=True)


# Scores


def test_t1_a_rule_counts_a_contact_s_facts_up_to_a_number() -> None:
    assert times_of(f"{OPENS}\nmax_times = 3", FOUR_DAYS) == 3


def test_t2_a_rule_counts_up_to_a_number_a_day() -> None:
    assert times_of(f"{OPENS}\nmax_per_day = 2", [*FOUR_DAYS, *SAME_DAY]) == 5


@pytest.mark.parametrize(("each", "expected"), [("max_times = 1", 1), ("", 4), ("every = 3", 1), ("every = 2", 2)])
def test_t3_a_rule_counts_once_every_time_or_every_so_many_times(each: str, expected: int) -> None:
    assert times_of(f"{OPENS}\n{each}", FOUR_DAYS) == expected


def test_t4_a_rule_counts_the_last_days() -> None:
    assert times_of(f'{OPENS}\nwindow = "P2D"', FOUR_DAYS) == 2


def test_t5_a_fact_s_points_go_down_in_a_line() -> None:
    assert [points_of(f'{OPENS}\npoints = 10\ndecay_over = "P10D"', [one]) for one in FOUR_DAYS] == [10, 9, 8, 7]


def test_t6_silence_gives_points_too() -> None:
    silent = 'unless = { type = "touchpoint.recorded" }\nwithin = "P3D"\npoints = -5'
    last = FOUR_DAYS[:1]

    assert [points_of(silent, last, NOON + days * DAY_US) for days in (2, 3, 9)] == [0, -5, -5]


def test_t7_groups_and_totals_have_a_floor_and_a_ceiling() -> None:
    mail = profile("ceiling = 50\n[groups.mail]\nfloor = -10\nceiling = 6", f'{OPENS}\npoints = 5\ngroup = "mail"')
    total = profile("floor = 0\nceiling = 12", f"{OPENS}\npoints = 5")

    assert (scored_as(mail, FOUR_DAYS).score, scored_as(total, FOUR_DAYS).score) == (6, 12)


def test_t8_points_may_be_negative() -> None:
    assert points_of(f"{OPENS}\npoints = -3", FOUR_DAYS) == -12


def test_t9_a_score_lies_in_a_band() -> None:
    graded = profile('bands = [{ name = "cold", from = 0 }, { name = "warm", from = 3 }]', OPENS)

    assert [scored_as(graded, FOUR_DAYS[:count]).band for count in (1, 2, 3, 4)] == ["cold", "cold", "warm", "warm"]


def test_t13_whom_a_profile_excludes_has_no_score() -> None:
    without_staff = profile('exclude = [{ if = [{ field = "groups", op = "contains", value = "staff" }] }]', OPENS)

    assert score(without_staff, [*FOUR_DAYS, updated("u1", groups=["staff"])], NOON, CONTACT) is None
    assert scored_as(without_staff, [*FOUR_DAYS, updated("u1", groups=["donor"])]).score == 4


def test_t14_an_adjustment_by_hand_is_kept_when_facts_and_rules_change() -> None:
    by_hand = [*FOUR_DAYS, set_to("a1", 20)]

    assert scored_as(profile("", OPENS), by_hand).score == 20
    assert scored_as(profile("", OPENS), [*by_hand, opened("t9", NOON + 1)], NOON + 1).score == 21


def test_t15_several_profiles_score_a_contact_each_on_its_own() -> None:
    profiles = [profile("", f"{OPENS}\npoints = {points}") for points in (1, 7)]

    assert [scored_as(one, FOUR_DAYS).score for one in profiles] == [4, 28]


@pytest.mark.parametrize(
    ("key", "expected"),
    [("enabled = false", 0), ("active_from = 2024-07-04T12:00:00Z", 2), ("active_until = 2024-07-04T12:00:00Z", 2)],
)
def test_t16_a_rule_can_be_switched_off_or_hold_between_dates(key: str, expected: int) -> None:
    assert points_of(f"{OPENS}\n{key}", FOUR_DAYS) == expected


# Follow-ups


def test_t18_what_recurs_opens_anew_when_it_is_completed() -> None:
    weekly = {**ASKING, "recurrence": "FREQ=WEEKLY;COUNT=2"}
    kept = book(weekly, completed(), completed(interaction_id="i1/2"))

    assert {name: str(one.schedule.due_on) for name, one in kept.interactions.items()} == {
        "i1": "2023-07-06", "i1/2": "2023-07-13",
    }  # fmt: skip


def test_t19_a_snoozed_one_is_reminded_of_later() -> None:
    snoozed = only(ASKING, interaction("snoozed", until="2023-07-06T15:00:00Z"))
    instants = [parse_instant(f"2023-07-06T{hour}:00:00Z") for hour in ("12", "15")]

    assert [reminder_now(snoozed, USERS, at) is not None for at in instants] == [False, True]


def test_t20_a_reassigned_one_is_the_other_user_s() -> None:
    assert said(ASKING, interaction("reassigned", assignee="ny"))["assignee"] == "ny"


@pytest.mark.parametrize(("assignee", "expected"), [("u1", "2023-07-06T07:00:00Z"), ("ny", "2023-07-06T10:00:00Z")])
def test_t25_reminders_go_by_the_assignee_s_time_zone(assignee: str, expected: str) -> None:
    due = reminder_of(only({**ASKING, "assignee": assignee}), USERS)

    assert due is not None
    assert due.at_us == parse_instant(expected)


def reminded_once(kept: Book) -> Interaction:
    [held] = kept.interactions.values()
    due = reminder_now(held, USERS, parse_instant("2023-07-06T12:00:00Z"))
    assert due is not None
    kept.interactions["i1"] = reminded(held, due)
    return kept.interactions["i1"]


def test_t28_nothing_is_sent_twice_by_a_worker_that_looks_again_or_takes_a_fact_again() -> None:
    kept = book(ASKING)
    once = reminded_once(kept)

    kept.take(fact({**ASKING, "event_id": "e1"}))

    assert kept.interactions["i1"] == once
    assert reminder_now(once, USERS, parse_instant("2023-07-06T12:00:00Z")) is None
