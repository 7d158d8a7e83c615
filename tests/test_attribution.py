"""The attribution decider, rule by rule: what is refused, what waits, what is held and for how long."""

from __future__ import annotations

import pytest
from msgspec import structs

from events.fact import Fact
from events.refusal import FieldError, Reason, Refusal, refuse
from streams.holds import Holds
from streams.rows import Origin
from tests.domain import (
    CONTACT,
    DAY_US,
    NOON,
    SHIPPED,
    Log,
    Partition,
    Refused,
    cancellation,
    catalogue,
    conversion,
    refund,
    retraction,
    touchpoint,
)

HORIZON = 90 * DAY_US
RETENTION = 400 * DAY_US
HOLDS = Holds(HORIZON, RETENTION)
NOON_MS = NOON // 1000


def live() -> Partition:
    """A partition as a worker has it, with the contract's horizon and retention."""
    return Partition(holds=HOLDS)


def refusal_of(partition: Partition, fact: Fact) -> Refusal | None:
    return partition.attribution.decide(fact, Log().append(fact).received)


# The worked example (behaviours A7 to A21)


def worked_example() -> list[Fact]:
    minute = 60_000_000
    eleven = NOON - 60 * minute
    return [
        touchpoint("t1", eleven, "google_ad_click"),
        touchpoint("t2", eleven + minute, "organic_search_click"),
        conversion("c1", eleven + 2 * minute, 5000),
        touchpoint("t3", eleven + 10 * minute, "newsletter_sign_up"),
    ]


def test_the_worked_example_gives_each_active_touchpoint_half() -> None:
    partition = Partition()

    partition.take(*worked_example())

    assert partition.credits("c1") == {"t1": "25.00", "t2": "25.00"}
    assert partition.versions("c1") == [3]


def test_each_fact_of_the_worked_example_makes_a_version_when_it_comes_alone() -> None:
    partition = Partition()

    for fact in reversed(worked_example()):
        partition.take(fact)

    assert partition.versions("c1") == [1, 2, 3]


# Follow-on facts change a credit, whenever they come


def credited(*facts: Fact) -> Partition:
    """A conversion of 50 pounds with two touchpoints, and what came after it, each fact a chunk."""
    partition = Partition()
    partition.take(touchpoint("t1", NOON - 2), touchpoint("t2", NOON - 1), conversion("c1", NOON, 5000))
    for fact in facts:
        partition.take(fact)
    return partition


def test_a_late_touchpoint_splits_the_whole_value_anew() -> None:
    assert credited(touchpoint("t0", NOON - 3)).credits("c1") == {"t0": "16.67", "t1": "16.67", "t2": "16.66"}


def test_a_refund_splits_the_net_value_anew() -> None:
    partition = credited(refund("r1", "c1", 1999))

    assert partition.credits("c1") == {"t1": "15.01", "t2": "15.00"}
    assert (partition.message("c1")["value"], partition.message("c1")["refunded"]) == ("50.00", "19.99")


def test_refunds_add_up_and_never_take_more_than_the_conversion() -> None:
    partition = credited(refund("r1", "c1", 3000), refund("r2", "c1", 3000))

    assert partition.message("c1")["refunded"] == "50.00"
    assert partition.credits("c1") == {"t1": "0.00", "t2": "0.00"}
    assert partition.attribution.counts.excess_refunds == 1


def test_a_refund_of_exactly_the_rest_has_no_excess() -> None:
    assert credited(refund("r1", "c1", 5000)).attribution.counts.excess_refunds == 0


def test_a_refund_that_changes_nothing_makes_a_version_all_the_same() -> None:
    assert credited(refund("r1", "c1", 5000), refund("r2", "c1", 1)).versions("c1") == [3, 4, 5]


@pytest.mark.parametrize(
    "facts",
    [
        [cancellation("x", "c1")],
        [cancellation("x", "c1"), refund("r1", "c1", 1)],
        [refund("r1", "c1", 1), cancellation("x", "c1")],
        [cancellation("x", "c1"), cancellation("y", "c1")],
    ],
    ids=["alone", "before a refund", "after a refund", "twice"],
)
def test_a_cancellation_takes_everything_back(facts: list[Fact]) -> None:
    partition = credited(*facts)

    assert partition.message("c1")["refunded"] == "50.00"
    assert partition.credits("c1") == {"t1": "0.00", "t2": "0.00"}
    assert partition.versions("c1")[-1] == 3 + len(facts)


