"""Generating a day's series of interactions (behaviours D28 to D45), and changing many at once: pure functions."""

from __future__ import annotations

import random
from datetime import date, time
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.codec import decode_any
from events.instant import DAY_US, HOUR_US, MINUTE_US, parse_instant
from events.interactions import Scheduled
from events.refusal import Refusal
from projections.followups.candidates import Candidate, Opportunity, ValueRange
from projections.followups.generation import (
    Asked,
    Generated,
    GenerationError,
    GenerationSettings,
    generate,
)
from projections.followups.selection import Change, Selected, change_event

AT = parse_instant("2025-05-01T00:00:00Z")
ASKED = Asked(AT, "ann")
CALLS = GenerationSettings(
    kind="customer",
    day=date(2025, 5, 6),
    start=time(9),
    number=3,
    duration_us=20 * MINUTE_US,
    gap_us=10 * MINUTE_US,
    assignee="ann",
    time_zone="Europe/London",
)


def customer(contact_id: str, days_ago: int | None = None, **known: Any) -> Candidate:
    """A customer who was contacted so many days before the series is asked for, or never."""
    contacted_us = None if days_ago is None else AT - days_ago * DAY_US
    return Candidate(contact_id, **{"kind": "customer", "contacted_us": contacted_us} | known)


def worth(*values: str, **known: Any) -> tuple[Opportunity, ...]:
    return tuple(Opportunity(Decimal(value), **known) for value in values)


def whom(made: Generated) -> list[object]:
    return [event["contact_id"] for event in made.events]


def each(made: Generated, field: str) -> list[object]:
    return [event.get(field) for event in made.events]


EVERYBODY = [customer(f"k{number}") for number in range(5)]


def test_a_series_is_created_on_one_chosen_day() -> None:
    """Behaviour D28."""
    made = generate(CALLS, EVERYBODY, ASKED)

    assert [str(start)[:10] for start in each(made, "starts_at")] == ["2025-05-06"] * 3


def test_the_series_lies_ahead_of_whoever_asks() -> None:
    """Behaviour D28: future interactions."""
    late = Asked(parse_instant("2025-05-06T08:00:00.000001Z"), "ann")

    with pytest.raises(GenerationError, match=r"^2025-05-06 09:00 in Europe/London lies before 2025-05-06T08:00:00.00"):
        generate(CALLS, EVERYBODY, late)


def test_a_series_that_runs_out_of_its_day_is_refused_with_how_many_fit() -> None:
    """Behaviour D28: on one day."""
    with pytest.raises(GenerationError, match=r"100 interactions of PT20M, PT10M apart, do not fit .*: 30 do$"):
        generate(replace(CALLS, number=100), EVERYBODY, ASKED)


def test_start_time_is_that_of_the_first_by_the_assignees_clocks() -> None:
    """Behaviour D29."""
    assert each(generate(CALLS, EVERYBODY, ASKED), "starts_at")[0] == "2025-05-06T08:00:00Z"


def test_all_are_allocated_to_one_assignee() -> None:
    """Behaviour D30."""
    assert each(generate(CALLS, EVERYBODY, ASKED), "assignee") == ["ann"] * 3


def test_all_have_one_type() -> None:
    """Behaviour D31."""
    made = generate(replace(CALLS, interaction_type="call"), EVERYBODY, ASKED)

    assert each(made, "interaction_type") == ["call"] * 3


@pytest.mark.parametrize("number", [1, 2, 5])
def test_as_many_as_asked_for_are_created_each_with_another_contact(number: int) -> None:
    """Behaviour D32."""
    assert len(set(whom(generate(replace(CALLS, number=number), EVERYBODY, ASKED)))) == number


def test_each_takes_the_interaction_duration() -> None:
    """Behaviour D33."""
    assert each(generate(CALLS, EVERYBODY, ASKED), "duration") == ["PT20M"] * 3


@given(
    number=st.integers(1, 10),
    duration=st.integers(0, 40).map(lambda minutes: minutes * MINUTE_US),
    gap=st.integers(0, 40).map(lambda minutes: minutes * MINUTE_US),
)
def test_start_n_is_start_plus_n_times_duration_and_gap(number: int, duration: int, gap: int) -> None:
    """Behaviour D34."""
    settings = replace(CALLS, number=number, duration_us=duration, gap_us=gap)

    made = generate(settings, [customer(f"k{n}") for n in range(number)], ASKED)

    first = parse_instant("2025-05-06T08:00:00Z")
    assert [parse_instant(str(start)) for start in each(made, "starts_at")] == [
        first + n * (duration + gap) for n in range(number)
    ]


