"""Facts as scores take them: as they were sent, and the same again from a row of a state."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from projections.scores.facts import Scored, fact_of, row_of
from tests.scoring import NOON, adjusted, converted, interaction, opened, refunded, touched, updated


def test_a_conversions_value_is_a_number() -> None:
    assert converted("c1", value="50.00").fields["value"] == Decimal(50)


def test_a_touchpoint_has_the_catalogues_dimensions_and_its_own_before_them() -> None:
    found = touched("t1", "google_ad_click", dimensions={"platform": "Bing", "city": "Leeds"}).fields["dimensions"]

    assert found == {
        "department": "Technology",
        "online_channel": "Paid Ads",
        "platform": "Bing",
        "city": "Leeds",
    }


@pytest.mark.parametrize(
    "fact",
    [
        opened("t1", properties={"share": 0.1, "no": None, "list": [1, True, "é"]}),
        converted("c1", value="9007199254740993.00"),
        refunded("f1", "c1"),
        interaction("posted", "e1", text="Called"),
        updated("u1", dnd=["email"], city=None),
        adjusted("a1", points=3),
    ],
    ids=lambda fact: fact.type,
)
def test_a_fact_comes_back_from_its_row_to_the_digit(fact: Scored) -> None:
    back = fact_of(row_of(fact))

    assert (back.type, back.event_id, back.occurred_us) == (fact.type, fact.event_id, NOON)
    assert json.dumps(back.fields, default=repr) == json.dumps(fact.fields, default=repr)
