"""Crediting: which version of a credit is said, when, and what it counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.catalogue import Catalogue
from events.fact import Fact
from events.instant import format_instant
from streams import crediting
from streams.crediting import Said
from streams.holds import Holds
from streams.message import credit_key, shadow_key
from tests.domain import (
    CONTACT,
    DAY_US,
    NOON,
    Log,
    Partition,
    cancellation,
    catalogue,
    conversion,
    refund,
    retraction,
    touchpoint,
)

WITH_SHADOWS = catalogue("""
shadow_models = ["last", "first"]
touchpoints.google_ad_click.lifetime = "P3D"
""")


def at_most(newest: int) -> Catalogue:
    """A catalogue under which that many touchpoints of a window count."""
    return catalogue(f'max_window = {newest}\ntouchpoints.google_ad_click.lifetime = "P3D"')


# Versions


def test_a_credit_is_said_once_and_again_only_when_something_changed_it() -> None:
    partition = Partition()

    partition.take(conversion("c1"), touchpoint("t1"))
    partition.take(conversion("c1"), touchpoint("t1"), touchpoint("t2", NOON + 1))

    assert partition.versions("c1") == [2]


def test_the_versions_that_arise_in_one_chunk_are_said_as_the_last_of_them() -> None:
    partition = Partition()

    partition.take(conversion("c1"), touchpoint("t1"), refund("r1", "c1", 1), retraction("x", "t1"))

    assert partition.versions("c1") == [4]


def test_a_version_counts_the_window_retractions_refunds_and_cancellations() -> None:
    partition = Partition()
    facts: list[Fact] = [
        conversion("c1"),
        touchpoint("t1"),
        touchpoint("t2"),
        retraction("x", "t1"),
        refund("r1", "c1", 1),
        cancellation("k", "c1"),
    ]

    partition.take(*facts, touchpoint("after", NOON + 1), retraction("y", "after"), refund("r2", "c2", 1))

    assert partition.versions("c1") == [6]


def test_every_conversion_that_a_touchpoint_reaches_is_said_again() -> None:
    partition = Partition()
    partition.take(*(conversion(f"c{day}", NOON + day * DAY_US) for day in range(5)))

    partition.take(touchpoint("t1", NOON + 1))

    assert [partition.versions(f"c{day}") for day in range(5)] == [[1], [1, 2], [1, 2], [1, 2], [1]]


def test_a_version_said_again_is_marked_so() -> None:
    partition = Partition()

    partition.take(conversion("c1"))
    partition.take(touchpoint("t1"))

    assert [said.reissued for said in partition.said] == [False, True]


def test_the_same_version_is_said_under_every_model_the_catalogues_first() -> None:
    partition = Partition(WITH_SHADOWS)

    partition.take(conversion("c1"), touchpoint("t1", NOON - 1), touchpoint("t2"))

    [said] = partition.said
    assert [(credit.model, credit.version, list(credit.credits_minor)) for credit, _ in said.credits] == [
        ("linear", 3, [2500, 2500]),
        ("last", 3, [0, 5000]),
        ("first", 3, [5000, 0]),
    ]
    shadows = [shadow_key(CONTACT, "c1", model) for model in ("last", "first")]
    assert list(partition.log) == [credit_key(CONTACT, "c1"), *shadows]


# Rules of their time


def test_a_conversion_is_credited_by_the_rules_of_its_time_and_a_touchpoint_described_by_those_of_its_own() -> None:
    changed = format_instant(NOON)
    partition = Partition(
        catalogue(f"""
