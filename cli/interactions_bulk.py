"""`evenhand interactions complete`, `reassign`, `reschedule`: a fact for each interaction that a filter holds for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, NamedTuple

import click

from cli.columns import columns
from cli.interactions_sending import Outlet, counted, read_model_option, sending
from cli.option_types import Duration, Moment
from config.errors import UsageError
from events.duration import format_duration
from events.instant import format_instant
from projections.followups.selection import Change, change_event, whose
from projections.queries.database import reading
from projections.queries.filters import Days
from projections.queries.followups import Status
from projections.queries.selection import SelectionAsked, selected

_DATE: Final = click.DateTime(["%Y-%m-%d"])
_FILTER: Final = (
    click.option("--assignee", envvar="EVENHAND_INTERACTIONS_ASSIGNEE", metavar="USER", help="Of this user only."),
    click.option("--status", envvar="EVENHAND_INTERACTIONS_STATUS",
                 type=click.Choice([status.value for status in Status]),
                 help="Only these.  [default: open and missed]"),
    click.option("--due-from", envvar="EVENHAND_INTERACTIONS_DUE_FROM", type=_DATE, metavar="DATE",
                 help="Due on this day, in UTC, or later."),
    click.option("--due-to", envvar="EVENHAND_INTERACTIONS_DUE_TO", type=_DATE, metavar="DATE",
                 help="Due on this day, in UTC, or earlier."),
    click.option("--type", "interaction_type", envvar="EVENHAND_INTERACTIONS_TYPE", metavar="TEXT",
                 help="Of this type only."),
    click.option("--contact", envvar="EVENHAND_INTERACTIONS_CONTACT", metavar="ID", help="With this contact only."),
    click.option("--tag", envvar="EVENHAND_INTERACTIONS_TAG", metavar="TEXT", help="With this tag only."),
)  # fmt: skip
_OUTLET: Final = click.option(
    "--dry-run", envvar="EVENHAND_INTERACTIONS_DRY_RUN", is_flag=True, help="Show which, and send nothing."
)


class _Wanted(NamedTuple):
    type: str
    done: str
    """What is said to have been done."""
    fields: Mapping[str, object]


def _of_many(command: Callable[..., _Wanted]) -> Callable[..., None]:
    """Give a command the filter and an outlet; the command says what becomes of what the filter holds for."""

    @wraps(command)
    def change(
        *,
        assignee: str | None,
        status: str | None,
        due_from: datetime | None,
        due_to: datetime | None,
        interaction_type: str | None,
        contact: str | None,
        tag: str | None,
        db: str,
        dry_run: bool,
        outlet: Outlet,
        **kwargs: Any,
    ) -> None:
        wanted = command(**kwargs)
        days = Days(due_from and due_from.date(), due_to and due_to.date())
        asked = SelectionAsked(
            assignee, None if status is None else Status(status), days, interaction_type, contact, tag
        )
        _change(asked, wanted, db, dry_run, outlet)

    decorated = read_model_option(_OUTLET(sending(change)))
    for option in reversed(_FILTER):
        decorated = option(decorated)
    return decorated


def _change(asked: SelectionAsked, wanted: _Wanted, db: str, dry_run: bool, outlet: Outlet) -> None:
    if asked == SelectionAsked():
        raise UsageError("this would change every open interaction: name at least one filter, such as --assignee")
    with reading(db) as connection:
        found = selected(connection, asked)
    if dry_run:
        if found:
            click.echo(columns([(*map(str, whose(each).values()), each.interaction_id) for each in found]))
        click.echo(f"{counted(len(found))} would be {wanted.done}")
        return
    change = Change(wanted.type, wanted.fields, outlet.at_us, outlet.actor)
    outlet.send([change_event(change, each) for each in found], f"{counted(len(found))} {wanted.done}")


@click.command(name="complete")
@click.option("--outcome", envvar="EVENHAND_INTERACTIONS_OUTCOME", metavar="TEXT", help="How they ended.")
@click.option("--summary", envvar="EVENHAND_INTERACTIONS_SUMMARY", metavar="TEXT", help="What was said.")
@click.option("--completed-on", envvar="EVENHAND_INTERACTIONS_COMPLETED_ON", type=_DATE, metavar="DATE",
              help="The day given for it.")  # fmt: skip
@click.option("--next-action", envvar="EVENHAND_INTERACTIONS_NEXT_ACTION", metavar="TEXT", help="What comes next.")
@click.option("--note", envvar="EVENHAND_INTERACTIONS_NOTE", metavar="TEXT", help="A note on all of them.")
@_of_many
def complete(
    outcome: str | None, summary: str | None, completed_on: datetime | None, next_action: str | None, note: str | None
) -> _Wanted:
    """Complete the interactions that a filter holds for, with an outcome or a summary."""
    if outcome is None and summary is None:
        raise UsageError("what is completed has an outcome or a summary: give --outcome or --summary")
    day = None if completed_on is None else completed_on.date().isoformat()
    fields = {"outcome": outcome, "summary": summary, "completed_on": day, "next_action": next_action, "note": note}
    given = {name: value for name, value in fields.items() if value is not None}
    return _Wanted("interaction.completed", "completed", given)


@click.command(name="reassign")
@click.option("--to", envvar="EVENHAND_INTERACTIONS_TO", metavar="USER", required=True, help="Who is to do them now.")
@_of_many
def reassign(to: str) -> _Wanted:
    """Give the interactions that a filter holds for to another user."""
    return _Wanted("interaction.reassigned", f"reassigned to {to}", {"assignee": to})


@click.command(name="reschedule")
@click.option("--due-on", envvar="EVENHAND_INTERACTIONS_DUE_ON", type=_DATE, metavar="DATE",
              help="The day by which they are due now.")  # fmt: skip
@click.option("--starts-at", envvar="EVENHAND_INTERACTIONS_STARTS_AT", type=Moment(), metavar="TIME",
              help="When they begin now.")  # fmt: skip
@click.option("--duration", envvar="EVENHAND_INTERACTIONS_DURATION", type=Duration(),
              help="With --starts-at: how long they take.")  # fmt: skip
@click.option("--unscheduled", envvar="EVENHAND_INTERACTIONS_UNSCHEDULED", is_flag=True,
              help="Due at no set time, and never missed.")  # fmt: skip
@_of_many
def reschedule(
    due_on: datetime | None, starts_at: int | None, duration: timedelta | None, unscheduled: bool
) -> _Wanted:
    """Move the interactions that a filter holds for to a day, to a time, or to no set time."""
    if (due_on is not None) + (starts_at is not None) + unscheduled != 1 or (starts_at is None) != (duration is None):
        raise UsageError("say when: --due-on, or --starts-at with --duration, or --unscheduled")
    return _Wanted("interaction.edited", "rescheduled", {"changes": schedule_fields(due_on, starts_at, duration)})


def schedule_fields(due_on: datetime | None, starts_at: int | None, duration: timedelta | None) -> dict[str, object]:
    """A schedule as the contract has it; without a day and a time, none."""
    if starts_at is None:
        return {"due_on": None if due_on is None else due_on.date().isoformat()}
    fields: dict[str, object] = {"starts_at": format_instant(starts_at)}
    if duration is not None:
        fields["duration"] = format_duration(duration // timedelta(microseconds=1))
    return fields
