"""Canonical JSON: one spelling of each value (RFC 8785), numbers by their decimal value."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.canonical import canonical_json, number_text, properties_digest
from events.plain import DoubtError, plain_canonical
from events.strict_json import MalformedJsonError, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def test_keys_are_sorted_by_utf_16_code_units() -> None:
    sent = {"\ufb33": 0, "\U0001f600": 0, "€": 0, "1": 0, "é": 0, "\r": 0}  # as in RFC 8785, section 3.2.3

    assert canonical_json(sent).decode() == '{"\\r":0,"1":0,"é":0,"€":0,"😀":0,"\ufb33":0}'


def test_only_what_must_be_escaped_is_escaped() -> None:
    assert canonical_json("€$\x0f\nA'B\"\\/\x7f") == '"€$\\u000f\\nA\'B\\"\\\\/\x7f"'.encode()


@pytest.mark.parametrize(
    "double",
    ["0", "5e-324", "-5e-324", "1.7976931348623157e+308", "9007199254740992", "295147905179352830000",
     "9.999999999999997e+22", "1e+23", "1.0000000000000001e+23", "999999999999999700000", "1e+21",
     "9.999999999999997e-7", "0.000001", "333333333.3333332", "-0.0000033333333333333333", "1424953923781206.2"],
)  # fmt: skip
def test_a_double_is_written_as_rfc_8785_writes_it(double: str) -> None:
    assert number_text(double) == double  # the samples of its appendix B


@pytest.mark.parametrize(
    ("spellings", "canonical"),
    [(("1", "1.0", "1e0", "10e-1", "0.1e1", "1E+00", "1e-" + "0" * 5_000), "1"), (("-0", "0.0", "0e99999999999999"),
     "0"), (("120", "1.2e2", "12e+1"), "120"), (("1e21", "1" + "0" * 21), "1e+21"), (("0.0000001", "1e-7"), "1e-7")],
)  # fmt: skip
def test_spellings_of_one_decimal_are_one_number(spellings: tuple[str, ...], canonical: str) -> None:
    assert {number_text(spelling) for spelling in spellings} == {canonical}


@pytest.mark.parametrize(
    ("one", "other"),
    [("9007199254740993", "9007199254740992"), ("0.1", "0.1000000000000000055511151231257827"), ("1e-400", "0"),
     ("1e-400", "1e-401"), ("1e-" + "9" * 5_000, "1e-" + "9" * 4_999), ("100000000000000000000001", "1e23")],
)  # fmt: skip
def test_decimals_that_a_double_cannot_tell_apart_are_two_numbers(one: str, other: str) -> None:
    assert number_text(one) != number_text(other)


def test_a_far_exponent_is_shifted_exactly() -> None:
    assert number_text("123e-" + "9" * 5_000) == "1.23e-" + "9" * 4_999 + "7"


@given(st.decimals(-(10**15), 10**15, places=8), st.integers(-30, 30))
def test_a_number_keeps_its_value_and_has_one_spelling(value: Decimal, shift: int) -> None:
    spelled = f"{value.scaleb(-shift):f}e{shift}"

    assert Decimal(number_text(spelled)) == value
    assert number_text(spelled) == number_text(f"{value:f}")


@given(JSON)
def test_canonical_json_is_the_same_value_and_its_own_canonical_form(value: object) -> None:
    canonical = canonical_json(value)

    assert json.loads(canonical) == value
    assert canonical_json(parse_json(canonical)) == canonical


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4), st.booleans(), st.sampled_from([None, 1]))
def test_the_plain_way_to_canonical_json_agrees_or_doubts(value: object, ascii_only: bool, indent: int | None) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()

    try:
        plain = plain_canonical(raw)
    except DoubtError:
        return
    assert plain == canonical_json(value)


def test_the_plain_way_takes_plain_properties() -> None:
    assert plain_canonical(b'{"b": [1, {"d": null, "c": "x"}], "a": true}') == b'{"a":true,"b":[1,{"c":"x","d":null}]}'


@pytest.mark.parametrize(
    "raw", [b'{"a":1,"a":1}', b'{"a":1.0}', b'{"a":"\\n"}', '{"a":"é"}'.encode(), b'{"a":1000000000000000000}']
)
def test_the_plain_way_leaves_every_doubt_to_the_whole_one(raw: bytes) -> None:
    with pytest.raises(DoubtError):
        plain_canonical(raw)


def test_properties_have_one_digest_however_they_are_spelled() -> None:
    spellings = (b'{"a":[1,"\xc3\xa9"],"b":2}', b'{ "b" : 2.0, "a" : [1e0, "\\u00e9"] }')

    assert len({properties_digest(raw) for raw in spellings}) == 1
    assert len(properties_digest(b"{}")) == 16
    assert properties_digest(b'{"a":1}') != properties_digest(b'{"a":"1"}')


def test_properties_that_are_no_json_have_no_digest() -> None:
    with pytest.raises(MalformedJsonError):
        properties_digest(b'{"a":1,"a":1}')