def test_a_retracted_touchpoint_counts_for_no_conversion_and_still_for_the_version() -> None:
    partition = credited(retraction("x", "t1"))

    assert partition.credits("c1") == {"t2": "50.00"}
    assert partition.versions("c1") == [3, 4]


def test_each_retraction_of_a_touchpoint_makes_a_version() -> None:
    partition = credited(retraction("x", "t1"), retraction("y", "t1"))

    assert partition.credits("c1") == {"t2": "50.00"}
    assert partition.versions("c1") == [3, 4, 5]


def test_a_retraction_of_the_last_evidence_leaves_the_value_unattributed() -> None:
    partition = credited(retraction("x", "t1"), retraction("y", "t2"))

    assert partition.credits("c1") == {}
    assert partition.message("c1")["unattributed"] == "50.00"


def test_a_touchpoint_outside_the_window_makes_no_version() -> None:
    after, expired = touchpoint("after", NOON + 1), touchpoint("expired", NOON - 3 * DAY_US - 1)

    assert credited(after, expired, retraction("x", "after")).versions("c1") == [3]


def test_a_window_holds_both_its_ends() -> None:
    partition = credited(touchpoint("equal", NOON), touchpoint("oldest", NOON - 3 * DAY_US))

    assert list(partition.credits("c1")) == ["oldest", "t1", "t2", "equal"]


def test_what_a_follow_on_fact_is_dated_never_affects_the_split() -> None:
    early, late = (
        credited(refund("r1", "c1", 1000, at), retraction("x", "t1", at)) for at in (NOON - DAY_US, NOON + DAY_US)
    )

    assert early.message("c1") == late.message("c1")


# Facts that come before what they name


def test_facts_that_come_before_what_they_name_wait_and_count_when_it_comes() -> None:
    partition = Partition()
    partition.take(retraction("x", "t1"), refund("r1", "c1", 1000), cancellation("k", "c2"))
    assert partition.state.meta.waiting == 3

    partition.take(conversion("c1"), conversion("c2"))
    partition.take(touchpoint("t1", NOON - 1), touchpoint("t2", NOON - 1))

    assert partition.credits("c1") == {"t2": "40.00"}
    assert partition.versions("c1") == [2, 5]
    assert partition.message("c2")["refunded"] == "50.00"
    assert partition.state.meta.waiting == 0
    assert partition.refused == []


def test_a_fact_reaches_facts_of_its_own_contact_only() -> None:
    facts: list[Fact] = [refund("r1", "c1", 1000, contact="ann"), retraction("x", "t1", contact="ann")]

    assert credited(*facts).versions("c1") == [3]


def test_a_fact_reaches_facts_of_the_kind_it_names_only() -> None:
    facts: list[Fact] = [refund("r1", "t1", 1000), cancellation("k", "r1"), retraction("x", "c1"), retraction("y", "x")]

    partition = credited(*facts)

    assert partition.versions("c1") == [3]
    assert partition.state.meta.waiting == 4


def test_a_target_is_matched_whole() -> None:
    partition = Partition()
    partition.take(refund("r1", "c1", 1000), refund("r2", "c11", 2000))

    partition.take(conversion("c11"))

    assert partition.message("c11")["refunded"] == "20.00"
    assert partition.state.meta.waiting == 1


# Duplicates


COPIED: list[Fact] = [
    touchpoint("t1", NOON, "newsletter_sign_up", DAY_US, {"place": "Leeds"}, properties=b"sixteen bytes ..."),
    retraction("x", "t9", NOON, "a mistake"),
    conversion("c1", properties=b"sixteen bytes ..."),
    refund("r1", "c9", 1),
    cancellation("k", "c9"),
]


@pytest.mark.parametrize("fact", COPIED, ids=lambda fact: type(fact).__name__)
def test_a_copy_changes_nothing(fact: Fact) -> None:
    partition = Partition()
    partition.take(fact)
    before = partition.rows()

    assert partition.take(fact, fact) == []
    assert partition.rows() == before
    assert partition.attribution.counts.duplicates == 2
    assert partition.attribution.counts.accepted == 1


