"""The cases of PostHog's tests of its attribution table.

Their figures are conversions, or shares of one, of a value of 100; ours are pounds, after rounding theirs by the
contract's rule (`to_the_penny`). PostHog's lookback window is the touchpoint's lifetime; where a case overrides it, the
events bring their own. A session is the touchpoint's id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from config.catalogue import Catalogue
from tests.acceptance import (
    DATA,
    Message,
    attribute,
    by_model,
    catalogue_of,
    donation,
    earned,
    to_the_penny,
    touchpoint,
)

CASES = {case["name"]: case for case in json.loads((DATA / "posthog-cases.json").read_text())["cases"]}

MODELS = {
    "first_touch": "first",
    "last_touch": "last",
    "linear": "linear",
    "position_based": "position_based",
    "time_decay": "time_decay",
}

LEFT_OUT = {
    ("excluding_direct_redistributes_its_credit", "expected_exclude_direct"): (
        "no model of the contract leaves direct visits out altogether; `last_non_direct`, which passes over them, is "
        "compared on the same journey below."
    ),
    ("excluding_unattributed_redistributes_none_row", "expected"): (
        "PostHog gives visits without a campaign a row of their own; by the contract (section 2, rule 3) a dimension "
        "is split among the touchpoints that have a value for it, which is PostHog's answer with that row excluded."
    ),
    ("unique_users_counts_first_conversion_only", "expected"): (
        "the contract credits every conversion; to count people is up to the reader of the credits."
    ),
    ("unique_users_counts_first_conversion_only", "expected_totals"): "as above.",
    ("campaign_alias_mapping_collapses_spellings", "expected"): (
        "the contract compares ids as they are (section 1); whoever sends the events spells a campaign in one way."
    ),
}
"""Expectations whose semantics the contract does not share, and why."""

WINDOW_DAYS = 4
CATALOGUE = """
dimensions = ["campaign"]
model = "linear"
shadow_models = ["first", "last", "last_non_direct", "position_based", "time_decay"]
direct = ["direct_visit"]

[models.time_decay]
half_life = "P1D"

[touchpoints.visit]
lifetime = "P4D"

[touchpoints.direct_visit]
lifetime = "P4D"
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return catalogue_of(CATALOGUE)


def events_of(case: dict[str, Any]) -> Iterator[bytes]:
    """A case in events of the contract."""
    own = {"lifetime": f"P{case['window_days']}D"} if case["window_days"] != WINDOW_DAYS else {}
    for number, touch in enumerate(case["touches"]):
        name = "direct_visit" if touch.get("channel") == "Direct" else "visit"
        valued = {key: touch[key] for key in ("campaign", "channel", "source", "medium") if touch.get(key)}
        said = own | ({"dimensions": valued} if valued else {})
        yield touchpoint(touch.get("session", f"t{number}"), name, touch["at"], touch.get("contact", "p1"), **said)
    for number, conversion in enumerate(case["conversions"]):
        yield donation(f"c{number}", str(conversion["value"]), conversion["at"], conversion.get("contact", "p1"))


def credited(name: str, catalogue: Catalogue) -> list[Message]:
    return attribute(events_of(CASES[name]), catalogue)


def compared(expectation: str) -> list[str]:
    """The cases that expect such a thing, but for those left out."""
    return [name for name, case in CASES.items() if expectation in case and (name, expectation) not in LEFT_OUT]


COMPARED = {
    "expected",
    "expected_exclude_unattributed",
    "expected_value",
    "expected_influenced",
    "expected_totals",
}


def test_every_expectation_of_the_thirteen_cases_is_compared_or_left_out_with_its_reason() -> None:
    expectations = {(name, key) for name, case in CASES.items() for key in case if key.startswith("expected")}

    assert len(CASES) == 13
    assert {(name, key) for name, key in expectations if key not in COMPARED} <= LEFT_OUT.keys() <= expectations


@pytest.mark.parametrize("name", compared("expected"))
def test_the_dimension_is_split_as_posthog_says(name: str, catalogue: Catalogue) -> None:
    case = CASES[name]
    dimension = "channel" if "channel" in case["touches"][0] else "campaign"

    messages = credited(name, catalogue)

    for model, shares in case["expected"].items():
        expected = to_the_penny({value: 100 * Fraction(str(share)) for value, share in shares.items()})
        assert earned(by_model(messages, MODELS[model]), dimension) == expected


@pytest.mark.parametrize("name", compared("expected_exclude_unattributed"))
def test_visits_without_a_campaign_take_no_part_in_the_split_by_campaign(name: str, catalogue: Catalogue) -> None:
    shares = CASES[name]["expected_exclude_unattributed"]["linear"]

    messages = by_model(credited(name, catalogue), "linear")

    assert earned(messages, "campaign") == {value: 100 * share for value, share in shares.items()}
    assert [touch["credit"] for touch in messages[0]["touchpoints"]] == ["50.00", "50.00"]


@pytest.mark.parametrize("name", compared("expected_value"))
def test_the_values_of_several_conversions_add_up(name: str, catalogue: Catalogue) -> None:
    messages = credited(name, catalogue)

    for model, values in CASES[name]["expected_value"].items():
        assert earned(by_model(messages, MODELS[model]), "campaign") == values


@pytest.mark.parametrize("name", compared("expected_influenced"))
def test_a_campaign_influences_every_conversion_that_it_earns_of(name: str, catalogue: Catalogue) -> None:
    expected = CASES[name]["expected_influenced"]

    messages = by_model(credited(name, catalogue), "linear")

    campaigns = [campaign for message in messages for campaign in earned([message], "campaign")]
    assert {campaign: campaigns.count(campaign) for campaign in expected} == expected


@pytest.mark.parametrize("name", compared("expected_totals"))
def test_every_conversion_is_reported_also_without_touchpoints(name: str, catalogue: Catalogue) -> None:
    expected = CASES[name]["expected_totals"]

    messages = by_model(credited(name, catalogue), "linear")

    assert len(messages) == expected["total_conversions"]
    unattributed = [message for message in messages if message["unattributed"] == "100.00"]
    assert len(unattributed) == expected.get("unattributed_conversions", 0)


def test_last_non_direct_gives_direct_visits_credit_to_the_visit_before(catalogue: Catalogue) -> None:
    case = CASES["excluding_direct_redistributes_its_credit"]
    shares = case["expected_exclude_direct"]["linear"]

    messages = by_model(attribute(events_of(case), catalogue), "last_non_direct")

    assert earned(messages, "channel") == {channel: 100 * share for channel, share in shares.items()}
