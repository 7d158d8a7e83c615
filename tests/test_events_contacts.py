"""Events about contacts: what is checked, what is carried, and when two copies are one fact (contract 2, section 1)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import msgpack

from events.codec import canonical_event, decode, decode_any
from events.contacts import ContactErased, ContactFact, ContactUpdated, ScoreAdjusted
from events.facts import key_of
from events.refusal import Reason, Refusal
from tests.sent_events import ABSENT, Sent, adjusted, erased, record, scheduled, updated

ELEVEN = 1_688_554_800_000_000


def fact(event: Sent) -> ContactFact:
    judged = decode("contacts", record(event))
    assert isinstance(judged, ContactFact)
    return judged


def paths(event: Sent) -> list[str]:
    judged = decode("contacts", record(event))
    assert isinstance(judged, Refusal)
    assert judged.reason is Reason.INVALID_EVENT
    return [error.path for error in judged.errors]


def attributes(event: Sent) -> dict[str, object]:
    judged = fact(event)
    assert isinstance(judged, ContactUpdated)
    return judged.attributes


def test_each_type_becomes_its_fact() -> None:
    assert fact(updated({"name": "Ada"})) == ContactUpdated("donor-7", "e1", ELEVEN, b'{"name":"Ada"}')
    assert fact(adjusted(points=-5)) == ScoreAdjusted("donor-7", "e1", ELEVEN, "engagement", -5, None, "u1", None)
    assert fact(adjusted(points=ABSENT, set_to=40, reason="met")) == ScoreAdjusted(
        "donor-7", "e1", ELEVEN, "engagement", None, 40, "u1", "met"
    )
    assert fact(erased()) == ContactErased("donor-7", "e1", ELEVEN)


def test_the_key_is_the_contact() -> None:
    assert key_of(fact(erased(contact_id="user:u1"))) == "user:u1"


def test_null_is_a_value_of_every_attribute() -> None:
    hidden: dict[str, object] = dict.fromkeys(
        ["name", "email", "phone", "kind", "owner", "city", "postcode", "time_zone", "groups", "tags", "dnd",
         "opportunities", "anything"]
    )  # fmt: skip

    assert attributes(updated(hidden)) == hidden


@pytest.mark.parametrize("name", ["name", "email", "phone", "kind", "owner", "city", "postcode", "time_zone"])
@pytest.mark.parametrize("value", [1, True, [], {}])
def test_a_known_attribute_that_is_text_is_no_other(name: str, value: object) -> None:
    assert paths(updated({name: value})) == [f"/attributes/{name}"]


@pytest.mark.parametrize("name", ["groups", "tags"])
@pytest.mark.parametrize(("value", "path"), [("vip", ""), ({"a": 1}, ""), (["a", 1], "/1"), ([None], "/0")])
def test_groups_and_tags_are_lists_of_text(name: str, value: object, path: str) -> None:
    assert paths(updated({name: value})) == [f"/attributes/{name}{path}"]


def test_do_not_disturb_names_channels() -> None:
    assert paths(updated({"dnd": ["email", "fax", "sms", "carrier pigeon"]})) == [
        "/attributes/dnd/1",
        "/attributes/dnd/3",
    ]


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "europe/london", "Europe/London ", "../tzdata/zones"])
def test_a_time_zone_is_iana_s(zone: str) -> None:
    assert paths(updated({"time_zone": zone})) == ["/attributes/time_zone"]


@pytest.mark.parametrize(
    ("opportunity", "path"),
    [({}, "/id"), ({"id": ""}, "/id"), ({"id": "o", "value": 5}, "/value"), ({"id": "o", "value": "-5"}, "/value"),
     ({"id": "o", "value": "1" * 19}, "/value"), ({"id": "o", "currency": "pound"}, "/currency"),
     ({"id": "o", "open": "yes"}, "/open"), ({"id": "o", "name": None}, "/name"), ({"id": "o", "typo": 1}, "/typo"),
     ("o", "")],
)  # fmt: skip
def test_an_opportunity_is_checked(opportunity: object, path: str) -> None:
    assert paths(updated({"opportunities": [{"id": "o1"}, opportunity]})) == [f"/attributes/opportunities/1{path}"]


def test_other_attributes_are_carried_digit_for_digit() -> None:
    carried = updated({"visits": 3, "shoe size": 42.50, "far": 1e21, "nested": {"value": "1.50", "list": [True, None]}})

    assert attributes(carried) == {
        "visits": 3,
        "shoe size": Decimal("42.5"),
        "far": Decimal("1E+21"),
        "nested": {"value": "1.50", "list": [True, None]},
    }


def test_every_error_is_listed() -> None:
    event = updated({"name": 1, "dnd": ["fax"]}, event_id="", occurred_at="yesterday", typo=1)

    assert paths(event) == ["/event_id", "/occurred_at", "/attributes/name", "/attributes/dnd/0", "/typo"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"points": ABSENT}, ""), ({"set_to": 5}, "/set_to"), ({"points": 0.5}, "/points"), ({"points": "5"}, "/points"),
     ({"points": True}, "/points"), ({"points": 10**15}, "/points"), ({"points": -(10**15)}, "/points"),
     ({"points": 1e300}, "/points"), ({"actor": ABSENT}, "/actor"), ({"profile_id": ""}, "/profile_id"),
     ({"reason": None}, "/reason")],
)  # fmt: skip
def test_an_adjustment_has_one_integer(changes: Sent, path: str) -> None:
    assert paths(adjusted(**changes)) == [path]


def test_what_is_wrong_between_fields_is_listed_beside_what_is_wrong_in_them() -> None:
    assert paths(adjusted(event_id="", set_to="x")) == ["/event_id", "/set_to", "/set_to"]


def test_an_erasure_says_nothing_else() -> None:
    assert paths(erased(reason="asked")) == ["/reason"]


@pytest.mark.parametrize(
    ("one", "other"),
    [(updated({"a": 1, "b": [0.5]}), updated({"b": [5e-1], "a": 1.0})),
     (updated({"opportunities": [{"id": "o", "value": "10"}]}),
      updated({"opportunities": [{"value": "10.0", "id": "o"}]})),
     (adjusted(points=5), adjusted(points=5.0)), (adjusted(points=-0.0), adjusted(points=0)),
     (erased(), erased(occurred_at="2023-07-05T12:00:00.0+01:00"))],
)  # fmt: skip
def test_copies_that_differ_in_spelling_alone_are_one_fact(one: Sent, other: Sent) -> None:
    assert fact(one) == fact(other)
    assert canonical_event(record(one)) == canonical_event(record(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [(updated({"a": 1}), updated({"a": True})), (updated({"a": None}), updated()),
     (updated({"a": 1}), updated({"a": "1"})),
     (updated({"tags": ["a", "b"]}), updated({"tags": ["b", "a"]})), (adjusted(), adjusted(reason="")),
     (adjusted(points=5), adjusted(points=ABSENT, set_to=5)), (updated({"big": 2**64}), updated({"big": 2**64 + 1}))],
)  # fmt: skip
def test_copies_that_differ_in_content_are_not(one: Sent, other: Sent) -> None:
    assert fact(one) != fact(other)
    assert canonical_event(record(one)) != canonical_event(record(other))


@pytest.mark.parametrize("event", [updated({"big": 2**64, "half": 0.5}), adjusted(), erased()])
def test_a_fact_survives_its_row(event: Sent) -> None:
    row = msgpack.encode(fact(event))

    assert msgpack.decode(row, type=ContactFact) == fact(event)


@pytest.mark.parametrize("event", [updated(), adjusted(), erased()])
def test_a_line_of_a_file_finds_the_topic(event: Sent) -> None:
    assert decode_any(record(event)) == ("contacts", fact(event))


@pytest.mark.parametrize("topic", ["touchpoints", "conversions", "interactions"])
def test_another_topic_does_not_know_it(topic: str) -> None:
    judged = decode(topic, record(erased()))

    assert isinstance(judged, Refusal)
    assert judged.reason is Reason.UNKNOWN_TYPE


def test_contacts_do_not_know_interactions() -> None:
    judged = decode("contacts", record(scheduled()))

    assert isinstance(judged, Refusal)
    assert judged.reason is Reason.UNKNOWN_TYPE