CONFLICTS: list[tuple[Fact, Fact]] = [
    (touchpoint("1", NOON), touchpoint("1", NOON + 1)),
    (touchpoint("1"), touchpoint("1", name="newsletter_sign_up")),
    (touchpoint("1"), touchpoint("1", lifetime=3 * DAY_US)),
    (touchpoint("1", lifetime=DAY_US), touchpoint("1", lifetime=2 * DAY_US)),
    (touchpoint("1"), touchpoint("1", dimensions={"place": "Leeds"})),
    (touchpoint("1", dimensions={"a": "b"}), touchpoint("1", dimensions={"a": "c"})),
    (touchpoint("1"), touchpoint("1", properties=b"sixteen bytes ..")),
    (touchpoint("1"), retraction("1", "t9")),
    (retraction("1", "t9"), touchpoint("1")),
    (retraction("1", "t9"), retraction("1", "t8")),
    (retraction("1", "t9"), retraction("1", "t9", reason="a mistake")),
    (retraction("1", "t9", NOON), retraction("1", "t9", NOON + 1)),
    (conversion("1", NOON), conversion("1", NOON + 1)),
    (conversion("1"), conversion("1", minor=5001)),
    (conversion("1"), conversion("1", currency="JPY")),
    (conversion("1"), conversion("1", name="pledge")),
    (conversion("1"), conversion("1", properties=b"sixteen bytes ..")),
    (conversion("1"), refund("1", "c9", 1)),
    (conversion("1"), cancellation("1", "c9")),
    (refund("1", "c9", 1), conversion("1")),
    (refund("1", "c9", 1), cancellation("1", "c9")),
    (refund("1", "c9", 1), refund("1", "c9", 2)),
    (refund("1", "c9", 1), refund("1", "c9", 1, currency="JPY")),
    (refund("1", "c9", 1), refund("1", "c8", 1)),
    (cancellation("1", "c9"), cancellation("1", "c8")),
]


@pytest.mark.parametrize(("first", "second"), CONFLICTS, ids=repr)
@pytest.mark.parametrize("cached_touches", [0, 1000])
def test_other_content_under_an_id_is_refused_and_the_first_stays(
    first: Fact, second: Fact, cached_touches: int
) -> None:
    partition = Partition(cached_touches=cached_touches)
    partition.take(first)
    before = partition.rows()

    assert partition.take(second) == [Reason.CONFLICTING_DUPLICATE]
    assert partition.take(first) == []
    assert partition.rows() == before


def test_each_conflicting_copy_is_refused_under_its_own_offset() -> None:
    partition = Partition()

    partition.take(conversion("c1"), conversion("c1", minor=1), conversion("c1", minor=1))

    assert partition.refused == [
        Refused("conversions", 1, Reason.CONFLICTING_DUPLICATE),
        Refused("conversions", 2, Reason.CONFLICTING_DUPLICATE),
    ]


def test_an_id_under_another_contact_or_in_the_other_topic_is_another_fact() -> None:
    partition = Partition()

    partition.take(touchpoint("1"), conversion("1"), touchpoint("1", contact="ann"), conversion("1", 1, contact="ann"))

    assert partition.refused == []
    assert partition.attribution.counts.accepted == 4


def test_ids_that_begin_alike_are_other_ids() -> None:
    partition = Partition()

    partition.take(touchpoint("1"), touchpoint("11"), touchpoint("1", NOON + 1, contact="donor-"))

    assert partition.refused == []


def test_a_fact_that_waited_is_held_with_what_it_named() -> None:
    partition = Partition()
    partition.take(refund("r1", "c1", 1000))
    partition.take(conversion("c1"))

    assert partition.take(refund("r1", "c1", 1000)) == []
    assert partition.take(refund("r1", "c1", 999)) == [Reason.CONFLICTING_DUPLICATE]
    assert partition.message("c1")["refunded"] == "10.00"


# Unknown touchpoints


