"""Every refusal that a record earns by itself, in the contract's order, and every fact (contract, sections 1 and 3)."""

import json

import pytest

from events.codec import decode, decode_any
from events.fact import Cancellation, Conversion, Refund, Retraction, Touchpoint
from events.refusal import FieldError, Reason, Refusal
from tests.sent_events import ABSENT, Sent, cancellation, conversion, record, refund, retraction, touchpoint

ELEVEN = 1_688_554_800_000_000


def refusal(value: bytes | None, topic: str = "touchpoints") -> Refusal:
    judged = decode(topic, value)
    assert isinstance(judged, Refusal)
    return judged


def reason(value: bytes | None, topic: str = "touchpoints") -> Reason:
    return refusal(value, topic).reason


def paths(event: Sent, topic: str = "touchpoints") -> list[str]:
    refused = refusal(record(event), topic)
    assert refused.reason is Reason.INVALID_EVENT
    return [error.path for error in refused.errors]


def test_the_reasons_stand_in_order_of_precedence() -> None:
    assert list(Reason) == [
        "oversized", "malformed_json", "unknown_type", "invalid_event", "key_mismatch", "wrong_partition",
        "unknown_currency", "unknown_touchpoint", "from_the_future", "too_late", "conflicting_duplicate",
        "currency_mismatch", "never_matched",
    ]  # fmt: skip


