"""The bytes of a credit and of its keys."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.rules import ModelSpec, Rules
from events.instant import parse_instant
from streams.credit import Claim, assign_credit
from streams.message import credit_key, encode_credit, shadow_key
from streams.window import Description, Touch
from tests.domain import DAY_US, NOON, Partition, conversion, touchpoint

WORKED_EXAMPLE = b"""
{"type": "credit.assigned", "conversion_id": "c1", "contact_id": "donor-7", "conversion": "donation",
 "occurred_at": "2023-07-05T11:02:00Z", "model": "linear", "version": 3,
 "currency": "GBP", "value": "50.00", "refunded": "0.00",
 "touchpoints": [
  {"touchpoint_id": "t1", "name": "google_ad_click", "occurred_at": "2023-07-05T11:00:00Z",
   "expires_at": "2023-07-08T11:00:00Z", "credit": "25.00",
   "dimensions": {"department": "Technology", "online_channel": "Paid Ads", "platform": "Google Ads"}},
  {"touchpoint_id": "t2", "name": "organic_search_click", "occurred_at": "2023-07-05T11:01:00Z",
   "expires_at": "2023-07-10T11:01:00Z", "credit": "25.00",
   "dimensions": {"department": "Technology", "online_channel": "Google Search"}}],
 "dimensions": {
  "department": {"credits": {"Technology": "50.00"}, "unattributed": "0.00"},
  "online_channel": {"credits": {"Google Search": "25.00", "Paid Ads": "25.00"}, "unattributed": "0.00"},
  "platform": {"credits": {"Google Ads": "50.00"}, "unattributed": "0.00"}},
 "unattributed": "0.00"}