def test_a_touchpoint_that_the_catalogue_lacks_is_refused_unless_it_brings_its_lifetime() -> None:
    fact = touchpoint("t1", name="street_stall")

    assert refusal_of(Partition(), fact) == refuse(
        Reason.UNKNOWN_TOUCHPOINT, CONTACT, "/name", "the catalogue has no touchpoint 'street_stall'"
    )
    assert Partition().take(touchpoint("t1", name="street_stall", lifetime=DAY_US)) == []


def test_a_default_lifetime_makes_every_name_known() -> None:
    partition = Partition(catalogue('default_lifetime = "P1D"'))

    partition.take(touchpoint("t1", NOON - DAY_US, "street_stall"), conversion("c1"))

    assert partition.credits("c1") == {"t1": "50.00"}


# From the future, and too late


@pytest.mark.parametrize("fact", COPIED, ids=lambda fact: type(fact).__name__)
def test_more_than_a_day_ahead_of_the_record_is_from_the_future(fact: Fact) -> None:
    day_before_ms = NOON_MS - 86_400_000

    assert live().take(fact, timestamp_ms=day_before_ms) == []
    assert live().take(fact, timestamp_ms=day_before_ms - 1) == [Reason.FROM_THE_FUTURE]


def test_a_microsecond_more_than_a_day_ahead_is_from_the_future() -> None:
    assert live().take(touchpoint("t1", NOON + DAY_US + 1), timestamp_ms=NOON_MS) == [Reason.FROM_THE_FUTURE]


def test_a_record_without_a_timestamp_is_never_from_the_future() -> None:
    assert live().take(touchpoint("t1", NOON + 1000 * DAY_US)) == []


def test_a_fact_from_the_future_does_not_make_others_late() -> None:
    partition = live()

    partition.take(touchpoint("t1", NOON + 1000 * DAY_US), timestamp_ms=NOON_MS)

    assert partition.take(touchpoint("t2", NOON)) == []


NEWEST: list[tuple[Fact, Fact]] = [
    (touchpoint("new", NOON, contact="ann"), touchpoint("old", NOON - HORIZON)),
    (retraction("new", "t9", NOON, contact="ann"), touchpoint("old", NOON - HORIZON)),
    (touchpoint("new", NOON, contact="ann"), retraction("old", "t9", NOON - HORIZON)),
    (conversion("new", NOON, contact="ann"), conversion("old", NOON - HORIZON)),
    (refund("new", "c9", 1, NOON, contact="ann"), conversion("old", NOON - HORIZON)),
    (cancellation("new", "c9", NOON, contact="ann"), refund("old", "c9", 1, NOON - HORIZON)),
    (conversion("new", NOON, contact="ann"), cancellation("old", "c9", NOON - HORIZON)),
]


@pytest.mark.parametrize(("newest", "old"), NEWEST, ids=repr)
def test_exactly_the_horizon_behind_the_newest_of_its_topic_is_in_time(newest: Fact, old: Fact) -> None:
    partition = live()
    partition.take(newest)

    assert partition.take(old) == []


@pytest.mark.parametrize(("newest", "old"), NEWEST, ids=repr)
def test_further_than_the_horizon_behind_the_newest_of_its_topic_is_too_late(newest: Fact, old: Fact) -> None:
    partition = live()
    partition.take(newest)
    partition.take(structs.replace(newest, event_id="newer", occurred_us=NOON + 1))

    assert partition.take(old) == [Reason.TOO_LATE]


def test_lateness_is_judged_to_the_microsecond_in_records_with_timestamps_too() -> None:
    partition = live()
    partition.take(touchpoint("new", NOON), conversion("new", NOON), timestamp_ms=NOON_MS)

    last, late = NOON - HORIZON, NOON - HORIZON - 1
    partition.take(touchpoint("t1", last), touchpoint("t2", late), timestamp_ms=NOON_MS)
    partition.take(conversion("c1", last), conversion("c2", late), timestamp_ms=NOON_MS)

    assert partition.refused == [
        Refused("touchpoints", 2, Reason.TOO_LATE),
        Refused("conversions", 2, Reason.TOO_LATE),
    ]


def test_the_other_topic_makes_no_fact_late() -> None:
    partition = live()

    partition.take(touchpoint("t1", NOON + 10 * HORIZON))

    assert partition.take(conversion("c1", NOON)) == []


