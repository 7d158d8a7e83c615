"""Adobe's worked example of its attribution models.

The lookback window "visitor" is a lifetime that covers the whole journey, "visit" one of half an hour, so that only the
last visit's touches count. Adobe gives its figures in cents, rounded as the contract rounds.
"""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from config.catalogue import Catalogue
from tests.acceptance import DATA, EXAMPLES, attribute, by_model, catalogue_of, earned, lines_of

EXAMPLE = json.loads((DATA / "adobe-worked-example.json").read_text())
EVENTS = lines_of(EXAMPLES / "adobe-journey.jsonl")
VISITOR = (EXAMPLES / "adobe-catalogue.toml").read_text()
LIFETIMES = {"visitor": '"P30D"', "visit": '"PT30M"'}

MODELS = {"first": "first", "linear": "linear", "j_shaped": "j_shaped", "time_decay_7d": "time_decay"}

LEFT_OUT = {
    "participation/visitor": (
        "participation gives every touch the whole value; by the contract's invariant 5 credits sum to the value."
    ),
}
"""Figures whose model the contract does not have, and why."""

COMPARED = sorted(EXAMPLE["expected"].keys() - LEFT_OUT.keys())


def catalogue_with(lookback: str) -> Catalogue:
    return catalogue_of(VISITOR.replace(LIFETIMES["visitor"], LIFETIMES[lookback]))


def test_the_example_tells_adobes_journey() -> None:
    [message] = by_model(attribute(EVENTS, catalogue_with("visitor")), "linear")

    told = [(touch["occurred_at"][5:10], touch["dimensions"]["channel"]) for touch in message["touchpoints"]]
    assert told == [(touch["at"], touch["channel"]) for touch in EXAMPLE["touches"]]
    assert Decimal(message["value"]) == EXAMPLE["value"]


@pytest.mark.parametrize("figure", COMPARED)
def test_the_channels_earn_what_adobe_says(figure: str) -> None:
    model, lookback = figure.split("/")
    expected = {channel: Decimal(str(credit)) for channel, credit in EXAMPLE["expected"][figure].items()}

    messages = by_model(attribute(EVENTS, catalogue_with(lookback)), MODELS[model])

    assert earned(messages, "channel") == expected
