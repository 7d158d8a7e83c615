"""What each kind of rule gives, at its edges; and when it next gives something else."""

from __future__ import annotations

import pytest

from events.instant import DAY_US, HOUR_US
from projections.scores.facts import Scored, scored
from projections.scores.history import History
from projections.scores.rules import EventScoring, scoring_of
from projections.scores.score import next_change_us, score
from tests.scoring import (
    CONTACT,
    NOON,
    OPENS,
    SHIPPED,
    adjusted,
    cancelled,
    converted,
    erased,
    interaction,
    opened,
    points_of,
    profile,
    refunded,
    retracted,
    scored_as,
    set_to,
    times_of,
    touched,
    updated,
)

SECOND_US = 1_000_000
SILENT = 'unless = { type = "touchpoint.recorded" }\nwithin = "P30D"\npoints = -5'
DND = 'if = [{ field = "dnd", op = "contains_all", value = ["email", "sms"] }]\npoints = -20'


def daily(count: int) -> list[Scored]:
    """One open a day, the newest now."""
    return [opened(f"t{age}", NOON - age * DAY_US) for age in reversed(range(count))]


def test_a_fact_counts_for_a_window_until_its_age_is_the_span() -> None:
    rule = f'{OPENS}\nwindow = "P10D"'

    assert times_of(rule, [opened("t1")], NOON + 10 * DAY_US - 1) == 1
    assert times_of(rule, [opened("t1")], NOON + 10 * DAY_US) == 0


def test_every_second_fact_counts_from_the_earliest() -> None:
    assert [times_of(f"{OPENS}\nevery = 2", daily(count)) for count in range(1, 6)] == [0, 1, 1, 2, 2]


def test_days_of_a_cap_are_those_of_utc() -> None:
    around_midnight = [opened("t1", NOON + 12 * HOUR_US - 1), opened("t2", NOON + 12 * HOUR_US)]

    assert times_of(f"{OPENS}\nmax_per_day = 1", around_midnight, NOON + DAY_US) == 2
    assert times_of(f"{OPENS}\nmax_per_day = 1", [opened("t1"), opened("t2")]) == 1


def test_caps_keep_the_earliest_and_under_decay_the_newest() -> None:
    ten = f"{OPENS}\npoints = 10\nmax_times = 1"

    assert points_of(f'{ten}\ndecay_over = "P10D"', daily(5)) == 10
    assert points_of(f'{ten}\nwindow = "P3D"', daily(5)) == 10
    assert points_of(f'{ten}\ndecay_over = "P10D"\nmax_per_day = 1', daily(5), NOON + 5 * DAY_US) == 5


def test_decay_is_rounded_once_half_to_the_even_number() -> None:
    fading = f'{OPENS}\npoints = 1\ndecay_over = "P2D"'
    fallen = f'{OPENS}\npoints = -3\ndecay_over = "P2D"'
    day_old = NOON + DAY_US

    assert points_of(fading, [opened("t1")], day_old) == 0
    assert points_of(fading, [opened("t1"), opened("t2"), opened("t3")], day_old) == 2
    assert points_of(fallen, [opened("t1")], day_old) == -2


