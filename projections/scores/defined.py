"""The judgement on what a definition says of a profile: the file of definitions and the topic want the same of it."""

from __future__ import annotations

from msgspec.structs import replace
from pydantic import ValidationError

from config.definitions import fault_of
from config.profile import Profile
from config.profile_reading import read_profile
from events.definitions import ProfilePublished, ProfileSaved
from events.refusal import FieldError, Reason, Refusal


def defined_profile(definition: ProfileSaved | ProfilePublished) -> Profile | Refusal:
    """The profile, a draft or published as the definition itself is; `invalid_event` when it means nothing."""
    is_published = isinstance(definition, ProfilePublished)
    revision = definition.revision if isinstance(definition, ProfilePublished) else None
    try:
        profile = read_profile(definition.profile_id, definition.profile, revision)
    except ValidationError as error:
        faults = [FieldError(_pointer(detail["loc"]), fault_of(detail)) for detail in error.errors()]
        return Refusal(Reason.INVALID_EVENT, tuple(faults))
    return replace(profile, published=is_published)


def _pointer(location: tuple[int | str, ...]) -> str:
    parts = ["profile", *(str(part) for part in location if part != "[key]")]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
