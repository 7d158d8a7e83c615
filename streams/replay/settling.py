"""Copies of facts about contacts and interactions: which of them stays (contract, section 1, duplicates)."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from msgspec import Struct, field

from events.codec import canonical_event
from events.facts import AnyFact
from events.refusal import Reason, Refusal, refuse
from streams.replay.sent import Sent


class Settled(Struct):
    """What became of some facts of one topic and key."""

    kept: list[Sent] = field(default_factory=list)
    """Of each id the one with the least (`occurred_at`, canonical JSON), where the log first has it; in its order."""
    copies: int = 0
    conflicting: list[Sent] = field(default_factory=list)


def settle(sent: Iterable[Sent]) -> Settled:
    """Tell the facts from their copies, whatever the order in which they were sent."""
    by_id: dict[str, list[Sent]] = {}
    for each in sent:
        by_id.setdefault(each.event_id, []).append(each)
    settled = Settled()
    for copies in by_id.values():
        kept = _least(copies)
        settled.kept.append(kept)
        for each in copies:
            if each.packed != kept.packed:
                settled.conflicting.append(each)
            elif each is not kept:
                settled.copies += 1
    settled.kept.sort(key=_place)
    return settled


def outdone(fact: AnyFact) -> Refusal:
    """Why a conflicting copy is refused."""
    message = "another fact of this contact has this event_id, with lesser canonical JSON"
    return refuse(Reason.CONFLICTING_DUPLICATE, fact.contact_id, "/event_id", message)


def _least(copies: list[Sent]) -> Sent:
    if len(copies) == 1:
        return copies[0]
    earliest_us = min(each.occurred_us for each in copies)
    earliest = sorted((each for each in copies if each.occurred_us == earliest_us), key=_place)
    if all(each.packed == earliest[0].packed for each in earliest):
        return earliest[0]
    return min(earliest, key=lambda each: canonical_event(each.value))


_place = attrgetter("intake", "number")
