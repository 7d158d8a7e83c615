"""What holds for every profile and every history of a contact; an oracle wrote the contract's text out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.profile import Condition
from config.profile_entries import ConditionEntry
from config.profile_reading import read_profile
from events.duration import format_duration
from events.instant import DAY_US, parse_instant
from projections.scores.conditions import on_attributes
from projections.scores.facts import Scored
from projections.scores.history import History
from projections.scores.score import Score, Scorer, next_change_us, score
from tests.score_oracle import oracle, topic_of, true_of
from tests.scoring import CONTACT

Drawn = dict[str, Any]
MIDNIGHT = parse_instant("2024-07-05T00:00:00Z")
START = datetime(2024, 7, 5, tzinfo=UTC)
SOON = 30
"""Microseconds after which nothing that is drawn below changes any more."""
LAWFUL = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])

offsets = st.integers(-8, 8)
"""Few instants around a midnight, so that ends of spans and days coincide with facts."""
ids = st.sampled_from(["a", "b", "é", "𝒜"])
values = st.sampled_from([0, 1, Decimal("1.0"), Decimal("0.1"), "1", "", "spring", "summer", True, False])
lists = st.lists(st.sampled_from(["email", "sms", 1, True]), max_size=3)
names = st.sampled_from(["open", "click"])
points = st.integers(-9, 9)


@st.composite
def conditions(draw: st.DrawFn, fields: st.SearchStrategy[str]) -> Drawn:
    op = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "in", "contains", "contains_all", "exists"]))
    ordered = values.filter(lambda value: not isinstance(value, bool))
    wanted = {
        "in": st.lists(values, max_size=3),
        "contains_all": st.lists(values | st.sampled_from(["email", "sms"]), max_size=2),
        "exists": st.booleans(),
        **dict.fromkeys(("<", "<=", ">", ">="), ordered),
    }
    return {"field": draw(fields), "op": op, "value": draw(wanted.get(op, values | st.just("email")))}


of_facts = conditions(st.sampled_from(["properties.campaign", "properties.a.b", "dimensions.d", "value", "kind", "x"]))
of_attributes = conditions(st.sampled_from(["dnd", "kind", "age", "a.b"]))
free = st.fixed_dictionaries({}, optional={"campaign": values | lists, "a.b": values})


@st.composite
def facts(draw: st.DrawFn) -> list[Scored]:
    """Accepted ones: one of each id in its topic."""
    return draw(st.lists(fact(), max_size=9, unique_by=lambda fact: (topic_of(fact), fact.event_id)))


@st.composite
def fact(draw: st.DrawFn) -> Scored:
    kinds: dict[str, st.SearchStrategy[Drawn]] = {
        "touchpoint.recorded": st.fixed_dictionaries(
            {"name": names}, optional={"properties": free, "dimensions": st.just({"d": "1"})}
        ),
        "touchpoint.retracted": st.fixed_dictionaries({"touchpoint_id": ids}),
        "conversion.recorded": st.fixed_dictionaries({"name": names, "value": st.sampled_from([1, Decimal("0.10")])}),
        "conversion.refunded": st.fixed_dictionaries({"conversion_id": ids, "value": st.just(Decimal(1))}),
        "conversion.cancelled": st.fixed_dictionaries({"conversion_id": ids}),
        "interaction.scheduled": st.fixed_dictionaries({"interaction_id": ids, "kind": st.just("customer")}),
        "interaction.completed": st.fixed_dictionaries({"interaction_id": ids}),
        "interaction.deleted": st.fixed_dictionaries({"interaction_id": ids}),
        "contact.updated": st.fixed_dictionaries(
            {
                "attributes": st.dictionaries(
                    st.sampled_from(["dnd", "kind", "age", "a.b"]), values | lists | st.none(), max_size=3
                )
            }
        ),
        "score.adjusted": st.fixed_dictionaries({"profile_id": st.sampled_from("pq"), "points": points})
        | st.fixed_dictionaries({"profile_id": st.sampled_from("pq"), "set_to": points}),
        "contact.erased": st.just({}),
    }
    often = st.sampled_from(["touchpoint.recorded", "touchpoint.recorded", *kinds])
    kind = draw(often)
    at = MIDNIGHT + draw(offsets) + draw(st.sampled_from([0, 0, 0, -DAY_US]))
    return Scored(kind, draw(ids | st.text("cdefgh", min_size=1, max_size=2)), at, {"type": kind, **draw(kinds[kind])})


spans = st.integers(1, 12).map(format_duration)
moments = st.integers(-8, 12).map(lambda us: START + timedelta(microseconds=us))
dated: dict[str, st.SearchStrategy[Any]] = {"active_from": moments, "active_until": moments}
shared: dict[str, st.SearchStrategy[Any]] = {**dated, "group": st.sampled_from(["g", "é"]), "enabled": st.booleans()}
matches = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["touchpoint.recorded"] * 4
            + ["conversion.recorded", "conversion.refunded", "interaction.completed", "touchpoint.retracted"]
        )
    },
    optional={"name": names},
)
few = st.integers(1, 3)
where = st.lists(of_facts, max_size=2)
caps = {"where": where, "every": few, "max_per_day": few, "max_times": few}
rules = (
    st.fixed_dictionaries({"points": points, "when": matches}, optional={**shared, **caps, "window": spans})
    | st.fixed_dictionaries({"points": points, "when": matches, "decay_over": spans}, optional={**shared, **caps})
    | st.fixed_dictionaries(
        {"points": points, "if": st.lists(of_attributes, min_size=1, max_size=2)}, optional=dict(shared)
    )
    | st.fixed_dictionaries({"points": points, "unless": matches, "within": spans}, optional={**shared, "where": where})
)
bounds = st.fixed_dictionaries({}, optional={"floor": st.integers(-20, 0), "ceiling": st.integers(1, 20)})


@st.composite
def profiles(draw: st.DrawFn) -> Drawn:
    """Profiles as written."""
    written = draw(st.lists(rules, max_size=4))
    starts = draw(st.lists(st.integers(-10, 30), max_size=3, unique=True))
    profile: Drawn = {
        **draw(bounds),
        "bands": [{"name": f"b{start}", "from": start} for start in starts],
        "groups": {"é": draw(bounds), "g": draw(bounds)},
        "rules": [{"rule_id": f"r{place}", **rule} for place, rule in enumerate(written)],
    }
    if draw(st.integers(0, 5)) == 0:
        profile["exclude"] = [{"if": draw(st.lists(of_attributes, min_size=1, max_size=2))}]
    return profile


plain_events = st.fixed_dictionaries(
    {"points": points, "when": st.just({"type": "touchpoint.recorded"})},
    optional={"every": few, "max_per_day": few, "max_times": few},
)
event_rules = st.tuples(plain_events, st.sampled_from(["window", "decay_over"]), spans).map(
    lambda drawn: {"rule_id": "r", **drawn[0], drawn[1]: drawn[2]}
)
"""Of one event rule, all that counts facts."""


@st.composite
def touches(draw: st.DrawFn) -> list[Scored]:
    """Touchpoints alone, many at the same instants."""
    places = draw(st.lists(st.integers(-8, 4), min_size=1, max_size=9))
    sent = {"type": "touchpoint.recorded", "name": "open"}
    return [Scored("touchpoint.recorded", f"t{place}", MIDNIGHT + at, sent) for place, at in enumerate(places)]


instants = offsets.map(lambda offset: MIDNIGHT + offset)


def lines(found: Score | None) -> Drawn | None:
    """As the oracle tells a score."""
    if found is None:
        return None
    return {
        "score": found.score,
        "unclamped": found.unclamped,
        "band": found.band,
        "rules": [{"rule_id": rule.rule_id, "times": rule.times, "points": rule.points} for rule in found.rules],
        "groups": [{"group_id": group.group_id, "points": group.points} for group in found.groups],
        "adjusted": found.adjusted,
    }


@settings(LAWFUL, max_examples=300)
@given(profiles(), facts(), instants)
def test_a_score_is_what_the_contract_says(written: Drawn, known: list[Scored], as_of_us: int) -> None:
    found = score(read_profile("p", written), known, as_of_us, CONTACT)

    assert lines(found) == oracle(written, "p", known, as_of_us)


@settings(LAWFUL, max_examples=400)
@given(event_rules, touches(), instants)
def test_an_event_rule_counts_what_the_contract_says(rule: Drawn, known: list[Scored], as_of_us: int) -> None:
    """T1 to T5."""
    written = {"rules": [rule]}

    found = score(read_profile("p", written), known, as_of_us, CONTACT)

    assert lines(found) == oracle(written, "p", known, as_of_us)


@settings(LAWFUL, max_examples=400)
@given(of_attributes, values | lists)
def test_a_condition_holds_when_the_contract_says(condition: Drawn, value: object) -> None:
    read = ConditionEntry.model_validate(condition)
    compiled = Condition(read.field, read.op, read.operand())

    assert on_attributes([compiled])({condition["field"]: value}) is true_of(value, condition)


@settings(LAWFUL, max_examples=200)
@given(event_rules, touches(), instants)
def test_until_the_next_change_an_event_rule_gives_the_same(rule: Drawn, known: list[Scored], as_of_us: int) -> None:
    """T4 and T5."""
    until_the_next_change_it_says_the_same({"rules": [rule]}, known, as_of_us)


@LAWFUL
@given(profiles(), facts(), instants, st.data())
def test_order_and_copies_of_the_facts_change_nothing(
    written: Drawn, known: list[Scored], as_of_us: int, data: st.DataObject
) -> None:
    profile = read_profile("p", written)
    copies = data.draw(st.lists(st.sampled_from(known), max_size=4)) if known else []
    shuffled = data.draw(st.permutations(known + copies))

    assert score(profile, shuffled, as_of_us, CONTACT) == score(profile, known, as_of_us, CONTACT)
    assert next_change_us(profile, shuffled, as_of_us) == next_change_us(profile, known, as_of_us)


@LAWFUL
@given(profiles(), facts(), instants)
def test_the_lines_add_up_to_the_score(written: Drawn, known: list[Scored], as_of_us: int) -> None:
    """T10."""
    profile = read_profile("p", written)
    found = score(profile, known, as_of_us, CONTACT)
    if found is None:
        return
    total = sum(rule.points for rule in found.rules) + sum(group.points for group in found.groups) + found.adjusted

    assert total == found.unclamped
    assert found.score == total or found.score in (profile.floor, profile.ceiling)
    assert [line.rule_id for line in found.rules] == [rule.rule_id for rule in profile.rules]


@settings(LAWFUL, max_examples=150)
@given(profiles(), facts(), instants)
def test_until_the_next_change_the_score_says_the_same(written: Drawn, known: list[Scored], as_of_us: int) -> None:
    until_the_next_change_it_says_the_same(written, known, as_of_us)


def until_the_next_change_it_says_the_same(written: Drawn, known: list[Scored], as_of_us: int) -> None:
    profile = read_profile("p", written)
    now = score(profile, known, as_of_us, CONTACT)
    change_us = next_change_us(profile, known, as_of_us)
    until_us = as_of_us + SOON if change_us is None else min(change_us, as_of_us + SOON)

    assert change_us is None or change_us > as_of_us
    for instant in range(as_of_us + 1, until_us):
        assert lines(score(profile, known, instant, CONTACT)) == lines(now)


@LAWFUL
@given(profiles(), facts(), instants, offsets)
def test_what_an_erasure_reaches_is_as_if_it_had_never_been_sent(
    written: Drawn, known: list[Scored], as_of_us: int, offset: int
) -> None:
    profile = read_profile("p", written)
    erasure = Scored("contact.erased", "the erasure", min(MIDNIGHT + offset, as_of_us), {"type": "contact.erased"})
    later = [fact for fact in known if fact.occurred_us > erasure.occurred_us]

    assert score(profile, [*known, erasure], as_of_us, CONTACT) == score(profile, later, as_of_us, CONTACT)


@LAWFUL
@given(st.lists(profiles(), min_size=1, max_size=3), st.lists(facts(), min_size=1, max_size=3), instants)
def test_profiles_and_contacts_scored_together_are_as_if_each_were_scored_alone(
    written: list[Drawn], contacts: list[list[Scored]], as_of_us: int
) -> None:
    compiled = [read_profile("p", each) for each in written]
    scorers = [Scorer(profile) for profile in compiled]
    histories = [History(known, as_of_us) for known in contacts]

    together = [scorer.score(history, CONTACT) for history in histories for scorer in scorers]

    assert together == [score(profile, known, as_of_us, CONTACT) for known in contacts for profile in compiled]