def test_a_refused_fact_makes_no_other_late() -> None:
    partition = live()
    partition.take(touchpoint("t1", NOON), conversion("c1", NOON), refund("r1", "c9", 1, NOON))

    far = NOON + HORIZON + 1
    partition.take(touchpoint("t1", far), touchpoint("t2", far, "street_stall"))
    partition.take(conversion("c1", far), refund("r2", "c1", 1, far, currency="JPY"))

    assert len(partition.refused) == 4
    assert partition.take(touchpoint("t3", NOON - HORIZON), conversion("c3", NOON - HORIZON)) == []


def test_what_is_refused_survives_a_restart() -> None:
    partition = live()
    partition.take(touchpoint("t1", NOON))

    again = Partition(holds=HOLDS, store=partition.state.store)

    assert again.take(touchpoint("t2", NOON - HORIZON - 1)) == [Reason.TOO_LATE]


def test_a_refused_fact_claims_nothing() -> None:
    partition = live()
    partition.take(conversion("c1", NOON))

    assert partition.take(refund("r1", "c1", 1, currency="JPY")) == [Reason.CURRENCY_MISMATCH]
    assert partition.take(conversion("old", NOON - HORIZON - 1)) == [Reason.TOO_LATE]
    assert partition.take(touchpoint("t1", NOON, "street_stall")) == [Reason.UNKNOWN_TOUCHPOINT]
    assert partition.take(refund("r1", "c1", 2), conversion("old", NOON), touchpoint("t1", NOON)) == []


def test_an_unknown_name_is_said_before_a_wrong_time() -> None:
    partition = live()
    partition.take(touchpoint("t1", NOON))
    old = touchpoint("t2", NOON - HORIZON - 1, "street_stall")

    assert partition.take(old, timestamp_ms=0) == [Reason.UNKNOWN_TOUCHPOINT]


def test_the_future_is_said_before_lateness() -> None:
    partition = live()
    partition.take(touchpoint("t1", NOON))
    both = touchpoint("t2", NOON - HORIZON - 1)

    assert partition.take(both, timestamp_ms=0) == [Reason.FROM_THE_FUTURE]


def test_lateness_is_said_before_a_conflict() -> None:
    partition = live()
    partition.take(conversion("c1", NOON), conversion("c2", NOON + HORIZON + 1))

    assert partition.take(conversion("c1", NOON, 1)) == [Reason.TOO_LATE]


def test_a_conflict_is_said_before_another_currency() -> None:
    partition = live()
    partition.take(conversion("c1"), refund("r1", "c1", 1))

    assert partition.take(refund("r1", "c1", 1, currency="JPY")) == [Reason.CONFLICTING_DUPLICATE]


# Currencies


def test_a_refund_in_another_currency_is_refused_each_time() -> None:
    partition = Partition()
    partition.take(conversion("c1"))
    other = refund("r1", "c1", 1, currency="JPY")

    assert refusal_of(partition, other) == refuse(
        Reason.CURRENCY_MISMATCH, CONTACT, "/currency", "the conversion is in GBP, not in JPY"
    )
    assert partition.take(other, other) == [Reason.CURRENCY_MISMATCH] * 2
    assert partition.versions("c1") == [1]


def test_a_waiting_refund_in_another_currency_is_refused_once_under_its_own_offset_its_copies_are_duplicates() -> None:
    partition = Partition()
    other = refund("r1", "c1", 1, currency="JPY")
    assert partition.take(refund("r0", "c1", 1), other, other) == []

    assert partition.take(conversion("c1")) == [Reason.CURRENCY_MISMATCH]
    assert partition.take(other) == []
    assert partition.refused == [Refused("conversions", 1, Reason.CURRENCY_MISMATCH)]
    assert partition.take(refund("r1", "c1", 1)) == [Reason.CONFLICTING_DUPLICATE]
    assert partition.message("c1")["refunded"] == "0.01"
    assert partition.versions("c1") == [2]
    assert partition.state.meta.waiting == 0


# Holds


