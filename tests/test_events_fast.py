"""The fast path and the full judgement are one judgement: where the fast path speaks at all, it says the same."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events.codec import canonical_event, decode, decode_any, decode_fully
from events.fact import Cancellation, Conversion, Refund, Retraction, Touchpoint
from events.fast import fast_any, fast_conversion, fast_touchpoint
from events.refusal import Refusal
from tests.sent_events import Sent, cancellation, conversion, record, refund, retraction, touchpoint

FACTS = (Touchpoint, Retraction, Conversion, Refund, Cancellation)
ONE_OF_EACH = [touchpoint(dimensions={"b": "2", "a": "1"}), retraction(), conversion(), refund(), cancellation()]
PLAIN = [*ONE_OF_EACH, touchpoint(), touchpoint(lifetime="P3D"), retraction(reason="a robot"),
         touchpoint(properties={"url": "https://example.org/?a=b", "n": 1, "deep": [{"x": None}]})]  # fmt: skip

letters = st.text(st.sampled_from('ab-1 /"\\\x7f\x85\xa0é\u200b\ufdd0\ufffe😀\n'), max_size=6)
ids = st.sampled_from(["a", "contact-1", "x" * 128, "x" * 129, "é" * 128]) | letters
years = st.sampled_from(
    ["1899-12-31", "1900-01-01", "1900-01-02", "2023-07-05", "2024-02-29", "2023-02-29", "2200-12-31", "2201-01-01"]
)
clocks = st.sampled_from(["00:00:00", "11:02:59", "23:59:59", "23:59:60", "24:00:00", "1:00:00"])
fractions = st.sampled_from(["", ".5", ".123", ".123456", ".9999999", ".", ".1a"])
offsets = st.sampled_from(["Z", "z", "+00:00", "-00:00", "+01:00", "-23:59", "+23:59", "+24:00", "", " Z"])
instants = st.builds("{}{}{}{}{}".format, years, st.sampled_from(["T", "T", "t", " "]), clocks, fractions, offsets)
lifetimes = st.sampled_from(["P3D", "PT0.5S", "P2W", "PT0S", "P400D", "P401D", "P1M", "p3d", "P"])
amounts = st.sampled_from(
    ["50", "50.00", "0", "0.00", "5.125", "50.0000", "050", "-1", "1e2", "9" * 18, "9" * 19, "9" * 16 + ".99", ""]
)
currencies = st.sampled_from(["GBP", "GBP", "JPY", "KWD", "CLF", "XXX", "DEM", "HRK", "gbp", ""])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | letters,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(letters, inner, max_size=3),
    max_leaves=6,
)


def sent(
    type_: str, optional: dict[str, st.SearchStrategy[Any]], **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[Sent]:
    who = {"type": st.just(type_), "event_id": ids, "contact_id": ids, "occurred_at": instants}
    return st.fixed_dictionaries(who | fields, optional=optional)


events = st.one_of(
    sent("touchpoint.recorded", {"lifetime": lifetimes, "dimensions": st.dictionaries(ids, ids, max_size=17),
                                 "properties": st.dictionaries(letters, values, max_size=3), "typo": st.just(1)},
                                 name=ids),
    sent("touchpoint.retracted", {"reason": letters}, touchpoint_id=ids),
    sent("conversion.recorded", {"properties": values}, name=ids, value=amounts, currency=currencies),
    sent("conversion.refunded", {}, conversion_id=ids, value=amounts, currency=currencies),
    sent("conversion.cancelled", {"name": ids}, conversion_id=ids),
)  # fmt: skip


@st.composite
def spelled(draw: st.DrawFn, events: st.SearchStrategy[Sent]) -> bytes:
    """An event's JSON in any order and spelling that JSON allows."""
    event = draw(events)
    event = {field: event[field] for field in draw(st.permutations(list(event)))}
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:")]))
    return json.dumps(event, ensure_ascii=draw(st.booleans()), separators=separators).encode()


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """The same with a piece that was cut out, put in or put twice."""
    value = draw(spelled(st.sampled_from(PLAIN) | events))
    start = draw(st.integers(0, len(value)))
    end = draw(st.integers(start, min(len(value), start + 40)))
    pieces = st.sampled_from(
        [b"", b'"', b"\\", b"\x7f", b"\xff", b"\x00", b" ", b",", b"{}", b"1", b"null", b"\\u0041", b'"name":"x",']
    )
    return value[:start] + draw(pieces | st.just(value[start:end] * 2)) + value[end:]


def agrees(value: bytes) -> bool:
    """Whether each way to judge says the same; the fast ones may say nothing."""
    touchpoint, conversion = decode_fully("touchpoints", value), decode_fully("conversions", value)
    fact = conversion if isinstance(touchpoint, Refusal) else touchpoint
    return (
        fast_touchpoint(value) in (None, touchpoint)
        and fast_conversion(value) in (None, conversion)
        and fast_any(value) in (None, fact)
        and decode("touchpoints", value) == touchpoint
        and decode("conversions", value) == conversion
    )


@settings(max_examples=400)
@given(spelled(events))
def test_the_two_ways_agree_on_events_right_and_wrong(value: bytes) -> None:
    assert agrees(value)


