"""Definitions: profiles and users under their keys, and records without a value (contract 2, section 1)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import msgpack

from events.definitions import (
    Definition,
    DraftRemoved,
    ProfilePublished,
    ProfileSaved,
    ProfileUnpublished,
    UserRemoved,
    UserSaved,
    decode_definition,
    key_of,
)
from events.refusal import Reason, Refusal
from tests.sent_events import ABSENT, Sent, record, touchpoint

ELEVEN = 1_688_554_800_000_000


def definition(name: str, /, **fields: object) -> Sent:
    sent = {"type": name, "event_id": "e1", "occurred_at": "2023-07-05T11:00:00Z", **fields}
    return {field: value for field, value in sent.items() if value is not ABSENT}


def saved(**changes: object) -> Sent:
    return definition("score_profile.saved", **{"profile_id": "p1", "profile": {"floor": 0}, **changes})


def published(**changes: object) -> Sent:
    return definition("score_profile.published", **{"profile_id": "p1", "revision": 3, "profile": {}, **changes})


def user(**changes: object) -> Sent:
    return definition("user.saved", **{"user_id": "u1", **changes})


def key(*parts: object) -> bytes:
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


def refused(found_key: bytes | None, value: bytes | None) -> Refusal:
    judged = decode_definition(found_key, value)
    assert isinstance(judged, Refusal)
    return judged


def paths(event: Sent) -> list[str]:
    judged = refused(b"", record(event))
    assert judged.reason is Reason.INVALID_EVENT
    return [error.path for error in judged.errors]


@pytest.mark.parametrize(
    ("found_key", "event", "expected"),
    [(key("draft", "p1"), saved(), ProfileSaved("p1", "e1", ELEVEN, b'{"floor":0}')),
     (key("published", "p1"), published(), ProfilePublished("p1", "e1", ELEVEN, b"{}", 3)),
     (key("user", "u1"), user(), UserSaved("u1", "e1", ELEVEN, None, None, None, None, active=True)),
     (key("user", "Zoë \"1\""), user(user_id='Zoë "1"', name="Z", email="z@example.org", time_zone="Europe/Paris",
      reminder_hour=23, active=False), UserSaved('Zoë "1"', "e1", ELEVEN, "Z", "z@example.org", "Europe/Paris", 23,
      active=False))],
)  # fmt: skip
def test_each_type_becomes_its_definition(found_key: bytes, event: Sent, expected: Definition) -> None:
    assert decode_definition(found_key, record(event)) == expected


@pytest.mark.parametrize(
    ("found_key", "expected"),
    [(key("draft", "p1"), DraftRemoved("p1")), (key("published", "p1"), ProfileUnpublished("p1")),
     (key("user", "Zoë"), UserRemoved("Zoë"))],
)  # fmt: skip
def test_a_record_without_a_value_takes_away(found_key: bytes, expected: Definition) -> None:
    assert decode_definition(found_key, None) == expected


@pytest.mark.parametrize(
    ("event", "found_key"),
    [(saved(), key("published", "p1")), (saved(), key("draft", "p2")), (published(), key("draft", "p1")),
     (user(), key("user", "U1")), (user(), b'["user", "u1"]'), (user(), b"u1"), (user(), None)],
)  # fmt: skip
def test_a_definition_under_another_s_key_is_refused(event: Sent, found_key: bytes | None) -> None:
    assert refused(found_key, record(event)).reason is Reason.KEY_MISMATCH


@pytest.mark.parametrize(
    "found_key", [None, b"", b"u1", b"[]", key("user"), key("group", "g1"), key("user", ""), key("user", 1),
                  b'["user", "u1"]', b'["user","\\u00e9"]', b"\xff", key("user", "u1", "x")],
)  # fmt: skip
def test_nothing_is_taken_away_under_a_key_that_is_none(found_key: bytes | None) -> None:
    assert refused(found_key, None).reason is Reason.KEY_MISMATCH


@pytest.mark.parametrize(
    ("event", "expected"),
    [(saved(profile_id=ABSENT), ["/profile_id"]), (saved(profile=[]), ["/profile"]), (saved(revision=1), ["/revision"]),
     (saved(contact_id="c"), ["/contact_id"]), (published(revision=ABSENT), ["/revision"]),
     (published(revision=0), ["/revision"]), (published(revision="3"), ["/revision"]), (user(user_id=""), ["/user_id"]),
     (user(time_zone="Mars"), ["/time_zone"]), (user(reminder_hour=24), ["/reminder_hour"]),
     (user(reminder_hour=6.5), ["/reminder_hour"]), (user(active="yes"), ["/active"]), (user(email=None), ["/email"]),
     (user(name=1, event_id="", typo=1), ["/event_id", "/name", "/typo"])],
)  # fmt: skip
def test_each_field_is_judged_and_every_error_listed(event: Sent, expected: list[str]) -> None:
    assert paths(event) == expected


def test_other_types_are_unknown() -> None:
    assert refused(b"donor-7", record(touchpoint())).reason is Reason.UNKNOWN_TYPE


def test_a_profile_s_numbers_keep_every_digit() -> None:
    judged = decode_definition(key("draft", "p1"), record(saved(profile={"floor": -5, "ratio": 0.1})))

    assert isinstance(judged, ProfileSaved)
    assert judged.profile == {"floor": -5, "ratio": Decimal("0.1")}


def test_profiles_that_differ_in_spelling_alone_are_one() -> None:
    one = record(saved(profile={"a": 1, "b": [0.5]}))
    other = json.dumps(saved(profile={"b": [5e-1], "a": 1.0}), indent=1).encode()

    assert decode_definition(key("draft", "p1"), one) == decode_definition(key("draft", "p1"), other)


@pytest.mark.parametrize(("found_key", "event"), [(key("draft", "p1"), saved()), (key("user", "u1"), user())])
def test_a_definition_survives_its_row(found_key: bytes, event: Sent) -> None:
    judged = decode_definition(found_key, record(event))

    assert msgpack.decode(msgpack.encode(judged), type=Definition) == judged


@given(st.none() | st.binary(max_size=30), st.none() | st.binary(max_size=60))
@example(b'["user","\\ud800"]', None)
@example(b"[" * 5_000, None)
def test_no_bytes_make_it_raise(found_key: bytes | None, value: bytes | None) -> None:
    judged = decode_definition(found_key, value)

    assert isinstance(judged, Refusal) or key_of(judged) == found_key
