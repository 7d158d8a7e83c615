"""The worked example: 50 pounds at 11:02 on 5 July 2023, after an advert and a search, before a newsletter."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest

from cli.main import main
from config.catalogue import load_catalogue
from tests.acceptance import EXAMPLES, decide, lines_of

WORKED_EXAMPLE = EXAMPLES / "worked-example.jsonl"
EVENTS = lines_of(WORKED_EXAMPLE)

# The message of the contract, section 3, compact.
MESSAGE = (
    b'{"type":"credit.assigned","conversion_id":"c1","contact_id":"donor-7","conversion":"donation",'
    b'"occurred_at":"2023-07-05T11:02:00Z","model":"linear","version":3,'
    b'"currency":"GBP","value":"50.00","refunded":"0.00",'
    b'"touchpoints":['
    b'{"touchpoint_id":"t1","name":"google_ad_click","occurred_at":"2023-07-05T11:00:00Z",'
    b'"expires_at":"2023-07-08T11:00:00Z","credit":"25.00",'
    b'"dimensions":{"department":"Technology","online_channel":"Paid Ads","platform":"Google Ads"}},'
    b'{"touchpoint_id":"t2","name":"organic_search_click","occurred_at":"2023-07-05T11:01:00Z",'
    b'"expires_at":"2023-07-10T11:01:00Z","credit":"25.00",'
    b'"dimensions":{"department":"Technology","online_channel":"Google Search"}}],'
    b'"dimensions":{'
    b'"department":{"credits":{"Technology":"50.00"},"unattributed":"0.00"},'
    b'"online_channel":{"credits":{"Google Search":"25.00","Paid Ads":"25.00"},"unattributed":"0.00"},'
    b'"platform":{"credits":{"Google Ads":"50.00"},"unattributed":"0.00"}},'
    b'"unattributed":"0.00"}'
)


def test_the_worked_example_gives_the_contracts_message_byte_for_byte() -> None:
    ruling = decide(EVENTS, load_catalogue(None))

    assert ruling.refusals == []
    assert ruling.messages[0] == MESSAGE


def test_replay_writes_the_contracts_message_byte_for_byte(tmp_path: Path) -> None:
    assert main(["replay", str(WORKED_EXAMPLE), "--out", str(tmp_path)]) == 0

    assert (tmp_path / "credits.jsonl").read_bytes() == MESSAGE + b"\n"


@pytest.mark.parametrize("order", list(permutations(range(len(EVENTS)))))
def test_the_worked_example_does_not_depend_on_the_order_of_arrival(order: tuple[int, ...]) -> None:
    assert decide([EVENTS[place] for place in order], load_catalogue(None)).messages[0] == MESSAGE


def test_each_shadow_model_says_the_same_conversion_its_own_way() -> None:
    catalogue = load_catalogue(None)

    shadows = [json.loads(message) for message in decide(EVENTS, catalogue).messages[1:]]

    earned = {shadow["model"]: [touch["credit"] for touch in shadow["touchpoints"]] for shadow in shadows}
    assert earned == {
        "first": ["50.00", "0.00"],
        "last": ["0.00", "50.00"],
        "position_based": ["25.00", "25.00"],
    }