def test_the_gap_is_time_that_passes_also_while_clocks_are_changed() -> None:
    """Behaviour D34: in London 01:00 to 02:00 was skipped on 2025-03-30."""
    night = replace(CALLS, day=date(2025, 3, 30), start=time(0, 30), duration_us=HOUR_US, gap_us=0)

    made = generate(night, EVERYBODY, Asked(AT - 100 * DAY_US, "ann"))

    assert each(made, "starts_at") == ["2025-03-30T00:30:00Z", "2025-03-30T01:30:00Z", "2025-03-30T02:30:00Z"]


def test_whom_somebody_contacted_within_the_span_is_left_out() -> None:
    """Behaviour D35: the span's last instant is within it."""
    people = [customer("before", 31), customer("within", 29), customer("just", 30), customer("never")]

    assert whom(generate(replace(CALLS, not_contacted_us=30 * DAY_US), people, ASKED)) == ["never", "before"]
    assert whom(generate(replace(CALLS, number=4), people, ASKED)) == ["never", "before", "just", "within"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ValueRange(above=Decimal(100)), ["both", "dear"]),
        (ValueRange(below=Decimal(100)), ["both", "cheap"]),
        (ValueRange(Decimal(50), Decimal(150)), ["exact"]),
        (ValueRange(above=Decimal(1), currency="EUR"), ["cheap"]),
    ],
)
def test_contacts_without_an_open_opportunity_in_range_are_dropped(value: ValueRange, expected: list[str]) -> None:
    """Behaviour D36: greater than and less than; of one opportunity, not of two together."""
    people = [
        customer("both", opportunities=worth("10", "200")),
        customer("cheap", opportunities=worth("10", currency="EUR")),
        customer("dear", opportunities=worth("200.00")),
        customer("exact", opportunities=worth("100")),
        customer("lost", opportunities=worth("10", "200", "100", is_open=False)),
        customer("none"),
        customer("unvalued", opportunities=(Opportunity(None),)),
    ]

    assert whom(generate(replace(CALLS, value=value), people, ASKED)) == expected


def test_without_a_value_range_opportunities_do_not_count() -> None:
    """Behaviour D37."""
    people = [customer("none"), customer("worth", opportunities=worth("5"))]

    assert whom(generate(replace(CALLS, value=None), people, ASKED)) == ["none", "worth"]


@pytest.mark.parametrize(
    ("place", "expected"),
    [({"city": "leeds"}, ["k1", "k2"]), ({"postcode": "ls14ap"}, ["k1"]), ({"city": "Yor"}, [])],
)
def test_a_location_is_one_town_or_one_postcode_however_it_is_spelt(place: dict[str, str], expected: list[str]) -> None:
    """Behaviour D38."""
    people = [
        customer("k1", city="Leeds", postcode="LS1 4AP"),
        customer("k2", city=" LEEDS ", postcode="LS2 7HY"),
        customer("k3", city="York", postcode="YO1 7HH"),
        customer("k4"),
    ]
    settings = msgspec.structs.replace(CALLS, **place)

    if expected:
        assert whom(generate(settings, people, ASKED)) == expected
    else:
        with pytest.raises(GenerationError, match="city Yor left nobody of 4"):
            generate(settings, people, ASKED)


def test_everywhere_contacts_count_wherever_they_are() -> None:
    """Behaviour D39."""
    people = [customer("k1", city="Leeds"), customer("k2", city="York"), customer("k3")]

    assert whom(generate(CALLS, people, ASKED)) == ["k1", "k2", "k3"]


def test_a_note_is_put_on_all_or_on_none() -> None:
    """Behaviour D40."""
    assert each(generate(replace(CALLS, note="Spring"), EVERYBODY, ASKED), "note") == ["Spring"] * 3
    assert each(generate(CALLS, EVERYBODY, ASKED), "note") == [None] * 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "prospect"}, "kind prospect left nobody of 2"),
        ({"not_contacted_us": 400 * DAY_US}, "not contacted within P400D left nobody of 2"),
        ({"value": ValueRange(above=Decimal(50))}, "opportunities above 50 left nobody of 2"),
        ({"city": "York"}, "city York left nobody of 2"),
        ({"not_contacted_us": 200 * DAY_US, "postcode": "X1"}, "postcode X1 left nobody of 1"),
    ],
)
def test_where_none_is_possible_the_error_says_which_filter_left_nobody(changes: dict[str, Any], said: str) -> None:
    """Behaviour D42; the settings keep their values, and without that filter they give interactions."""
    people = [customer("k1", 300, city="Leeds", opportunities=worth("5")), customer("k2", 100, city="Leeds")]
    narrow = msgspec.structs.replace(CALLS, **changes)

    with pytest.raises(GenerationError, match=f"^no interaction is possible: {said}; choose a wider filter"):
        generate(narrow, people, ASKED)

    last = list(changes)[-1]
    assert generate(msgspec.structs.replace(narrow, **{last: getattr(CALLS, last)}), people, ASKED).events


def test_where_there_are_no_contacts_the_error_says_so() -> None:
    """Behaviour D42."""
    with pytest.raises(GenerationError, match="there is nobody"):
        generate(CALLS, [], ASKED)


