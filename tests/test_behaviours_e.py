"""Engagement score profiles, behaviour by behaviour: E1 to E14, E16, E17, E20 and E21.

E6 to E8 (where a profile is edited) and E15 (where a score is seen) are about pages, and wait for them; what editing
does is E10. E17 to E19, filters and the lists that are saved of them, stand with the queries: here is what a filter
compares.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from config.definitions import load_definitions
from config.profile import Profile
from events.instant import DAY_US, HOUR_US
from projections.scores.bands import said_band
from projections.scores.facts import Scored
from projections.scores.history import History
from projections.scores.score import Scorer, score
from tests.scoring import (
    CONTACT,
    NOON,
    adjusted,
    converted,
    interaction,
    opened,
    points_of,
    profile,
    scored_as,
    set_to,
    touched,
    updated,
)

OPENED = 'rule_id = "opened"\npoints = 1\nwhen = { type = "touchpoint.recorded", name = "email_open" }'
FORM = 'rule_id = "form"\npoints = 5\nwhen = { type = "touchpoint.recorded", name = "form_submitted" }'
MET = """rule_id = "met"\npoints = 20
when = { type = "interaction.completed" }
where = [{ field = "interaction_type", op = "=", value = "meeting" }]"""
PLANNED = 'rule_id = "planned"\npoints = 3\nwhen = { type = "interaction.scheduled" }'
PAID = 'rule_id = "paid"\npoints = 10\nwhen = { type = "conversion.recorded", name = "payment" }'
ALL_DND = """rule_id = "all_dnd"\npoints = -20
if = [{ field = "dnd", op = "contains_all", value = ["email", "sms", "voice", "post", "push"] }]"""
CHANNELS = ["email", "sms", "voice", "post", "push"]
ACTIVITY = [
    opened("t1"),
    touched("t2", "form_submitted"),
    interaction("scheduled", "i1", interaction_id="call", kind="customer"),
    interaction("completed", "i2", interaction_id="call", outcome="Met", interaction_type="meeting"),
]


def test_e1_the_more_a_contact_interacts_the_more_it_scores() -> None:
    engagement = profile("", OPENED)
    opens = [opened(f"t{number}") for number in range(9)]

    assert [scored_as(engagement, opens[:count]).score for count in (1, 2, 9)] == [1, 2, 9]


@pytest.mark.parametrize(
    ("rule", "points"), [(OPENED, 1), (FORM, 5), (PLANNED, 3), (MET, 20)], ids=["open", "form", "appointment", "other"]
)
def test_e2_opens_appointments_forms_and_other_interactions_are_tracked(rule: str, points: int) -> None:
    assert points_of(rule, ACTIVITY) == points


def test_e3_each_interaction_has_points_by_its_significance() -> None:
    found = scored_as(profile("", OPENED, FORM, PLANNED, MET), ACTIVITY)

    assert {rule.rule_id: rule.points for rule in found.rules} == {"opened": 1, "form": 5, "planned": 3, "met": 20}
    assert found.score == 29


def test_e4_points_are_added_or_taken_by_type() -> None:
    """T8."""
    bounced = 'rule_id = "bounced"\npoints = -4\nwhen = { type = "touchpoint.recorded", name = "email_bounced" }'

    assert scored_as(profile("", OPENED, bounced), [opened("t1"), touched("t2", "email_bounced")]).score == -3


def test_e5_a_profile_has_a_name_and_a_description() -> None:
    found = profile('name = "Engagement"\ndescription = "How much a contact takes part"')

    assert (found.name, found.description) == ("Engagement", "How much a contact takes part")


@pytest.mark.parametrize(
    ("criterion", "facts"),
    [
        ('when = { type = "touchpoint.recorded" }', [opened("t1")]),
        ('when = { type = "conversion.recorded" }\nwhere = [{ field = "value", op = ">", value = 49.99 }]',
         [converted("c1", value="50.00")]),
        ('if = [{ field = "city", op = "=", value = "Leeds" }]', [updated("u1", city="Leeds")]),
        ('unless = { type = "touchpoint.recorded" }\nwithin = "P30D"', [updated("u1", NOON - 30 * DAY_US)]),
    ],
    ids=["engagement", "behaviour", "what the contact is like", "what it does not do"],
)  # fmt: skip
def test_e9_criteria_are_engagement_behaviour_or_any_other_factor(criterion: str, facts: list[Scored]) -> None:
    assert points_of(criterion, facts) == 1


def test_e10_an_edited_rule_counts_once_it_is_saved_to_the_profile_and_for_all_that_came_before() -> None:
    saved = profile("revision = 1", OPENED)
    edited = profile("revision = 2", OPENED.replace("points = 1", "points = 7"), FORM)

    assert scored_as(saved, ACTIVITY).score == 1
    assert (scored_as(edited, ACTIVITY).score, scored_as(edited, ACTIVITY).revision) == (12, 2)


def test_e11_a_payment_adds_points() -> None:
    assert points_of(PAID, [converted("c1", name="payment")]) == 10


def test_e12_a_contact_with_all_channels_on_do_not_disturb_loses_points() -> None:
    assert points_of(ALL_DND, [updated("u1", dnd=CHANNELS)]) == -20
    assert points_of(ALL_DND, [updated("u1", dnd=CHANNELS[1:])]) == 0


def test_e13_a_published_profile_scores_contacts_whose_activity_came_before_it() -> None:
    """T11: the score asks neither when the profile was published nor when a fact became known."""
    since_january = [opened(f"t{days}", NOON - days * DAY_US) for days in range(180)]

    assert scored_as(profile("revision = 1", OPENED), since_january).score == 180


def test_e14_a_draft_is_told_from_a_published_profile(tmp_path: Path) -> None:
    path = tmp_path / "definitions.toml"
    path.write_text("[profiles.ready]\n[profiles.draft]\npublished = false\n")

    found = load_definitions(path).profiles

    assert {name: each.published for name, each in found.items()} == {"ready": True, "draft": False}


def test_e16_a_user_updates_the_score() -> None:
    """T14: by some points, or to a number; later facts count on."""
    one = profile("", OPENED)

    assert scored_as(one, [opened("t1"), adjusted("a1", points=6)]).score == 7
    assert scored_as(one, [opened("t1"), set_to("a1", 50), opened("t2", NOON + 1)], NOON + 1).score == 51


def test_e17_a_score_is_a_whole_number_to_filter_by_within_the_profiles_bounds() -> None:
    bounded = profile("floor = 0\nceiling = 100", f'{OPENED}\ndecay_over = "P1D"')

    found = scored_as(bounded, [opened("t1", NOON - HOUR_US), opened("t2", NOON - 9 * HOUR_US)])

    assert found.score == 2  # 23/24 + 15/24 = 1.58


def test_e20_a_workflow_hears_of_the_level_that_is_reached_once() -> None:
    """T9."""
    levels = profile('bands = [{ name = "cold", from = 0 }, { name = "warm", from = 2 }]\nhysteresis = 1', OPENED)
    said: list[str | None] = [None]
    for count in range(5):
        facts = [updated("u1"), *(opened(f"t{number}") for number in range(count))]
        band = said_band(levels, scored_as(levels, facts).score, said[-1])
        said += [band] if band != said[-1] else []

    assert said == [None, "cold", "warm"]


def test_e21_several_profiles_score_a_contact_each_by_its_own_rules() -> None:
    """T15."""

    def named(profile_id: str, rule: str) -> Profile:
        return replace(profile("", rule), profile_id=profile_id)

    profiles = [named("mail", OPENED), named("sales", MET)]
    facts = [*ACTIVITY, adjusted("a1", profile_id="sales", points=5)]
    shared = History(facts, NOON)

    found = [Scorer(each).score(shared, CONTACT) for each in profiles]

    assert found == [score(each, facts, NOON, CONTACT) for each in profiles]
    assert [each and (each.profile_id, each.score) for each in found] == [("mail", 1), ("sales", 25)]
