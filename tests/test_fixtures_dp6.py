"""DP6's journeys: every figure that its library publishes of a model that the contract has, too.

Their figures are fractions of 3; ours are pennies of 3 pounds. So a journey's figures are compared after rounding
theirs by the contract's rule (`to_the_penny`), and the sums by channel to within a penny for each of the nine journeys.
"""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from config.catalogue import load_catalogue
from tests.acceptance import DATA, EXAMPLES, Message, attribute, by_model, earned, lines_of, to_the_penny

MODELS = {
    "attribution_first_click_heuristic": "first",
    "attribution_last_click_heuristic": "last",
    "attribution_last_click_non_A_heuristic": "last_non_direct",
    "attribution_linear_heuristic": "linear",
    "attribution_position_based_0.4_0.2_0.4_heuristic": "position_based",
    "attribution_time_decay0.5_freq24_heuristic": "time_decay",
}
"""DP6's column: our model, under `examples/dp6-catalogue.toml`."""

LEFT_OUT = {
    "attribution_time_decay0.5_freq168_heuristic": (
        "DP6 halves a weight once for each whole week of age, so that a day or two cost nothing; the contract's "
        "half-life works at every age. In whole periods, as with freq24 above, the two agree."
    ),
}
"""Columns whose model the contract does not have, and why."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


JOURNEYS = rows_of(DATA / "dp6-journeys.csv")
CHANNELS = rows_of(DATA / "dp6-channels.csv")


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return attribute(lines_of(EXAMPLES / "dp6-journeys.jsonl"), load_catalogue(EXAMPLES / "dp6-catalogue.toml"))


def journey(messages: list[Message], number: int) -> list[Message]:
    return [message for message in messages if message["contact_id"] == f"journey-{number}"]


def test_every_published_figure_is_compared_or_left_out_with_its_reason() -> None:
    columns = {column for column in JOURNEYS[0] if column.startswith("attribution_")}

    assert columns == {*MODELS, *LEFT_OUT}
    assert not MODELS.keys() & LEFT_OUT.keys()


@pytest.mark.parametrize("number", range(1, len(JOURNEYS) + 1))
def test_the_example_tells_the_published_journeys(messages: list[Message], number: int) -> None:
    row = JOURNEYS[number - 1]

    [message] = by_model(journey(messages, number), "linear")

    assert " > ".join(touch["name"] for touch in message["touchpoints"]) == row["channels_agg"]
    assert Decimal(message["value"]) == Decimal(row["conversion_value"])


@pytest.mark.parametrize("number", range(1, len(JOURNEYS) + 1))
@pytest.mark.parametrize("column", MODELS)
def test_each_journey_earns_what_dp6_says(messages: list[Message], column: str, number: int) -> None:
    row = JOURNEYS[number - 1]
    figures = [Fraction(figure).limit_denominator(1000) for figure in row[column].split(" > ")]
    expected = to_the_penny(dict(zip(row["channels_agg"].split(" > "), figures, strict=True)))

    [message] = by_model(journey(messages, number), MODELS[column])

    assert earned([message], "channel") == expected


@pytest.mark.parametrize("column", MODELS)
def test_the_channels_earn_together_what_dp6_says(messages: list[Message], column: str) -> None:
    expected = {row["channels"]: float(row[column]) for row in CHANNELS}

    channels = earned(by_model(messages, MODELS[column]), "channel")

    assert {channel: float(credit) for channel, credit in channels.items()} == pytest.approx(expected, abs=0.09)
    assert sum(channels.values()) == 3 * len(JOURNEYS)