def test_a_fact_that_still_waits_when_its_horizon_has_passed_was_never_matched() -> None:
    partition = live()
    partition.take(retraction("x", "t1", NOON), refund("r1", "c1", 1, NOON), cancellation("k", "c1", NOON))

    assert partition.take(touchpoint("t2", NOON + HORIZON), conversion("c2", NOON + HORIZON)) == []
    assert partition.take(touchpoint("t3", NOON + HORIZON + 1)) == [Reason.NEVER_MATCHED]
    assert partition.take(conversion("c3", NOON + HORIZON + 1)) == [Reason.NEVER_MATCHED] * 2
    assert partition.refused == [
        Refused("touchpoints", 0, Reason.NEVER_MATCHED),
        Refused("conversions", 1, Reason.NEVER_MATCHED),
        Refused("conversions", 0, Reason.NEVER_MATCHED),
    ]
    assert partition.state.meta.waiting == 0


def test_never_matched_names_the_field_that_named_in_vain() -> None:
    partition = live()
    later = NOON + HORIZON + 1
    refusal_of(partition, retraction("x", "t1", NOON))
    refusal_of(partition, refund("r1", "c1", 1, NOON))
    refusal_of(partition, touchpoint("t2", later))
    refusal_of(partition, conversion("c2", later))

    partition.attribution.give_up()

    message = "what it names did not come within attribution_horizon"
    assert [refusal for _, refusal in partition.attribution.refused_later] == [
        Refusal(Reason.NEVER_MATCHED, (FieldError("/touchpoint_id", message),), CONTACT),
        Refusal(Reason.NEVER_MATCHED, (FieldError("/conversion_id", message),), CONTACT),
    ]


def test_a_waiting_fact_becomes_a_dead_letter_with_the_record_it_came_in() -> None:
    partition = live()
    origin = Origin("evenhand.conversions", 3, 17, NOON_MS, b"donor-7", b'{"type": "conversion.refunded"}')
    partition.attribution.decide(refund("r1", "c1", 1, NOON), origin)
    partition.state.commit()
    again = Partition(holds=HOLDS, store=partition.state.store)

    refusal_of(again, conversion("c2", NOON + HORIZON + 1))
    again.attribution.give_up()

    assert [record for record, _ in again.attribution.refused_later] == [origin]


def test_a_fact_that_was_waited_for_too_long_is_too_late_even_within_one_chunk() -> None:
    partition = live()

    reasons = partition.take(
        refund("r1", "c1", 1, NOON), conversion("far", NOON + HORIZON + 1), conversion("c1", NOON + HORIZON)
    )

    assert reasons == [Reason.NEVER_MATCHED]
    assert partition.message("c1")["refunded"] == "0.00"


def test_a_conversion_so_far_ahead_that_its_waiting_refund_gives_up_does_not_count_it() -> None:
    partition = live()

    reasons = partition.take(refund("r1", "c1", 1, NOON), conversion("c1", NOON + HORIZON + 1))

    assert reasons == [Reason.NEVER_MATCHED]
    assert partition.message("c1")["refunded"] == "0.00"


def test_a_fact_under_the_id_of_one_that_was_never_matched_waits_in_its_stead_even_within_one_chunk() -> None:
    partition = live()
    later = NOON + HORIZON + 1

    reasons = partition.take(
        refund("r1", "c1", 1, NOON), conversion("far", later), refund("r1", "c1", 200, later), conversion("c1", later)
    )

    assert reasons == [Reason.NEVER_MATCHED]
    assert partition.refused == [Refused("conversions", 0, Reason.NEVER_MATCHED)]
    assert partition.message("c1")["refunded"] == "2.00"
    assert partition.state.meta.waiting == 0


def test_a_touchpoint_can_be_retracted_until_a_horizon_after_it_expired() -> None:
    expires = NOON + 3 * DAY_US
    for moved_on, versions in ((HORIZON, [2, 3]), (HORIZON + 1, [2])):
        partition = live()
        partition.take(touchpoint("t1", NOON), conversion("c1", NOON))
        partition.take(touchpoint("far", expires + moved_on, contact="ann"))

        partition.take(retraction("x", "t1", expires + moved_on))

        assert partition.versions("c1") == versions


def test_a_conversion_can_be_refunded_until_its_retention_has_passed() -> None:
    for moved_on, versions in ((RETENTION, [1, 2]), (RETENTION + 1, [1])):
        partition = live()
        partition.take(conversion("c1", NOON))
        partition.take(conversion("far", NOON + moved_on, contact="ann"))

        partition.take(refund("r1", "c1", 1, NOON + moved_on))

        assert partition.versions("c1") == versions


