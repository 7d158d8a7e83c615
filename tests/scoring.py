"""Given, when, then for scores: facts of one contact in few words, profiles as people write them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal

from config.catalogue import load_catalogue
from config.profile import Profile
from config.profile_reading import read_profile
from events.instant import format_instant, parse_instant
from projections.scores.facts import Scored, scored
from projections.scores.score import Score, score
from tests.sent_events import adjusted as sent_adjusted
from tests.sent_events import cancellation as sent_cancellation
from tests.sent_events import conversion as sent_conversion
from tests.sent_events import erased as sent_erased
from tests.sent_events import interaction as sent_interaction
from tests.sent_events import refund as sent_refund
from tests.sent_events import retraction as sent_retraction
from tests.sent_events import touchpoint as sent_touchpoint
from tests.sent_events import updated as sent_updated

SHIPPED = load_catalogue(None)
NOON = parse_instant("2024-07-05T12:00:00Z")
CONTACT = "donor-7"
OPENS = 'when = { type = "touchpoint.recorded", name = "email_open" }'


def fact(sent: Mapping[str, object], event_id: str, at: int) -> Scored:
    """The accepted event as the score takes it, by way of its bytes."""
    event = {**sent, "event_id": event_id, "occurred_at": format_instant(at)}
    return scored(json.dumps(event).encode(), SHIPPED)


def opened(event_id: str, at: int = NOON, **fields: object) -> Scored:
    return fact(sent_touchpoint(name="email_open", **fields), event_id, at)


def touched(event_id: str, name: str, at: int = NOON, **fields: object) -> Scored:
    return fact(sent_touchpoint(name=name, **fields), event_id, at)


def retracted(event_id: str, touchpoint_id: str, at: int = NOON) -> Scored:
    return fact(sent_retraction(touchpoint_id=touchpoint_id), event_id, at)


def converted(event_id: str, at: int = NOON, **fields: object) -> Scored:
    return fact(sent_conversion(**fields), event_id, at)


def refunded(event_id: str, conversion_id: str, at: int = NOON) -> Scored:
    return fact(sent_refund(conversion_id=conversion_id), event_id, at)


def cancelled(event_id: str, conversion_id: str, at: int = NOON) -> Scored:
    return fact(sent_cancellation(conversion_id=conversion_id), event_id, at)


def interaction(what: str, event_id: str, at: int = NOON, **fields: object) -> Scored:
    return fact(sent_interaction(what, **fields), event_id, at)


def updated(event_id: str, at: int = NOON, **attributes: object) -> Scored:
    return fact(sent_updated(attributes), event_id, at)


def adjusted(event_id: str, at: int = NOON, profile_id: str = "p", **fields: object) -> Scored:
    return fact({**sent_adjusted(points=0), "profile_id": profile_id} | fields, event_id, at)


def set_to(event_id: str, points: int, at: int = NOON, profile_id: str = "p") -> Scored:
    sent = sent_adjusted(set_to=points, profile_id=profile_id)
    del sent["points"]
    return fact(sent, event_id, at)


def erased(event_id: str, at: int = NOON) -> Scored:
    return fact(sent_erased(), event_id, at)


def profile(toml: str = "", *rules: str) -> Profile:
    """The profile `p` of a table's keys, and of rules, each the keys of one; absent ids and points are r0 and 1."""
    table = tomllib.loads(toml, parse_float=Decimal)
    written = [tomllib.loads(rule, parse_float=Decimal) for rule in rules]
    table["rules"] = [{"rule_id": f"r{place}", "points": 1, **rule} for place, rule in enumerate(written)]
    return read_profile("p", table)


def scored_as(ruled: Profile, facts: Iterable[Scored], as_of_us: int = NOON) -> Score:
    """The score of a contact that has one."""
    found = score(ruled, facts, as_of_us, CONTACT)
    assert found is not None
    return found


def points_of(rule: str, facts: Iterable[Scored], as_of_us: int = NOON) -> int:
    """What a single rule gives."""
    return scored_as(profile("", rule), facts, as_of_us).score


def times_of(rule: str, facts: Iterable[Scored], as_of_us: int = NOON) -> int:
    """How many facts a single rule counts."""
    return scored_as(profile("", rule), facts, as_of_us).rules[0].times
