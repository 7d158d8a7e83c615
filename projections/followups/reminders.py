"""Reminders: once for each due date, in the assignee's own day (contract, projections, section 3)."""

from __future__ import annotations

from datetime import date, datetime, time

from msgspec import Struct
from msgspec.structs import replace

from projections.followups.clocks import first_instant, first_instant_after
from projections.followups.due import due_date
from projections.followups.interaction import Interaction, State
from projections.followups.users import Users


class Due(Struct, frozen=True):
    """A reminder that is still to be sent: at `at_us` or later, but before the day is over at `over_us`."""

    date: date
    at_us: int
    over_us: int


def reminder_of(interaction: Interaction, users: Users) -> Due | None:
    """The reminder that an interaction gets as things stand: of an open one that needs a response or starts that day.

    None: none, or the one for its due date was sent, or it is snoozed until that day is over.
    """
    day = due_date(interaction, users)
    if day is None or interaction.state is not State.OPEN or day in interaction.reminded:
        return None
    if not interaction.needs_response and interaction.schedule.starts_us is None:
        return None
    zone = users.zone_of(interaction.assignee)
    at_us = first_instant(datetime.combine(day, time(users.reminder_hour_of(interaction.assignee))), zone)
    if interaction.snoozed_us is not None:
        at_us = max(at_us, interaction.snoozed_us)
    over_us = first_instant_after(day, zone)
    return Due(day, at_us, over_us) if at_us < over_us else None


def reminder_now(interaction: Interaction, users: Users, now_us: int) -> Due | None:
    """The reminder to send at this instant: late when nobody was there in time, never once its day is over."""
    due = reminder_of(interaction, users)
    return due if due is not None and due.at_us <= now_us < due.over_us else None


def reminded(interaction: Interaction, due: Due) -> Interaction:
    """The interaction, with its reminder sent: the same due date gets no other, also when it comes again."""
    return replace(interaction, reminded=(*interaction.reminded, due.date))
