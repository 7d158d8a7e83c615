"""The bytes of what is said about interactions: compact UTF-8 JSON, its fields in the contract's order."""

from __future__ import annotations

from typing import Final

from msgspec.json import Encoder

from events.followup_outputs import RejectionReason
from events.instant import format_instant
from events.interactions import InteractionFact
from projections.followups.due import due_us
from projections.followups.interaction import Interaction, Post
from projections.followups.reminders import Due
from projections.followups.users import Users

_encode: Final = Encoder().encode
_VERSION: Final = b',"version":'


def followup_key(book: str, interaction_id: str) -> bytes:
    """The key of a record of the topics `followups` and `reminders`."""
    return _encode((book, interaction_id))


def followup_fields(interaction: Interaction, users: Users) -> dict[str, object]:
    """What the topic `followups` says of an interaction."""
    schedule = interaction.schedule
    return {
        "interaction_id": interaction.interaction_id,
        "contact_id": interaction.contact_id,
        "owner": interaction.owner,
        "kind": interaction.kind,
        "title": interaction.title,
        "details": interaction.details,
        "interaction_type": interaction.interaction_type,
        "purpose": interaction.purpose,
        "starts_at": _instant(schedule.starts_us),
        "due_on": schedule.due_on,
        "due_at": _instant(due_us(interaction, users)),
        "assignee": interaction.assignee,
        "response_required": interaction.response_required,
        "date_completed": interaction.date_completed,
        "note": interaction.note,
        "tags": interaction.tags,
        "follow_up_of": interaction.follow_up_of,
        "source": interaction.source,
        "state": interaction.state.value,
        "outcome": interaction.outcome,
        "summary": interaction.summary,
        "completed_on": interaction.completed_on,
        "completed_at": _instant(interaction.completed_us),
        "next_action": interaction.next_action,
        "snoozed_until": _instant(interaction.snoozed_us),
        "posts": [_post(post) for post in interaction.posts],
        "created_at": _instant(interaction.created_us),
        "created_by": interaction.created_by,
        "version": interaction.version,
    }


def encode_followup(interaction: Interaction, users: Users, status: str | None = None) -> bytes:
    """The value of a record of the topic `followups`; with a status, the line of `followups.jsonl`."""
    fields = followup_fields(interaction, users)
    return _encode(fields if status is None else fields | {"status": status})


def without_version(followup: bytes) -> bytes:
    """What a follow-up's message says, but for the version, which stands last."""
    return followup[: followup.rindex(_VERSION)]


def version_of(followup: bytes) -> int:
    """The version that a follow-up's message has."""
    return int(followup[followup.rindex(_VERSION) + len(_VERSION) : -1])


def encode_reminder(interaction: Interaction, due: Due, contact_name: str | None) -> bytes:
    """The value of a record of the topic `reminders`."""
    return _encode(
        {
            "interaction_id": interaction.interaction_id,
            "contact_id": interaction.contact_id,
            "owner": interaction.owner,
            "assignee": interaction.assignee,
            "due_on": interaction.schedule.due_on,
            "title": interaction.title,
            "contact_name": contact_name,
            "sent_for": due.date,
        }
    )


def encode_rejection(fact: InteractionFact, reason: RejectionReason) -> bytes:
    """The value of a record of the topic `rejections`."""
    return _encode(
        {
            "interaction_id": fact.interaction_id,
            "contact_id": fact.contact_id,
            "owner": fact.owner,
            "event_id": fact.event_id,
            "type": f"interaction.{type(fact).__name__.lower()}",
            "occurred_at": format_instant(fact.occurred_us),
            "actor": fact.actor,
            "reason": reason.value,
        }
    )


def _post(post: Post) -> dict[str, str]:
    return {
        "event_id": post.event_id,
        "occurred_at": format_instant(post.occurred_us),
        "actor": post.actor,
        "text": post.text,
    }


def _instant(us: int | None) -> str | None:
    return None if us is None else format_instant(us)