def test_prospects_and_customers_are_generated_apart() -> None:
    """Behaviour D43."""
    people = [Candidate("c", "customer"), Candidate("d", "donor"), Candidate("p", "prospect"), Candidate("x")]

    for kind, expected in (("customer", "c"), ("prospect", "p")):
        made = generate(msgspec.structs.replace(CALLS, kind=kind), people, ASKED)
        assert (whom(made), each(made, "kind")) == ([expected], [kind])


def test_customers_not_contacted_in_over_a_year() -> None:
    """Behaviour D44."""
    people = [customer("two years", 730), customer("a year", 365), customer("a day more", 366), customer("lately", 7)]

    made = generate(replace(CALLS, not_contacted_us=365 * DAY_US), people, ASKED)

    assert whom(made) == ["two years", "a day more"]


@pytest.mark.parametrize("contacts", [1, 2, 3, 4])
def test_fewer_contacts_than_the_number_give_fewer_interactions(contacts: int) -> None:
    """Behaviour D45."""
    assert len(generate(CALLS, EVERYBODY[:contacts], ASKED).events) == min(contacts, 3)


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_longest_not_contacted_come_first_then_by_id_in_whatever_order_they_are_given(
    days: list[int | None], chance: random.Random
) -> None:
    people = [customer(f"k{number}", ago) for number, ago in enumerate(days)]
    expected = sorted(people, key=lambda one: (one.contacted_us is not None, one.contacted_us or 0, one.contact_id))
    settings = replace(CALLS, number=8)

    made = generate(settings, chance.sample(people, len(people)), ASKED)

    assert whom(made) == [one.contact_id for one in expected]
    assert made == generate(settings, people, ASKED)


def test_what_is_generated_is_accepted_as_the_contract_has_it() -> None:
    made = generate(replace(CALLS, interaction_type="call", note="Spring"), [customer("k1")], ASKED)

    judged = decode_any(msgspec.json.encode(made.events[0]))

    assert not isinstance(judged, Refusal)
    topic, fact = judged
    assert isinstance(fact, Scheduled)
    assert topic == "interactions"
    assert (fact.source, fact.contact_id, fact.occurred_us, fact.actor) == ("generated", "k1", AT, "ann")


def test_asking_twice_gives_the_same_bytes() -> None:
    once, again = (msgspec.json.encode(generate(CALLS, EVERYBODY, ASKED)) for _ in range(2))

    assert once == again


def test_asking_again_later_schedules_nothing_else_whoever_was_reached_in_between() -> None:
    first = generate(CALLS, EVERYBODY, ASKED)
    reached = [customer("k0", -1), *EVERYBODY[1:]]

    again = generate(CALLS, reached, Asked(AT + DAY_US, "ben"), dict(enumerate(map(str, whom(first)))))

    assert (again.events, again.present) == ((), 3)


def test_asking_again_fills_the_places_that_are_free() -> None:
    first = generate(CALLS, EVERYBODY[:2], ASKED)

    again = generate(CALLS, EVERYBODY, ASKED, dict(enumerate(map(str, whom(first)))))

    assert whom(again) == ["k2"]
    assert again.events == generate(CALLS, EVERYBODY, ASKED).events[2:]


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 2},
        {"day": date(2025, 5, 7)},
        {"start": time(10)},
        {"gap_us": 0},
        {"assignee": "ben"},
        {"note": ""},
        {"city": "Leeds"},
        {"value": ValueRange(above=Decimal(1))},
        {"time_zone": "UTC"},
    ],
)
def test_other_settings_are_another_series(changes: dict[str, Any]) -> None:
    assert msgspec.structs.replace(CALLS, **changes).series != CALLS.series


def test_a_bound_is_the_same_however_it_is_written() -> None:
    ten, ten_pounds = (replace(CALLS, value=ValueRange(above=Decimal(text))) for text in ("10", "10.00"))

    assert ten.series == ten_pounds.series


def test_the_same_change_of_the_same_state_is_one_fact_and_of_a_later_state_another() -> None:
    to_ben = Change("interaction.reassigned", {"assignee": "ben"}, AT, "ann")
    held = Selected("i1", "k1", None, 4)

    event = change_event(to_ben, held)

    assert change_event(replace(to_ben, at_us=AT + 1), held)["event_id"] == event["event_id"]
    others = [
        change_event(to_ben, replace(held, version=5)),
        change_event(to_ben, replace(held, interaction_id="i2")),
        change_event(replace(to_ben, fields={"assignee": "cy"}), held),
    ]
    assert event["event_id"] not in {other["event_id"] for other in others}


def test_a_personal_interaction_is_changed_under_its_owner() -> None:
    event = change_event(Change("interaction.deleted", {}, AT), Selected("i1", None, "ann", 1))

    assert (event["owner"], "contact_id" in event) == ("ann", False)