"""
"""As the contract prints it: section 3."""

RULES = Rules(ModelSpec("linear"), (), (), frozenset())
IDS = st.text(st.characters(blacklist_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=8)


def encoded(
    claim: Claim | None = None, *window: Touch, newest: int = 100, rules: Rules = RULES, version: int = 1
) -> bytes:
    claim = claim or Claim("donor-7", "c1", "donation", NOON, "GBP", 5000, 0)
    return encode_credit(assign_credit(claim, list(window), version, rules.model, rules, newest))


def test_the_worked_example_is_the_contracts_message_byte_for_byte() -> None:
    """A7 to A22: 50 pounds at 11:02 on 5 July 2023."""
    partition = Partition()
    partition.take(
        touchpoint("t1", parse_instant("2023-07-05T11:00:00Z"), "google_ad_click"),
        touchpoint("t2", parse_instant("2023-07-05T11:01:00Z"), "organic_search_click"),
        touchpoint("t3", parse_instant("2023-07-05T11:10:00Z"), "newsletter_sign_up"),
        conversion("c1", parse_instant("2023-07-05T11:02:00Z"), 5000),
    )

    expected = json.dumps(json.loads(WORKED_EXAMPLE), separators=(",", ":")).encode()
    assert partition.log[b'["donor-7","c1"]'] == [expected]


def test_a_credit_without_evidence() -> None:
    rules = Rules(ModelSpec("linear"), (), ("platform",), frozenset())

    assert encoded(rules=rules) == (
        b'{"type":"credit.assigned","conversion_id":"c1","contact_id":"donor-7","conversion":"donation",'
        b'"occurred_at":"2023-07-05T12:00:00Z","model":"linear","version":1,"currency":"GBP","value":"50.00",'
        b'"refunded":"0.00","touchpoints":[],'
        b'"dimensions":{"platform":{"credits":{},"unattributed":"50.00"}},"unattributed":"50.00"}'
    )


@pytest.mark.parametrize(
    ("currency", "value", "refunded"),
    [("GBP", "0.07", "0.01"), ("JPY", "7", "1"), ("KWD", "0.007", "0.001"), ("CLF", "0.0007", "0.0001")],
)
def test_money_always_has_the_currencys_decimals(currency: str, value: str, refunded: str) -> None:
    message = json.loads(encoded(Claim("donor-7", "c1", "donation", NOON, currency, 7, 1)))

    assert (message["value"], message["refunded"], message["currency"]) == (value, refunded, currency)


def test_an_amount_of_eighteen_digits_is_written_out() -> None:
    message = json.loads(encoded(Claim("donor-7", "c1", "donation", NOON, "GBP", 10**18 - 1, 0)))

    assert message["unattributed"] == "9999999999999999.99"


def test_times_are_in_utc_with_a_fraction_of_six_digits_only_when_it_is_not_zero() -> None:
    ad = Description("ad", {})
    window = [Touch(NOON - 10, "t1", NOON - 10 + DAY_US, 0, ad), Touch(NOON, "t2", NOON + DAY_US, 0, ad)]

    first, second = json.loads(encoded(None, *window))["touchpoints"]

    assert (first["occurred_at"], first["expires_at"]) == ("2023-07-05T11:59:59.999990Z", "2023-07-06T11:59:59.999990Z")
    assert (second["occurred_at"], second["expires_at"]) == ("2023-07-05T12:00:00Z", "2023-07-06T12:00:00Z")


def test_a_touchpoint_may_expire_after_the_last_year_that_an_event_may_have() -> None:
    last = parse_instant("2200-12-31T23:59:59Z")
    claim = Claim("donor-7", "c1", "donation", last, "GBP", 1, 0)

    message = json.loads(encoded(claim, Touch(last, "t1", last + 400 * DAY_US, 0, Description("ad", {}))))

    assert message["touchpoints"][0]["expires_at"] == "2202-02-04T23:59:59Z"


def test_capped_stands_last_and_only_when_it_is_true() -> None:
    ad = Description("ad", {})
    window = [Touch(NOON - 1, "t1", NOON, 0, ad), Touch(NOON, "t2", NOON, 0, ad)]

    assert encoded(None, *window, newest=1).endswith(b'"unattributed":"0.00","capped":true}')
    assert b"capped" not in encoded(None, *window, newest=2)


def test_dimensions_and_their_values_are_ordered_by_code_point() -> None:
    own = {"é": "ü", "Z": "x", "a": "y", "\U0001f600": "z", "\uffee": "w"}
    window = [
        Touch(NOON - 1, "t1", NOON, 0, Description("ad", dict(sorted(own.items())))),
        Touch(NOON, "t2", NOON, 0, Description("ad", {"é": "b"})),
        Touch(NOON, "t3", NOON, 0, Description("ad", {"é": "A"})),
    ]

    message = json.loads(encoded(None, *window))

    in_order = ["Z", "a", "é", "\uffee", "\U0001f600"]
    assert list(message["dimensions"]) == in_order
    assert list(message["touchpoints"][0]["dimensions"]) == in_order
    assert list(message["dimensions"]["é"]["credits"]) == ["A", "b", "ü"]


def test_texts_are_utf8_and_only_quotes_and_backslashes_are_escaped() -> None:
    claim = Claim('do"nor', "c\\1", "don\u2028ation é\U0001f600", NOON, "GBP", 1, 0)

    message = encoded(claim)

    assert message.startswith(
        '{"type":"credit.assigned","conversion_id":"c\\\\1","contact_id":"do\\"nor",'
        '"conversion":"don\u2028ation é\U0001f600",'.encode()
    )


@given(IDS, IDS, IDS, IDS, IDS)
def test_any_ids_come_back_from_the_compact_json_that_the_standard_library_writes(
    contact: str, event: str, name: str, dimension: str, value: str
) -> None:
    claim = Claim(contact, event, name, NOON, "GBP", 1, 0)

    message = encoded(claim, Touch(NOON, event, NOON, 0, Description(name, {dimension: value})))

    read = json.loads(message)
    assert json.dumps(read, ensure_ascii=False, separators=(",", ":")).encode() == message
    assert (read["contact_id"], read["conversion_id"], read["conversion"]) == (contact, event, name)
    [touch] = read["touchpoints"]
    assert (touch["touchpoint_id"], touch["name"], touch["dimensions"]) == (event, name, {dimension: value})


def test_keys_are_compact_json_arrays() -> None:
    assert credit_key("donor-7", "c1") == b'["donor-7","c1"]'
    assert shadow_key("donor-7", "c1", "last") == b'["donor-7","c1","last"]'


@given(IDS, IDS)
def test_a_key_tells_contact_and_conversion_apart(contact: str, conversion_id: str) -> None:
    assert json.loads(credit_key(contact, conversion_id)) == [contact, conversion_id]
    assert json.loads(shadow_key(contact, conversion_id, "last")) == [contact, conversion_id, "last"]


def test_no_two_conversions_share_a_key() -> None:
    assert credit_key('a","b', "c") != credit_key("a", 'b","c')
