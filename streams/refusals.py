"""Why the decider refuses a fact, in words (contract, section 3, dead letters)."""

from __future__ import annotations

from events.fact import Refund, Retraction, Touchpoint
from events.facts import AnyFact
from events.refusal import Reason, Refusal, refuse
from streams.rows import Follower


def unknown_touchpoint(fact: Touchpoint) -> Refusal:
    message = f"the catalogue has no touchpoint {fact.name!r}"
    return refuse(Reason.UNKNOWN_TOUCHPOINT, fact.contact_id, "/name", message)


def from_the_future(fact: AnyFact) -> Refusal:
    message = "more than 24 hours ahead of the record's timestamp"
    return refuse(Reason.FROM_THE_FUTURE, fact.contact_id, "/occurred_at", message)


def too_late(fact: AnyFact) -> Refusal:
    message = "further behind the newest event than attribution_horizon"
    return refuse(Reason.TOO_LATE, fact.contact_id, "/occurred_at", message)


def conflicting_duplicate(fact: AnyFact) -> Refusal:
    message = "another fact of this contact has this event_id"
    return refuse(Reason.CONFLICTING_DUPLICATE, fact.contact_id, "/event_id", message)


def currency_mismatch(fact: Follower, currency: str) -> Refusal | None:
    """Of a refund in another currency than its conversion's; None when nothing is wrong."""
    if not isinstance(fact, Refund) or fact.currency == currency:
        return None
    message = f"the conversion is in {currency}, not in {fact.currency}"
    return refuse(Reason.CURRENCY_MISMATCH, fact.contact_id, "/currency", message)


def never_matched(fact: Follower) -> Refusal:
    path = "/touchpoint_id" if isinstance(fact, Retraction) else "/conversion_id"
    message = "what it names did not come within attribution_horizon"
    return refuse(Reason.NEVER_MATCHED, fact.contact_id, path, message)