dimensions = ["channel"]
[touchpoints.google_ad_click]
lifetime = "P3D"
dimensions = {{ channel = "Paid", platform = "Google" }}
[[touchpoints.google_ad_click.changes]]
effective_from = {changed}
lifetime = "P1D"
dimensions = {{ channel = "Ads" }}
[[changes]]
effective_from = {changed}
model = "last"
dimensions = ["town"]
""")
    )

    partition.take(touchpoint("t1", NOON - 1), touchpoint("t2", NOON))
    partition.take(conversion("old", NOON - 1), conversion("new", NOON), conversion("newer", NOON + DAY_US + 1))

    assert partition.message("old")["model"] == "linear"
    assert list(partition.message("old")["dimensions"]) == ["channel", "platform"]
    assert partition.message("new")["model"] == "last"
    assert partition.message("new")["dimensions"] == {
        "channel": {"credits": {"Ads": "50.00", "Paid": "0.00"}, "unattributed": "0.00"},
        "platform": {"credits": {"Google": "50.00"}, "unattributed": "0.00"},
        "town": {"credits": {}, "unattributed": "50.00"},
    }
    assert partition.credits("newer") == {"t1": "50.00"}


def test_the_events_own_dimensions_override_the_catalogues_and_add_to_them() -> None:
    partition = Partition()

    partition.take(conversion("c1"), touchpoint("t1", dimensions={"platform": "Bing", "Town": "Leeds"}))

    [touch] = partition.message("c1")["touchpoints"]
    assert list(touch["dimensions"].items()) == [
        ("Town", "Leeds"),
        ("department", "Technology"),
        ("online_channel", "Paid Ads"),
        ("platform", "Bing"),
    ]


# Caps


def credit_of_five(newest: int, *more: Fact) -> dict[str, Any]:
    """Of a conversion with five touchpoints, t0 to t4."""
    partition = Partition(at_most(newest))
    partition.take(conversion("c1"), *(touchpoint(f"t{i}", NOON - 5 + i) for i in range(5)), *more)
    return partition.message("c1")


def earners(message: dict[str, Any]) -> list[str]:
    return [touch["touchpoint_id"] for touch in message["touchpoints"]]


def test_a_full_window_is_not_capped() -> None:
    message = credit_of_five(5)

    assert "capped" not in message
    assert earners(message) == ["t0", "t1", "t2", "t3", "t4"]


def test_of_a_window_with_more_the_newest_count_the_credit_says_so_and_the_version_counts_all() -> None:
    message = credit_of_five(3)

    assert message["capped"] is True
    assert earners(message) == ["t2", "t3", "t4"]
    assert message["version"] == 6


def test_a_retraction_lifts_no_cap() -> None:
    message = credit_of_five(3, retraction("x", "t4"))

    assert message["capped"] is True
    assert earners(message) == ["t2", "t3"]


def test_a_late_touchpoint_older_than_those_that_count_makes_a_version_all_the_same() -> None:
    partition = Partition(at_most(1))
    partition.take(conversion("c1"), touchpoint("t1", NOON))

    partition.take(touchpoint("t0", NOON - 1))

    assert partition.versions("c1") == [2, 3]
    assert earners(partition.message("c1")) == ["t1"]
    assert partition.message("c1")["capped"] is True


@pytest.fixture
def message_limit(monkeypatch: pytest.MonkeyPatch) -> int:
    """A limit that few touchpoints reach."""
    limit = 2_000
    monkeypatch.setattr(crediting, "MESSAGE_LIMIT", limit)
    return limit


def test_a_message_stays_within_eight_mebibytes() -> None:
    assert crediting.MESSAGE_LIMIT == 8 * 1024 * 1024


def test_of_a_message_that_would_pass_the_limit_as_many_of_the_newest_count_as_fit(message_limit: int) -> None:
    partition = Partition()
    partition.take(conversion("c1"), *(touchpoint(f"t{i:02}", NOON - 50 + i) for i in range(50)))

    message = partition.message("c1")
    [said] = partition.said
    credit, encoded = said.credits[0]
    one_more = len(json.dumps(message["touchpoints"][0], separators=(",", ":"))) + 1

    assert message_limit - one_more < len(encoded) <= message_limit
    assert earners(message) == [f"t{i:02}" for i in range(50)][-len(credit.evidence) :]
    assert message["capped"] is True
    assert message["version"] == 51
    assert sum(credit.credits_minor) == 5000


def test_retracted_touchpoints_beyond_the_limit_need_no_room(message_limit: int) -> None:
    facts: list[Fact] = [touchpoint(f"t{i:02}", NOON - 50 + i) for i in range(50)]
    retractions: list[Fact] = [retraction(f"x{i:02}", f"t{i:02}") for i in range(1, 50)]
    partition = Partition()

    partition.take(conversion("c1"), *facts, *retractions)

    assert earners(partition.message("c1")) == ["t00"]
    assert "capped" not in partition.message("c1")


# Taking over in silence


def quiet(partition: Partition, *facts: Fact) -> None:
    """Take facts as a worker does that catches up with what was said."""
    log = Log()
    for fact in facts:
        partition.attribution.decide(fact, log.append(fact).received)
    partition.crediting.keep_quiet()
    partition.state.commit()


def spoken_up(partition: Partition) -> list[Said]:
    """What is said once the worker has caught up."""
    partition.crediting.speak_up()
    said = list(partition.crediting.say())
    partition.state.commit()
    return said


def taking_over(version: int, lift: int = 0) -> Partition:
    """A partition whose former owner said that version of c1."""
    partition = Partition()
    partition.state.note_said(CONTACT.encode(), b"c1", version, lift)
    partition.state.commit()
    return partition


def test_what_a_former_owner_said_is_not_said_again() -> None:
    partition = taking_over(version=2)

    quiet(partition, conversion("c1"))
    quiet(partition, touchpoint("t1"))

    assert spoken_up(partition) == []
    partition.take(touchpoint("t2"))
    assert partition.versions("c1") == [3]


def test_a_version_that_is_not_above_what_was_said_is_not_said() -> None:
    partition = taking_over(version=2)

    partition.take(conversion("c1"))
    partition.take(touchpoint("t1"))
    assert partition.log == {}
    partition.take(touchpoint("t2"))

    assert partition.versions("c1") == [3]


def test_what_a_former_owner_did_not_say_is_said_once_after_catching_up() -> None:
    partition = taking_over(version=1)

    quiet(partition, conversion("c1"))
    quiet(partition, touchpoint("t1"))

    assert [said.credits[0][0].version for said in spoken_up(partition)] == [2]
    assert spoken_up(partition) == []


def test_a_version_stands_above_the_count_of_facts_by_its_lift() -> None:
    partition = taking_over(version=7, lift=6)

    quiet(partition, conversion("c1"))
    assert spoken_up(partition) == []
    partition.take(touchpoint("t1"))

    assert partition.versions("c1") == [8]
    assert [said.lift for said in partition.said] == [6]


def test_what_is_owed_survives_a_restart() -> None:
    partition = taking_over(version=0)
    quiet(partition, conversion("c1"))

    again = Partition(store=partition.state.store)

    assert [said.conversion_id for said in spoken_up(again)] == ["c1"]


def test_a_conversion_that_is_owed_its_credit_is_not_swept_before_it_is_said() -> None:
    partition = Partition(holds=Holds(DAY_US, DAY_US))
    quiet(partition, touchpoint("t1"), conversion("c1"))
    quiet(partition, conversion("far", NOON + 9 * DAY_US), touchpoint("far", NOON + 9 * DAY_US))
    partition.sweep.advance(1000)

    said = spoken_up(partition)

    assert [said.conversion_id for said in said] == ["c1", "far"]
    assert [touch.event_id for touch in said[0].credits[0][0].evidence] == ["t1"]


def test_the_credit_of_a_conversion_can_be_asked_for_without_saying_it() -> None:
    partition = Partition(WITH_SHADOWS)
    partition.take(conversion("c1"), touchpoint("t1"))
    contact = partition.state.contact(CONTACT.encode())

    asked = partition.crediting.credits_of(contact, b"c1")

    assert asked == partition.said[0].credits
    partition.take()
    assert partition.versions("c1") == [2]
