"""Profiles of the topic `definitions`, judged as those of the file are."""

from __future__ import annotations

from config.profile import Profile
from events.canonical import canonical_json
from events.definitions import ProfilePublished, ProfileSaved
from events.refusal import FieldError, Reason, Refusal
from projections.scores.defined import defined_profile
from tests.scoring import NOON

RULE = {"rule_id": "opens", "points": 5, "when": {"type": "touchpoint.recorded", "name": "email_open"}}


def saved(profile: object) -> ProfileSaved:
    return ProfileSaved("p", "e1", NOON, canonical_json(profile))


def published(profile: object, revision: int = 4) -> ProfilePublished:
    return ProfilePublished("p", "e1", NOON, canonical_json(profile), revision)


def test_a_published_profile_has_the_revision_of_its_definition() -> None:
    found = defined_profile(published({"rules": [RULE], "revision": 1}))

    assert isinstance(found, Profile)
    assert (found.profile_id, found.revision, found.published) == ("p", 4, True)
    assert [rule.rule_id for rule in found.rules] == ["opens"]


def test_a_saved_profile_is_a_draft_whatever_it_says_of_itself() -> None:
    """Behaviours E10 and E14: no score follows it."""
    found = defined_profile(saved({"published": True}))

    assert isinstance(found, Profile)
    assert not found.published


def test_all_that_is_wrong_with_a_profile_is_told_with_its_place_in_the_event() -> None:
    found = defined_profile(published({"a/b": 1, "rules": [RULE | {"points": "5"}]}))

    assert isinstance(found, Refusal)
    assert found.reason is Reason.INVALID_EVENT
    assert set(found.errors) == {
        FieldError("/profile/a~1b", "is an unknown key"),
        FieldError("/profile/rules/0/points", "must be a whole number"),
    }
