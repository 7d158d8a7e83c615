"""The life of an interaction: what each fact makes of it, or why it may not (contract, projections, section 1).

Facts of one key are taken in log order. A fact that the rules forbid changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from events.followup_outputs import RejectionReason
from events.interactions import (
    Completed,
    Creation,
    Deleted,
    Edited,
    InteractionFact,
    Logged,
    Posted,
    Reassigned,
    Scheduled,
    Snoozed,
    Tagged,
)
from projections.followups.interaction import PERSONAL, Interaction, Post, Schedule, Series, State
from projections.followups.recurrence import following
from projections.followups.users import Users

Find: TypeAlias = Callable[[str], Interaction | None]
"""The interaction of the fact's key that has this id, also a completed or deleted one."""
_CLOSED_BY_COMPLETION: Final = (Edited, Completed, Reassigned, Snoozed)


class Changed(Struct, frozen=True):
    """What an accepted fact made: the interaction that it names, and the next of its series where one was opened."""

    interaction: Interaction
    opened: Interaction | None = None

    @property
    def interactions(self) -> tuple[Interaction, ...]:
        """Both, or the one."""
        return (self.interaction,) if self.opened is None else (self.interaction, self.opened)


def decide(fact: InteractionFact, find: Find, users: Users) -> Changed | RejectionReason:
    """What becomes of an interaction, or the first reason that forbids it. Copies are the caller's business."""
    if isinstance(fact, Scheduled | Logged):
        return _create(fact, find, users)
    held = find(fact.interaction_id)
    if held is None:
        return RejectionReason.UNKNOWN_INTERACTION
    if held.state is State.DELETED:
        return RejectionReason.DELETED
    if held.state is State.COMPLETED and isinstance(fact, _CLOSED_BY_COMPLETION):
        return RejectionReason.ALREADY_COMPLETED
    held = replace(held, facts=held.facts + 1)
    match fact:
        case Edited():
            return _edit(held, fact)
        case Completed():
            return _completed(_complete(held, fact), fact, find, users)
        case Deleted():
            return Changed(replace(held, state=State.DELETED))
        case Reassigned():
            return Changed(replace(held, assignee=fact.assignee))
        case Snoozed():
            return Changed(replace(held, snoozed_us=fact.until_us))
        case Tagged():
            return Changed(replace(held, tags=tuple(sorted({*held.tags, *fact.add} - set(fact.remove)))))
        case Posted():
            post = Post(fact.event_id, fact.occurred_us, fact.actor, fact.text)
            return Changed(replace(held, posts=(*held.posts, post)))


def _create(fact: Scheduled | Logged, find: Find, users: Users) -> Changed | RejectionReason:
    reason = _kind_refused(fact.kind, fact.contact_id)
    if reason is not None:
        return reason
    if find(fact.interaction_id) is not None:
        return RejectionReason.DUPLICATE_INTERACTION
    if fact.follow_up_of is not None:
        parent = find(fact.follow_up_of)
        if parent is None:
            return RejectionReason.UNKNOWN_INTERACTION
        if parent.state is State.DELETED:
            return RejectionReason.DELETED
    created = _planned(fact)
    if isinstance(fact, Logged):
        done = replace(
            created,
            state=State.COMPLETED,
            outcome=fact.outcome,
            completed_us=fact.occurred_us,
            next_action=fact.next_action,
        )
        return _completed(done, fact, find, users)
    return Changed(created)


def _kind_refused(kind: str, contact_id: str | None) -> RejectionReason | None:
    if kind == PERSONAL:
        return None if contact_id is None else RejectionReason.CONTACT_ON_PERSONAL
    return RejectionReason.CONTACT_MISSING if contact_id is None else None


def _planned(fact: Creation) -> Interaction:
    series = Series(fact.recurrence, fact.interaction_id, 1) if fact.recurrence else None
    return Interaction(
        interaction_id=fact.interaction_id,
        contact_id=fact.contact_id,
        owner=fact.owner,
        kind=fact.kind,
        title=fact.title,
        details=fact.details,
        interaction_type=fact.interaction_type,
        purpose=fact.purpose,
        schedule=Schedule(fact.due_on, fact.starts_us, fact.duration_us),
        assignee=fact.assignee,
        response_required=fact.response_required,
        date_completed=fact.date_completed,
        note=fact.note,
        tags=tuple(sorted(set(fact.tags))),
        follow_up_of=fact.follow_up_of,
        source=fact.source,
        state=State.OPEN,
        created_us=fact.occurred_us,
        created_by=fact.actor,
        series=series,
    )


def _edit(held: Interaction, fact: Edited) -> Changed | RejectionReason:
    changes = fact.changes
    if changes.kind is not UNSET:
        reason = _kind_refused(changes.kind, held.contact_id)
        if reason is not None:
            return reason
    schedule = held.schedule
    if changes.reschedules:
        schedule = Schedule(_set(changes.due_on), _set(changes.starts_us), _set(changes.duration_us))
    return Changed(
        replace(
            held,
            kind=_changed(changes.kind, held.kind),
            title=_changed(changes.title, held.title),
            details=_changed(changes.details, held.details),
            interaction_type=_changed(changes.interaction_type, held.interaction_type),
            purpose=_changed(changes.purpose, held.purpose),
            schedule=schedule,
            response_required=_changed(changes.response_required, held.response_required),
            date_completed=_changed(changes.date_completed, held.date_completed),
            note=_changed(changes.note, held.note),
            tags=held.tags if changes.tags is UNSET else tuple(sorted(set(changes.tags))),
        )
    )


def _complete(held: Interaction, fact: Completed) -> Interaction:
    return replace(
        held,
        state=State.COMPLETED,
        outcome=fact.outcome,
        summary=fact.summary,
        completed_on=fact.completed_on,
        completed_us=fact.occurred_us,
        interaction_type=held.interaction_type if fact.interaction_type is None else fact.interaction_type,
        next_action=fact.next_action,
        note=held.note if fact.note is None else fact.note,
    )


def _completed(done: Interaction, fact: Completed | Logged, find: Find, users: Users) -> Changed:
    """With the next of its series, which opens at once."""
    series = done.series
    if series is None:
        return Changed(done)
    coming = following(series, done.schedule, fact.occurred_us, users.zone_of(done.assignee))
    if coming is None:
        return Changed(done)
    number = series.number + 1
    opened = replace(
        done,
        interaction_id=_free_id(series.first_id, number, find),
        schedule=coming.schedule,
        series=replace(series, number=number, clock=coming.clock),
        state=State.OPEN,
        created_us=fact.occurred_us,
        created_by=fact.actor,
        outcome=None,
        summary=None,
        completed_on=None,
        completed_us=None,
        next_action=None,
        snoozed_us=None,
        posts=(),
        facts=1,
        lift=0,
        reminded=(),
    )
    return Changed(done, opened)


def _free_id(first_id: str, number: int, find: Find) -> str:
    while find(f"{first_id}/{number}") is not None:  # somebody has given an interaction such an id
        number += 1
    return f"{first_id}/{number}"


Value = TypeVar("Value")


def _set(value: Value | UnsetType | None) -> Value | None:
    return None if value is UNSET else value


def _changed(value: Value | UnsetType, held: Value) -> Value:
    return held if value is UNSET else value
