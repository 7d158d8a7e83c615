"""When an interaction is due, and whether it was missed (contract, projections, section 3)."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from projections.followups.clocks import date_at, first_instant_after
from projections.followups.interaction import Interaction, Schedule, State
from projections.followups.users import Users


def due_us(interaction: Interaction, users: Users) -> int | None:
    """The end of its time, or of its day in the assignee's present zone; None: it has no due and is never missed."""
    return _due_us(interaction.schedule, users.zone_of(interaction.assignee))


def _due_us(schedule: Schedule, zone: ZoneInfo) -> int | None:
    if schedule.starts_us is not None:
        return schedule.starts_us + (schedule.duration_us or 0)
    return None if schedule.due_on is None else first_instant_after(schedule.due_on, zone)


def due_date(interaction: Interaction, users: Users) -> date | None:
    """`due_on`, or the day on which it starts where its assignee is."""
    schedule = interaction.schedule
    if schedule.starts_us is not None:
        return date_at(schedule.starts_us, users.zone_of(interaction.assignee))
    return schedule.due_on


def is_missed(interaction: Interaction, users: Users, now_us: int) -> bool:
    """Open, and its due has come."""
    due = due_us(interaction, users)
    return interaction.state is State.OPEN and due is not None and due <= now_us


def status_at(interaction: Interaction, users: Users, now_us: int) -> str:
    """`open`, `missed`, `completed` or `deleted`."""
    return "missed" if is_missed(interaction, users, now_us) else interaction.state.value
