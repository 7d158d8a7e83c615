"""Facts of the topic `definitions`: score profiles, as drafts and as published, and users.

The topic is compacted and read whole: of each key the last record holds, and a record without a value takes it away.
"""

from __future__ import annotations

import json
from typing import Final, TypeAlias

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder
from pydantic import MISSING

from events.canonical import canonical_json
from events.definition_model import ScoreProfilePublished, ScoreProfileSaved
from events.definition_model import UserSaved as UserDefined
from events.event import Event
from events.identifiers import check_id
from events.instant import parse_instant
from events.judgement import MODELS, judge
from events.refusal import Reason, Refusal, refuse
from events.sent import fields_of
from events.topics import DEFINITIONS


class _Profile(Struct, frozen=True, gc=False):
    profile_id: str
    event_id: str
    occurred_us: int
    profile_json: bytes
    """Canonical JSON of the whole profile: equal bytes are equal profiles."""

    @property
    def profile(self) -> dict[str, object]:
        """Numbers are int, or Decimal where they have a fraction or an exponent."""
        return fields_of(self.profile_json)


class ProfileSaved(_Profile, frozen=True, gc=False, tag=True):
    """`score_profile.saved`: the draft."""


class ProfilePublished(_Profile, frozen=True, gc=False, tag=True):
    """`score_profile.published`: what scores follow. A revision that is not above the last is to be ignored."""

    revision: int


class UserSaved(Struct, frozen=True, gc=False, tag=True):
    """`user.saved`. None: the installation's own."""

    user_id: str
    event_id: str
    occurred_us: int
    name: str | None
    email: str | None
    time_zone: str | None
    reminder_hour: int | None
    active: bool


class DraftRemoved(Struct, frozen=True, gc=False, tag=True):
    """The draft is no more: the profile was archived."""

    profile_id: str


class ProfileUnpublished(Struct, frozen=True, gc=False, tag=True):
    """No scores follow the profile any more."""

    profile_id: str


class UserRemoved(Struct, frozen=True, gc=False, tag=True):
    """The user is no more."""

    user_id: str


Definition: TypeAlias = ProfileSaved | ProfilePublished | UserSaved | DraftRemoved | ProfileUnpublished | UserRemoved

_KEYS: Final = 'the key is compact JSON, ["draft",id], ["published",id] or ["user",id]'
_REMOVALS: Final[dict[str, type[DraftRemoved | ProfileUnpublished | UserRemoved]]] = {
    "draft": DraftRemoved,
    "published": ProfileUnpublished,
    "user": UserRemoved,
}
_decode_key = Decoder(tuple[str, str]).decode


def decode_definition(key: bytes | None, value: bytes | None) -> Definition | Refusal:
    """The judgement on a record of the topic by itself, in the contract's order: a wrong key comes last.

    What a profile says is judged by the scores.
    """
    if value is None:
        return _removal(key)
    match judge(value, MODELS[DEFINITIONS.name]):
        case Refusal() as refusal:
            return refusal
        case event:
            definition = _definition(event)
    if key == key_of(definition):
        return definition
    return _wrong_key(f"the record's key is not {key_of(definition).decode()}")


def key_of(definition: Definition) -> bytes:
    """The record's key: compact JSON, so that no two things defined ever compact into one."""
    match definition:
        case ProfileSaved() | DraftRemoved():
            return definition_key("draft", definition.profile_id)
        case ProfilePublished() | ProfileUnpublished():
            return definition_key("published", definition.profile_id)
        case UserSaved() | UserRemoved():
            return definition_key("user", definition.user_id)


def definition_key(*parts: str) -> bytes:
    """Compact JSON of these, UTF-8."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


def _removal(key: bytes | None) -> Definition | Refusal:
    try:
        of, name = _decode_key(key or b"")
        removal = _REMOVALS[of](check_id(name))
    except (MsgspecError, KeyError, ValueError):
        return _wrong_key(_KEYS)
    return removal if key == key_of(removal) else _wrong_key(_KEYS)


def _wrong_key(message: str) -> Refusal:
    return refuse(Reason.KEY_MISMATCH, None, "", message)


def _definition(event: Event) -> Definition:
    match event:
        case ScoreProfileSaved(profile_id=profile_id, profile=profile):
            return ProfileSaved(profile_id, event.event_id, parse_instant(event.occurred_at), canonical_json(profile))
        case ScoreProfilePublished(profile_id=profile_id, profile=profile):
            occurred_us = parse_instant(event.occurred_at)
            return ProfilePublished(profile_id, event.event_id, occurred_us, canonical_json(profile), event.revision)
        case UserDefined(user_id=user_id):
            return UserSaved(
                user_id,
                event.event_id,
                parse_instant(event.occurred_at),
                None if event.name is MISSING else event.name,
                None if event.email is MISSING else event.email,
                None if event.time_zone is MISSING else event.time_zone,
                None if event.reminder_hour is MISSING else event.reminder_hour,
                True if event.active is MISSING else event.active,
            )
    raise TypeError(f"no definition: {type(event).__name__}")
