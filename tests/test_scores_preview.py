"""A preview: the score that would be published, with lines that add up to it and say why (behaviours T10, T12)."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given

from config.profile_reading import read_profile
from events.instant import DAY_US
from projections.scores.facts import Scored
from projections.scores.preview import SUPERSEDED, TAKEN_BACK, Preview, preview
from projections.scores.score import next_change_us, score
from tests.scoring import (
    CONTACT,
    NOON,
    OPENS,
    adjusted,
    erased,
    opened,
    profile,
    retracted,
    set_to,
    touched,
    updated,
)
from tests.test_scores_laws import LAWFUL, Drawn, facts, instants, profiles


@LAWFUL
@given(profiles(), facts(), instants)
def test_a_preview_is_what_would_be_published_and_its_lines_add_up_to_it(
    written: Drawn, known: list[Scored], as_of_us: int
) -> None:
    compiled = read_profile("p", written)

    found = preview(compiled, known, as_of_us, CONTACT)

    assert found.score == score(compiled, known, as_of_us, CONTACT)
    assert found.next_change_us == next_change_us(compiled, known, as_of_us)
    if found.score is not None:
        assert found.score.score == _sum_of_lines(found)
        for line in found.rules:
            counted = [fact for fact in line.facts if fact.dropped_by is None]
            if line.kind == "event":
                assert line.score.times == len(counted)
                assert line.score.points == sum(fact.points for fact in line.facts) + line.rounding
                assert abs(line.rounding) <= Fraction(1, 2)
            else:
                assert line.score.times == 0 or line.active
            if line.kind == "attribute":
                assert line.score.times == (line.active and all(check.holds for check in line.checks))
            if line.silent_us is not None:
                assert line.score.times == (line.active and line.silent_us <= as_of_us)


def _sum_of_lines(found: Preview) -> int:
    assert found.score is not None
    return (
        sum(line.score.points for line in found.rules)
        + sum(group.points for group in found.score.groups)
        + sum(line.points for line in found.adjustments)
        + found.clamped
    )


def _dropped(rule: str, known: list[Scored]) -> dict[str, str | None]:
    (line,) = preview(profile("", rule), known, NOON, CONTACT).rules
    return {each.fact.event_id: each.dropped_by for each in line.facts}


def test_each_fact_says_the_first_stage_that_dropped_it() -> None:
    rule = f"""{OPENS}
where = [{{ field = "properties.campaign", op = "=", value = "spring" }}]
active_from = 2024-07-01T00:00:00Z
window = "P3D"
every = 2
max_times = 1"""
    spring = {"campaign": "spring"}
    known = [
        opened("before", NOON - 10 * DAY_US, properties=spring),
        opened("old", NOON - 3 * DAY_US, properties=spring),
        opened("autumn", NOON - 5, properties={"campaign": "autumn"}),
        opened("first", NOON - 4, properties=spring),
        opened("second", NOON - 3, properties=spring),
        opened("third", NOON - 2, properties=spring),
        opened("fourth", NOON - 1, properties=spring),
        opened("gone", NOON, properties=spring),
        retracted("r", "gone", NOON),
        opened("later", NOON + 1, properties=spring),
        touched("other", "page_view", NOON),
    ]

    assert _dropped(rule, known) == {
        "before": "active_from",
        "old": "window",
        "autumn": "where",
        "first": "every",
        "second": None,
        "third": "every",
        "fourth": "max_times",
        "gone": TAKEN_BACK,
    }


def test_a_day_keeps_its_first_facts() -> None:
    known = [opened("a", NOON - DAY_US), opened("b", NOON - 1), opened("c", NOON)]

    assert _dropped(f"{OPENS}\nmax_per_day = 1", known) == {"a": None, "b": None, "c": "max_per_day"}


def test_what_was_erased_is_not_shown() -> None:
    assert _dropped(OPENS, [opened("a", NOON - 2), erased("e", NOON - 1), opened("b")]) == {"b": None}


def test_decayed_points_are_exact_and_rounding_makes_up_the_rest() -> None:
    ruled = profile("", f'{OPENS}\npoints = 5\ndecay_over = "P10D"')

    (line,) = preview(ruled, [opened("a", NOON - 5 * DAY_US), opened("b", NOON - DAY_US)], NOON, CONTACT).rules

    assert [each.points for each in line.facts] == [Fraction(5, 2), Fraction(9, 2)]
    assert (line.score.points, line.rounding) == (7, Fraction(0))


def test_a_half_is_rounded_to_even_and_the_line_says_so() -> None:
    ruled = profile("", f'{OPENS}\npoints = 5\ndecay_over = "P10D"')

    (line,) = preview(ruled, [opened("a", NOON - 5 * DAY_US)], NOON, CONTACT).rules

    assert (line.score.points, line.rounding) == (2, Fraction(-1, 2))


def test_a_condition_says_what_it_found() -> None:
    ruled = profile("", 'if = [{ field = "kind", op = "=", value = "donor" }, { field = "city", op = "exists" }]')

    (line,) = preview(ruled, [updated("u", kind="donor")], NOON, CONTACT).rules

    assert [(check.found, check.holds) for check in line.checks] == [("donor", True), (None, False)]


def test_silence_says_since_when_and_what_broke_it_last() -> None:
    ruled = profile("", f'{OPENS.replace("when", "unless")}\nwithin = "P30D"\npoints = -5')

    (line,) = preview(ruled, [updated("u", NOON - 9 * DAY_US), opened("a", NOON - DAY_US)], NOON, CONTACT).rules

    assert [each.fact.event_id for each in line.facts] == ["a"]
    assert (line.silent_us, line.score.points) == (NOON + 29 * DAY_US, 0)


def test_setting_the_score_supersedes_earlier_adjustments_and_gives_what_was_missing() -> None:
    known = [
        adjusted("a", NOON - 3, points=7),
        opened("o", NOON - 2),
        set_to("s", 10, NOON - 1),
        adjusted("b", points=2),
    ]

    found = preview(profile("", f"{OPENS}\npoints = 4"), known, NOON, CONTACT)

    assert [(each.fact.event_id, each.points, each.dropped_by) for each in found.adjustments] == [
        ("a", 0, SUPERSEDED),
        ("s", 6, None),
        ("b", 2, None),
    ]


def test_floor_and_ceiling_have_a_line() -> None:
    assert preview(profile("ceiling = 3", f"{OPENS}\npoints = 5"), [opened("a")], NOON, CONTACT).clamped == -2


def test_the_excluded_are_told_by_which_entry() -> None:
    entries = 'exclude = [{ if = [{ field = "a", op = "exists" }] }, { if = [{ field = "b", op = "exists" }] }]'

    found = preview(profile(entries), [updated("u", b=1)], NOON, CONTACT)

    assert (found.score, found.known, found.excluded_by) == (None, True, (2,))


def test_of_a_contact_without_facts_nothing_is_known() -> None:
    assert preview(profile("", OPENS), [opened("a", NOON + 1)], NOON, CONTACT) == Preview(
        None, False, (), (), (), NOON + 1
    )
