"""A conversion's credit: overall and in each dimension on its own."""

from __future__ import annotations

from collections.abc import Mapping

from streams.credit import Claim, Credit, DimensionCredit, assign_credit
from streams.window import Description, Touch
from tests.domain import DAY_US, NOON, catalogue

MODELS = catalogue("""
dimensions = ["department", "platform"]
shadow_models = ["first", "last_non_direct", "position_based", "time_decay"]
""").rules_at(NOON)
LINEAR, FIRST, LAST_NON_DIRECT, POSITION_BASED, TIME_DECAY = MODELS.model, *MODELS.shadow_models
PLATFORM_AND_DEPARTMENT = {"department": "Technology", "platform": "Google Ads"}
CLAIM = Claim("donor-7", "c1", "donation", NOON, "GBP", 5000, 0)


def touch(event_id: str, dimensions: Mapping[str, str], name: str = "ad", retractions: int = 0) -> Touch:
    at = NOON - DAY_US + int(event_id[1:])
    return Touch(at, event_id, NOON + DAY_US, retractions, Description(name, dimensions))


def credit(*window: Touch, claim: Claim = CLAIM, newest: int = 100) -> Credit:
    return assign_credit(claim, list(window), 1, LINEAR, MODELS, newest)


def test_overall_the_value_is_split_among_the_evidence() -> None:
    """A15 and A16."""
    found = credit(touch("t1", {}), touch("t2", {}), touch("t3", {}))

    assert (found.credits_minor, found.unattributed_minor) == ([1667, 1667, 1666], 0)


def test_each_dimension_splits_the_whole_value_among_those_that_have_a_value_for_it() -> None:
    """A17 to A21."""
    paid = touch("t1", {"department": "Technology", "platform": "Google Ads", "online_channel": "Paid Ads"})
    search = touch("t2", {"department": "Technology", "online_channel": "Google Search"})

    assert credit(paid, search).dimensions == {
        "department": DimensionCredit({"Technology": 5000}, 0),
        "online_channel": DimensionCredit({"Google Search": 2500, "Paid Ads": 2500}, 0),
        "platform": DimensionCredit({"Google Ads": 5000}, 0),
    }


def test_a_dimension_that_none_has_leaves_the_value_unattributed_in_it() -> None:
    found = credit(touch("t1", {"department": "Technology"}))

    assert found.dimensions["platform"] == DimensionCredit({}, 5000)
    assert found.unattributed_minor == 0


def test_any_other_dimension_of_the_evidence_is_reported_too_in_order() -> None:
    found = credit(touch("t1", {"town": "Leeds"}), touch("t2", {"Zone": "north"}))

    assert list(found.dimensions) == ["Zone", "department", "platform", "town"]
    assert found.dimensions["town"] == DimensionCredit({"Leeds": 5000}, 0)


def test_a_dimension_of_retracted_or_capped_touchpoints_alone_is_not_reported() -> None:
    capped = touch("t1", {"town": "Leeds"})
    retracted = touch("t2", {"zone": "north"}, retractions=1)

    found = credit(capped, retracted, touch("t3", {}), newest=2)

    assert list(found.dimensions) == ["department", "platform"]


def test_without_evidence_the_value_is_unattributed_everywhere() -> None:
    found = credit()

    assert (found.evidence, found.credits_minor, found.unattributed_minor) == ([], [], 5000)
    assert found.dimensions == {"department": DimensionCredit({}, 5000), "platform": DimensionCredit({}, 5000)}


def test_a_value_of_nothing_is_split_into_nothing() -> None:
    free = Claim("donor-7", "c1", "pledge", NOON, "GBP", 0, 0)

    found = credit(touch("t1", {"department": "Technology"}), touch("t2", {}), claim=free)

    assert (found.credits_minor, found.unattributed_minor) == ([0, 0], 0)
    assert found.dimensions["department"] == DimensionCredit({"Technology": 0}, 0)


def test_after_a_refund_the_net_value_is_split_anew() -> None:
    """Never the old split less the refund's split: 17, 17, 16 less 4, 3, 3 would be 13, 14, 13."""
    refunded = Claim("donor-7", "c1", "donation", NOON, "GBP", 50, 10)

    found = credit(touch("t1", {}), touch("t2", {}), touch("t3", {}), claim=refunded)

    assert found.credits_minor == [14, 13, 13]


def test_odd_units_are_summed_by_value_after_the_split() -> None:
    shown = [touch("t1", {"department": "A"}), touch("t2", {"department": "B"}), touch("t3", {"department": "A"})]

    assert credit(*shown).dimensions["department"] == DimensionCredit({"A": 3333, "B": 1667}, 0)


def test_where_some_lack_a_dimension_its_odd_unit_goes_to_the_first_that_has_it() -> None:
    having = [touch("t2", {"department": "B"}), touch("t3", {"department": "A"}), touch("t4", {"department": "C"})]

    found = credit(touch("t1", {}), *having)

    assert found.dimensions["department"] == DimensionCredit({"A": 1667, "B": 1667, "C": 1666}, 0)


def test_the_whole_evidence_is_listed_and_every_value_it_has_also_at_zero() -> None:
    window = [touch("t1", PLATFORM_AND_DEPARTMENT), touch("t2", {"department": "Fundraising"})]

    found = assign_credit(CLAIM, window, 1, FIRST, MODELS, 100)

    assert (found.evidence, found.credits_minor) == (window, [5000, 0])
    assert found.dimensions["department"] == DimensionCredit({"Fundraising": 0, "Technology": 5000}, 0)


def test_in_a_dimension_the_model_is_applied_to_those_that_have_a_value_for_it() -> None:
    window = [
        touch("t1", {}),
        touch("t2", {"platform": "A"}),
        touch("t3", {"platform": "B"}, name="direct"),
        touch("t4", {}, name="direct"),
        touch("t5", {}),
    ]

    assert assign_credit(CLAIM, window, 1, FIRST, MODELS, 100).dimensions["platform"].credits == {"A": 5000, "B": 0}
    found = assign_credit(CLAIM, window, 1, LAST_NON_DIRECT, MODELS, 100)
    assert found.credits_minor == [0, 0, 0, 0, 5000]
    assert found.dimensions["platform"].credits == {"A": 5000, "B": 0}
    found = assign_credit(CLAIM, window, 1, POSITION_BASED, MODELS, 100)
    assert found.dimensions["platform"].credits == {"A": 2500, "B": 2500}


def test_in_a_dimension_ages_decay_from_the_newest_that_has_it() -> None:
    week = 7 * DAY_US
    description, other = Description("ad", {"platform": "A"}), Description("ad", {"platform": "B"})
    window = [
        Touch(NOON - 60 * week, "t1", NOON, 0, description),
        Touch(NOON - 59 * week, "t2", NOON, 0, other),
        Touch(NOON, "t3", NOON, 0, Description("ad", {})),
    ]

    found = assign_credit(CLAIM, window, 1, TIME_DECAY, MODELS, 100)

    assert found.credits_minor == [0, 0, 5000]
    assert found.dimensions["platform"].credits == {"A": 1667, "B": 3333}


def test_more_than_the_newest_that_count_make_a_credit_capped() -> None:
    window = [touch("t1", {}), touch("t2", {}, retractions=1), touch("t3", {})]

    assert credit(*window, newest=3).capped is False
    assert credit(*window, newest=2).capped is True
    assert credit(*window, newest=2).evidence == [window[2]]