def test_the_next_change_of_a_decay_is_the_instant_at_which_it_shows_in_whole_points() -> None:
    """A half goes to the even number: 1 ends at one half, 2 just below one and a half."""
    one = profile("", f'{OPENS}\npoints = 1\ndecay_over = "P2D"')
    two = profile("", f'{OPENS}\npoints = 2\ndecay_over = "P2D"')

    assert next_change_us(one, [opened("t1")], NOON) == NOON + DAY_US
    assert next_change_us(two, [opened("t1")], NOON) == NOON + DAY_US // 2 + 1
    assert next_change_us(two, [opened("t1")], NOON + DAY_US // 2 + 1) == NOON + DAY_US // 2 * 3


def test_facts_count_for_a_dated_rule_from_its_first_instant_to_before_its_last() -> None:
    """T16."""
    rule = f"{OPENS}\nactive_from = 2024-07-05T12:00:00Z\nactive_until = 2024-07-05T12:00:01Z"
    instants = (NOON - 1, NOON, NOON + SECOND_US - 1, NOON + SECOND_US)

    assert [times_of(rule, [opened("t1", at)], NOON + DAY_US) for at in instants] == [0, 1, 1, 0]


def test_attribute_and_inactivity_rules_are_active_by_the_instant_of_the_score() -> None:
    """T16."""
    dated = profile("", f"{DND}\nactive_from = 2024-07-06T00:00:00Z\nactive_until = 2024-07-07T00:00:00Z")
    facts = [updated("u1", dnd=["sms", "email"])]
    begin, end = NOON + 12 * HOUR_US, NOON + 36 * HOUR_US

    assert [scored_as(dated, facts, at).score for at in (begin - 1, begin, end - 1, end)] == [0, -20, -20, 0]
    assert [next_change_us(dated, facts, at) for at in (NOON, begin, end)] == [begin, end, None]


def test_a_disabled_rule_is_no_line_of_the_score() -> None:
    """T16."""
    assert scored_as(profile("", f"{OPENS}\nenabled = false"), [opened("t1")]).rules == ()


def test_silence_holds_from_the_span_after_the_last_match_and_no_sooner_than_that_after_the_first_fact() -> None:
    """T6."""
    silent = profile("", SILENT)
    unknown_until_noon = [updated("u1", city="Leeds")]
    month = 30 * DAY_US

    assert scored_as(silent, unknown_until_noon, NOON + month - 1).score == 0
    assert scored_as(silent, unknown_until_noon, NOON + month).score == -5
    assert scored_as(silent, [*unknown_until_noon, opened("t1", NOON + DAY_US)], NOON + month).score == 0
    assert next_change_us(silent, [*unknown_until_noon, opened("t1", NOON + DAY_US)], NOON + month) == (
        NOON + month + DAY_US
    )


def test_a_retracted_touchpoint_breaks_no_silence_but_is_known_of_the_contact() -> None:
    facts = [opened("t1"), retracted("r1", "t1", NOON + 1)]

    assert scored_as(profile("", SILENT), facts, NOON + 30 * DAY_US).score == -5


@pytest.mark.parametrize(
    ("rule", "facts", "times"),
    [
        (OPENS, [opened("t1"), opened("t2"), retracted("r1", "t1")], 1),
        (OPENS, [opened("t1"), cancelled("x1", "t1")], 1),
        ('when = { type = "conversion.recorded" }', [converted("c1"), cancelled("x1", "c1")], 0),
        ('when = { type = "conversion.recorded" }', [converted("c1"), refunded("f1", "c1")], 1),
        ('when = { type = "interaction.logged" }', [interaction("logged", "e1"), interaction("deleted", "e2")], 0),
        ('when = { type = "interaction.deleted" }', [interaction("logged", "e1"), interaction("deleted", "e2")], 0),
        (OPENS, [opened("t1"), erased("z1"), opened("t2", NOON + 1)], 1),
    ],
)
def test_what_was_taken_back_does_not_count(rule: str, facts: list[Scored], times: int) -> None:
    assert times_of(rule, facts, NOON + 1) == times


def test_what_is_taken_back_later_still_counted_before() -> None:
    assert times_of(OPENS, [opened("t1"), retracted("r1", "t1", NOON + 1)], NOON) == 1


def test_a_group_keeps_the_sum_of_its_rules_within_its_bounds() -> None:
    """T7."""
    mail = profile("groups = { mail = { floor = -10, ceiling = 6 } }", f'{OPENS}\npoints = 5\ngroup = "mail"')

    found = scored_as(mail, daily(3))

    assert (found.rules[0].points, found.groups[0].points, found.score) == (15, -9, 6)


def test_floor_and_ceiling_bound_the_score_and_unclamped_tells_the_sum() -> None:
    """T7."""
    bounded = profile("floor = 0\nceiling = 8", f"{OPENS}\npoints = 5")

    assert [scored_as(bounded, daily(count)).score for count in (1, 2)] == [5, 8]
    assert scored_as(bounded, daily(2)).unclamped == 10


def test_the_newest_value_of_an_attribute_holds_and_null_hides_it() -> None:
    older, newer = updated("u1", NOON - 1, dnd=["email", "sms"]), updated("u2", dnd=None)

    assert points_of(DND, [older]) == -20
    assert points_of(DND, [newer, older]) == 0
    assert points_of('if = [{ field = "dnd", op = "exists", value = false }]', [older, newer]) == 1


def test_points_by_hand_are_added() -> None:
    """T14; 7.0 is as whole as 7."""
    facts = [adjusted("a1", points=7.0), adjusted("a2", points=-2), adjusted("a3", profile_id="another", points=50)]

    assert scored_as(profile(), facts).adjusted == 5


def test_a_score_set_by_hand_is_that_then_and_moves_on_from_there() -> None:
    """T14: rules count on, whichever revision they are of."""
    five = profile("", f"{OPENS}\npoints = 5")
    facts = [opened("t1"), adjusted("a1", points=3), set_to("a2", 40), opened("t2", NOON + 1)]

    assert scored_as(five, facts, NOON).score == 40
    assert scored_as(five, facts, NOON + 1).score == 45
    assert scored_as(profile("", f"{OPENS}\npoints = 9"), facts, NOON + 1).score == 49


def test_an_excluded_contact_has_no_score() -> None:
    """T13."""
    staff = profile('exclude = [{ if = [{ field = "groups", op = "contains", value = "staff" }] }]', OPENS)

    assert score(staff, [opened("t1"), updated("u1", groups=["staff"])], NOON, CONTACT) is None
    assert scored_as(staff, [opened("t1"), updated("u1", groups=["donors"])]).score == 1


def test_a_contact_of_which_nothing_is_known_yet_has_no_score_until_its_first_fact() -> None:
    assert score(profile("", OPENS), [opened("t1", NOON + 1)], NOON, CONTACT) is None
    assert next_change_us(profile("", OPENS), [opened("t1", NOON + 1)], NOON) == NOON + 1
    assert score(profile("", OPENS), [erased("z1")], NOON, CONTACT) is None


def test_a_contact_without_a_match_scores_zero() -> None:
    assert scored_as(profile("", OPENS), [touched("t1", "phone_call")]).score == 0


def test_conditions_see_the_catalogues_dimensions_and_amounts_as_numbers() -> None:
    technology = 'where = [{ field = "dimensions.department", op = "=", value = "Technology" }]'
    large = 'where = [{ field = "value", op = ">=", value = 50 }]'

    assert times_of(f'when = {{ type = "touchpoint.recorded" }}\n{technology}', [touched("t1", "google_ad_click")]) == 1
    assert times_of(f'when = {{ type = "conversion.recorded" }}\n{large}', [converted("c1", value="50.00")]) == 1
    assert times_of(f'when = {{ type = "conversion.recorded" }}\n{large}', [converted("c1", value="9.00")]) == 0


def test_numbers_compare_by_the_decimal_value_of_their_text() -> None:
    tenth = profile("", f'{OPENS}\nwhere = [{{ field = "properties.share", op = "=", value = 0.1 }}]')
    head = b'{"type":"touchpoint.recorded","event_id":"t1","occurred_at":"2024-07-05T12:00:00Z","name":"email_open"'
    binary_twin = b"0.1000000000000000055511151231257827"
    found = {
        text: scored_as(tenth, [scored(head + b',"properties":{"share":' + text + b"}}", SHIPPED)]).score
        for text in (b"0.1", b"1.0e-1", binary_twin, b'"0.1"')
    }

    assert found == {b"0.1": 1, b"1.0e-1": 1, binary_twin: 0, b'"0.1"': 0}


def test_each_stage_of_a_rule_tells_what_it_lets_pass() -> None:
    rule = profile("", f'{OPENS}\nwindow = "P3D"\nevery = 2\nmax_times = 1').rules[0]
    scoring = scoring_of(rule)
    assert isinstance(scoring, EventScoring)

    passing = [(key, len(facts)) for key, facts in scoring.passing(History(daily(5), NOON))]

    assert passing == [("when", 5), ("window", 3), ("every", 1), ("max_times", 1)]