def test_an_event_of_32768_bytes_is_accepted_and_one_of_32769_is_oversized() -> None:
    room = 32_768 - len(record(retraction(reason="")))

    assert isinstance(decode("touchpoints", record(retraction(reason="x" * room))), Retraction)
    assert reason(record(retraction(reason="x" * (room + 1)))) is Reason.OVERSIZED
    assert reason(record(retraction(reason="é" * (room // 2 + 1)))) is Reason.OVERSIZED


def test_oversized_goes_before_malformed_json() -> None:
    assert reason(b"{" * 32_769) is Reason.OVERSIZED
    assert reason(record(touchpoint()) + b" " * 32_768) is Reason.OVERSIZED


@pytest.mark.parametrize(
    "value", [b"", b"{", b"\xff", b"\xef\xbb\xbf" + record(touchpoint()), record(touchpoint()) + b"}"]
)
def test_what_is_no_json_is_malformed(value: bytes) -> None:
    assert reason(value) is Reason.MALFORMED_JSON


@pytest.mark.parametrize("topic", ["touchpoints", "conversions"])
@pytest.mark.parametrize("name", ["", "touchpoint", "Touchpoint.recorded", "credit.assigned"])
def test_a_type_that_nobody_knows_is_unknown(topic: str, name: str) -> None:
    assert reason(record(touchpoint(type=name)), topic) is Reason.UNKNOWN_TYPE


@pytest.mark.parametrize("event", [conversion(), refund(), cancellation()])
def test_a_type_of_conversions_is_unknown_among_touchpoints(event: Sent) -> None:
    assert reason(record(event)) is Reason.UNKNOWN_TYPE


@pytest.mark.parametrize("event", [touchpoint(), retraction()])
def test_a_type_of_touchpoints_is_unknown_among_conversions(event: Sent) -> None:
    assert reason(record(event), "conversions") is Reason.UNKNOWN_TYPE


def test_an_unknown_type_goes_before_invalid_fields() -> None:
    assert reason(record(touchpoint(type="touchpoint.lost", event_id=""))) is Reason.UNKNOWN_TYPE


def test_a_record_without_a_value_is_invalid() -> None:
    assert refusal(None) == Refusal(Reason.INVALID_EVENT, (FieldError("", "a record has a value"),))


@pytest.mark.parametrize("value", [b"null", b"[]", b"1", b'"touchpoint.recorded"', b"true"])
def test_json_that_is_no_object_is_invalid(value: bytes) -> None:
    assert refusal(value) == Refusal(Reason.INVALID_EVENT, (FieldError("", "an event is a JSON object"),))


@pytest.mark.parametrize("event", [touchpoint(type=ABSENT), touchpoint(type=None), touchpoint(type=1), {}])
def test_a_type_that_is_missing_or_no_text_is_invalid(event: Sent) -> None:
    assert paths(event) == ["/type"]


@pytest.mark.parametrize("field", ["event_id", "contact_id", "occurred_at", "name"])
@pytest.mark.parametrize("value", [ABSENT, None, 1, True, [], {}, "", "\x7f"])
def test_each_field_of_a_touchpoint_is_required_and_judged(field: str, value: object) -> None:
    assert paths(touchpoint(**{field: value})) == [f"/{field}"]


@pytest.mark.parametrize("field", ["event_id", "contact_id", "occurred_at", "name", "value"])
@pytest.mark.parametrize("value", [ABSENT, None, 1, 50.5, "", "\x7f"])
def test_each_field_of_a_conversion_is_required_and_judged(field: str, value: object) -> None:
    assert paths(conversion(**{field: value}), "conversions") == [f"/{field}"]


@pytest.mark.parametrize("value", [ABSENT, None, 826])
def test_a_currency_is_text(value: object) -> None:
    assert paths(conversion(currency=value), "conversions") == ["/currency"]


@pytest.mark.parametrize("event", [refund(conversion_id=""), cancellation(conversion_id=ABSENT)])
def test_a_refund_and_a_cancellation_name_their_conversion(event: Sent) -> None:
    assert paths(event, "conversions") == ["/conversion_id"]


def test_a_retraction_names_its_touchpoint() -> None:
    assert paths(retraction(touchpoint_id=ABSENT)) == ["/touchpoint_id"]


@pytest.mark.parametrize("event", [touchpoint(lifetme="P3D"), touchpoint(value="1.00"), retraction(name="ad")])
def test_an_unknown_field_is_refused_so_that_a_typo_is_never_lost(event: Sent) -> None:
    assert paths(event) == [f"/{list(event)[-1]}"]


@pytest.mark.parametrize("field", ["lifetime", "dimensions", "properties"])
def test_null_does_not_stand_for_absent(field: str) -> None:
    assert paths(touchpoint(**{field: None})) == [f"/{field}"]


@pytest.mark.parametrize("lifetime", ["P1Y", "P1M", "PT0S", "P400DT1S", "-P1D", 3, ""])
def test_a_lifetime_of_no_fixed_length_or_beyond_its_bounds_is_invalid(lifetime: object) -> None:
    assert paths(touchpoint(lifetime=lifetime)) == ["/lifetime"]


def test_dimensions_are_at_most_16() -> None:
    many = {f"d{number:02}": "v" for number in range(17)}
    enough = dict(list(many.items())[:16])

    assert isinstance(decode("touchpoints", record(touchpoint(dimensions=enough))), Touchpoint)
    assert paths(touchpoint(dimensions=many)) == ["/dimensions"]


@pytest.mark.parametrize(
    ("dimensions", "expected"),
    [({"a": ""}, "/dimensions/a"), ({"a": "x" * 129}, "/dimensions/a"), ({"a": 1}, "/dimensions/a"),
     ({"a": None}, "/dimensions/a"), ({"": "v"}, "/dimensions/"), ({"a\n": "v"}, "/dimensions/a\n"), ([],
     "/dimensions"), ({"a/b~c": ""}, "/dimensions/a~1b~0c"), ({"[key]": ""}, "/dimensions/[key]")],
)  # fmt: skip
def test_names_and_values_of_dimensions_are_ids_and_the_pointer_finds_them(dimensions: object, expected: str) -> None:
    assert paths(touchpoint(dimensions=dimensions)) == [expected]


@pytest.mark.parametrize("properties", [[], "text", 1, True])
def test_properties_are_an_object(properties: object) -> None:
    assert paths(touchpoint(properties=properties)) == ["/properties"]


@pytest.mark.parametrize(
    "text", ["-1", "+1", "1e3", "050", "50.000", "10000000000000000", "50,00", " 50", "\u0665\u0660"]
)
def test_an_amount_that_is_no_plain_decimal_of_its_currency_is_invalid(text: str) -> None:
    assert paths(conversion(value=text), "conversions") == ["/value"]


def test_a_conversion_may_be_of_nothing_and_a_refund_may_not() -> None:
    free = decode("conversions", record(conversion(value="0.00")))

    assert isinstance(free, Conversion)
    assert free.amount_minor == 0
    assert paths(refund(value="0.00"), "conversions") == ["/value"]


def test_every_error_is_listed() -> None:
    event = touchpoint(event_id="", occurred_at="yesterday", name=ABSENT, lifetime="P1Y", dimensions={"": 1}, typo=1)

    assert sorted(paths(event)) == sorted(
        ["/event_id", "/occurred_at", "/name", "/lifetime", "/dimensions/", "/dimensions/", "/typo"]
    )


def test_a_wrong_amount_is_listed_beside_other_errors() -> None:
    assert paths(conversion(event_id="", value="50.000", typo=1), "conversions") == ["/event_id", "/value", "/typo"]


@pytest.mark.parametrize("currency", ["XXX", "XAU", "DEM", "gbp", "", "GBP ", "POUND"])
def test_an_unknown_currency_carries_the_contact_so_that_a_wrong_key_can_go_first(currency: str) -> None:
    refused = refusal(record(conversion(currency=currency)), "conversions")

    assert refused.reason is Reason.UNKNOWN_CURRENCY
    assert refused.contact_id == "donor-7"
    assert [error.path for error in refused.errors] == ["/currency"]


def test_invalid_fields_go_before_an_unknown_currency() -> None:
    assert paths(conversion(currency="XXX", value="-1"), "conversions") == ["/value"]
    assert paths(refund(currency="XXX", value="0"), "conversions") == ["/value"]


def test_a_currency_is_judged_at_its_own_instant() -> None:
    then = record(conversion(currency="HRK", occurred_at="2023-01-01T00:59:59+01:00"))
    now = record(conversion(currency="HRK", occurred_at="2023-01-01T01:00:00+01:00"))

    assert isinstance(decode("conversions", then), Conversion)
    assert reason(now, "conversions") is Reason.UNKNOWN_CURRENCY


def test_each_type_becomes_its_fact() -> None:
    lasting = touchpoint(lifetime="P3D", dimensions={"b": "2", "a": "1"})

    assert decode("touchpoints", record(lasting)) == Touchpoint(
        "donor-7", "e1", ELEVEN, "google_ad_click", 259_200_000_000, b'{"a":"1","b":"2"}', b""
    )
    assert decode("touchpoints", record(retraction(reason="x"))) == Retraction("donor-7", "e1", ELEVEN, "t1", "x")
    assert decode("conversions", record(conversion())) == Conversion(
        "donor-7", "e1", ELEVEN, "donation", 5000, "GBP", b""
    )
    assert decode("conversions", record(refund())) == Refund("donor-7", "e1", ELEVEN, "c1", 500, "GBP")
    assert decode("conversions", record(cancellation())) == Cancellation("donor-7", "e1", ELEVEN, "c1")


@pytest.mark.parametrize(
    ("one", "other"),
    [(touchpoint(occurred_at="2023-07-05T11:00:00.000Z"), touchpoint(occurred_at="2023-07-05T12:00:00+01:00")),
     (touchpoint(lifetime="P2W"), touchpoint(lifetime="PT336H")),
     (touchpoint(dimensions={"a": "1", "b": "2"}), touchpoint(dimensions={"b": "2", "a": "1"})),
     (touchpoint(properties={"a": 1, "b": [0.5]}), touchpoint(properties={"b": [5e-1], "a": 1.0})),
     (conversion(value="50"), conversion(value="50.0"))],
)  # fmt: skip
def test_copies_that_differ_in_spelling_alone_are_one_fact(one: Sent, other: Sent) -> None:
    assert decode_any(record(one)) == decode_any(json.dumps(other, indent=2).encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [(touchpoint(), touchpoint(dimensions={})), (touchpoint(), touchpoint(properties={})),
     (touchpoint(properties={"a": 1}), touchpoint(properties={"a": "1"})), (retraction(), retraction(reason="")),
     (touchpoint(event_id="é"), touchpoint(event_id="e\u0301")), (conversion(value="50"), conversion(value="50.01"))],
)  # fmt: skip
def test_copies_that_differ_in_content_are_not(one: Sent, other: Sent) -> None:
    assert decode_any(record(one)) != decode_any(record(other))


@pytest.mark.parametrize(
    ("event", "topic"),
    [(touchpoint(), "touchpoints"), (touchpoint(properties={"a": 0.5}), "touchpoints"), (retraction(), "touchpoints"),
     (conversion(), "conversions"), (refund(), "conversions"), (cancellation(reason=ABSENT), "conversions")],
)  # fmt: skip
def test_a_line_of_a_file_finds_its_topic_by_its_type(event: Sent, topic: str) -> None:
    assert decode_any(record(event)) == (topic, decode(topic, record(event)))


def test_a_line_of_a_file_is_refused_as_a_record_is() -> None:
    assert decode_any(None) == refusal(None)
    assert decode_any(b"[]") == refusal(b"[]")
    assert decode_any(record(touchpoint(event_id=""))) == refusal(record(touchpoint(event_id="")))
    unknown = decode_any(record(touchpoint(type="x")))
    assert isinstance(unknown, Refusal)
    assert unknown.reason is Reason.UNKNOWN_TYPE