def test_the_other_topic_ends_no_hold() -> None:
    partition = live()
    partition.take(touchpoint("t1", NOON), conversion("c1", NOON))
    partition.take(touchpoint("far", NOON + 2 * RETENTION, contact="ann"))

    partition.take(refund("r1", "c1", 1, NOON + RETENTION))

    assert partition.message("c1")["refunded"] == "0.01"


def test_a_follow_on_fact_holds_its_id_as_long_as_what_it_named() -> None:
    partition = live()
    partition.take(conversion("c1", NOON), refund("r1", "c1", 1, NOON))
    partition.take(conversion("far", NOON + RETENTION, contact="ann"))

    assert partition.take(refund("r1", "c2", 2, NOON + RETENTION)) == [Reason.CONFLICTING_DUPLICATE]
    partition.take(conversion("further", NOON + RETENTION + 1, contact="ann"))
    assert partition.take(refund("r1", "c2", 2, NOON + RETENTION)) == []


def test_a_fact_that_waited_holds_its_id_as_long_as_what_it_named() -> None:
    partition = live()
    partition.take(retraction("x", "t1", NOON), refund("r1", "c1", 1, NOON))
    partition.take(touchpoint("t1", NOON), conversion("c1", NOON))
    touchpoint_until, conversion_until = NOON + 3 * DAY_US + HORIZON, NOON + RETENTION
    partition.take(
        touchpoint("far", touchpoint_until, contact="ann"), conversion("far", conversion_until, contact="ann")
    )

    other_retraction, other_refund = retraction("x", "t9", touchpoint_until), refund("r1", "c9", 2, conversion_until)
    assert partition.take(other_retraction, other_refund) == [Reason.CONFLICTING_DUPLICATE] * 2


def test_an_id_is_free_again_when_its_hold_has_passed_and_the_former_touchpoint_stays_evidence() -> None:
    partition = live()
    partition.take(touchpoint("t1", NOON), conversion("c1", NOON))
    later = NOON + 3 * DAY_US + HORIZON + 1
    partition.take(touchpoint("far", later, contact="ann"))

    assert partition.take(touchpoint("t1", later)) == []
    partition.take(refund("r1", "c1", 1000, NOON + 1), conversion("c2", later), retraction("x", "t1", later))

    assert partition.credits("c1") == {"t1": "40.00"}
    assert partition.credits("c2") == {}


def test_a_refused_touchpoint_leaves_former_evidence_as_it_was() -> None:
    partition = live()
    partition.take(touchpoint("t1", NOON), conversion("c1", NOON))
    later = NOON + 3 * DAY_US + HORIZON + 1
    partition.take(retraction("t1x", "t9", later), touchpoint("far", later, contact="ann"))
    partition.take(retraction("t1", "t9", later))

    assert partition.take(touchpoint("t1", later)) == [Reason.CONFLICTING_DUPLICATE]
    partition.take(refund("r1", "c1", 1000, NOON + 1))

    assert partition.credits("c1") == {"t1": "40.00"}


def test_a_follow_on_fact_may_have_an_id_that_is_free_again() -> None:
    partition = live()
    partition.take(touchpoint("t1", NOON), conversion("c1", NOON))
    later = NOON + RETENTION + 1
    partition.take(touchpoint("far", later, contact="ann"), conversion("far", later, contact="ann"))

    assert partition.take(retraction("t1", "t9", later), cancellation("c1", "c9", later)) == []


def test_a_conversion_under_an_id_that_is_free_again_is_said_above_what_was_said() -> None:
    partition = live()
    partition.take(touchpoint("t1", NOON), conversion("c1", NOON))
    later = NOON + RETENTION + 1
    partition.take(conversion("far", later, contact="ann"))

    assert partition.take(conversion("c1", later, 700)) == []

    assert partition.versions("c1") == [2, 3]
    assert partition.message("c1")["value"] == "7.00"
    assert partition.message("c1")["refunded"] == "0.00"


def test_the_horizon_and_the_retention_that_ship_are_the_contracts() -> None:
    assert (SHIPPED.horizon_us, SHIPPED.retention_us) == (HORIZON, RETENTION)