@settings(max_examples=600)
@given(spoiled())
@example(record(touchpoint()).replace(b'"name"', b'"name":"x","name"'))
@example(record(touchpoint(dimensions={"a": "1"})).replace(b'{"a"', b'{"a":"0","a"'))
@example(record(touchpoint(dimensions={"a": "1"})).replace(b'"dimensions"', b'"dimensions":{},"dimensions"'))
@example(
    record(touchpoint(properties={"a": 1})).replace(b'"properties"', b'"properties":{"a":[1,"\xff"]},"properties"')
)
@example(record(touchpoint(properties={"a": 1})).replace(b":1}", b":1e999}"))
@example(record(touchpoint(properties={"a": 1})).replace(b":1}", b":" + b"[" * 63 + b"]" * 63 + b"}"))
@example(record(touchpoint(properties={"a": 1})).replace(b":1}", b":" + b"[" * 62 + b"]" * 62 + b"}"))
@example(record(touchpoint(dimensions={"a": "1"})).replace(b'"1"', b" " * 32_000 + b'"1"'))
@example(record(touchpoint(dimensions={"a": "1"})).replace(b'"1"', b" " * 33_000 + b'"1"'))
def test_the_two_ways_agree_on_bytes_that_are_spoiled(value: bytes) -> None:
    assert agrees(value)
    assert agrees(value)  # and once more, when the fast path remembers


@pytest.mark.parametrize("event", PLAIN)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_plain_events_take_the_fast_path(event: Sent, separators: tuple[str, str]) -> None:
    value = json.dumps(event, separators=separators).encode()

    assert isinstance(fast_any(value), FACTS)


def test_letters_beyond_ascii_take_the_fast_path() -> None:
    value = record(touchpoint(contact_id="账户-7", name="visité", dimensions={"zone": "Süd"}))

    assert isinstance(fast_touchpoint(value), Touchpoint)


def test_what_is_remembered_changes_nothing() -> None:
    value = record(touchpoint(dimensions={"b": "2", "a": "1"}, occurred_at="2023-07-05T11:00:00.25Z"))

    assert decode("touchpoints", value) == decode("touchpoints", value) == decode_fully("touchpoints", value)


def test_an_event_whose_dimensions_are_remembered_is_oversized_all_the_same() -> None:
    spaced = record(touchpoint(dimensions={"a": "1"})).replace(b'"1"', b" " * 32_500 + b'"1"')
    longer = spaced.replace(b'"e1"', b'"' + b"e" * 128 + b'"').replace(b"donor-7", b"d" * 128)

    assert isinstance(decode("touchpoints", spaced), Touchpoint)
    assert len(longer) > 32_768
    assert isinstance(decode("touchpoints", longer), Refusal)


@given(spelled(events))
def test_canonical_json_of_an_event_is_an_event_of_the_same_fact_and_its_own_canonical_form(value: bytes) -> None:
    judged = decode_any(value)
    if isinstance(judged, Refusal):
        with pytest.raises(ValueError, match=judged.reason):
            canonical_event(value)
    else:
        assert decode_any(canonical_event(value)) == judged
        assert canonical_event(canonical_event(value)) == canonical_event(value)


WRONG: list[Callable[[random.Random, bytes], bytes | None]] = [
    lambda chance, value: value[: chance.randrange(len(value))],
    lambda chance, value: value[chance.randrange(1, len(value)) :],
    lambda chance, value: _with(value, chance.randrange(len(value)), bytes([chance.randrange(256)])),
    lambda chance, value: _with(value, chance.randrange(len(value)), chance.choice([b"\0", b"\x1f", b"\x7f",
    b"\xc2\x85"])), lambda chance, value: value.replace(b'"', b"", chance.randrange(1, 6)),
    lambda chance, value: value.replace(b':"', chance.choice([b":1", b":null", b":NaN", b":-Infinity",
    b":1e999"]) + b',"x":"'), lambda _, value: value.decode().encode("utf-16"),
    lambda _, value: value.replace(b"donor", "dönör".encode("latin-1")),
    lambda chance, value: value[:-1] + b',"properties":' + b"[" * chance.randrange(20_000) + b"}",
    lambda chance, value: value[:-1] + b',"properties":{"a":"' + b"x" * chance.randrange(70_000) + b'"}}',
    lambda chance, value: value[:-1] + b"," + value[1 : value.index(b",", chance.randrange(len(value) // 2))] + b"}",
    lambda _chance, _value: None,
    lambda chance, _value: chance.randbytes(chance.randrange(300)),
    lambda chance, value: record(dict.fromkeys(json.loads(value), chance.choice([None, 1, [], {}, True]))),
    lambda _, value: value.replace(b"donor", b"\\ud800"),
]  # fmt: skip


def _with(value: bytes, place: int, piece: bytes) -> bytes:
    return value[:place] + piece + value[place + 1 :]


def test_a_thousand_mutated_records_are_each_a_fact_or_a_refusal() -> None:
    chance = random.Random(4217)
    facts = 0
    for number in range(1_000):
        value = WRONG[number % len(WRONG)](chance, record(chance.choice(PLAIN)))
        for topic in ("touchpoints", "conversions"):
            judged = decode(topic, value)
            assert isinstance(judged, Refusal) != isinstance(judged, FACTS)
            assert judged == decode_fully(topic, value)
            facts += isinstance(judged, FACTS)
    assert 0 < facts < 1_000


def test_golden_records_take_the_fast_path_or_hold_what_it_leaves_alone() -> None:
    left = {
        title
        for path in Path(__file__).with_name("golden").glob("*.1.json")
        for title, case in json.loads(path.read_text()).items()
        if case.get("topic") in ("touchpoints", "conversions") and fast_any(record(case["sent"])) is None
    }

    assert left == {"everything there is", "with a reason"}  # escapes
