"""`evenhand interactions schedule`, `log` and `post`: one interaction, planned, written down or remarked upon."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import click

from cli.interactions_bulk import schedule_fields
from cli.interactions_sending import Outlet, sending
from cli.option_types import Duration, Moment
from config.errors import UsageError
from events.instant import format_instant

_DATE: Final = click.DateTime(["%Y-%m-%d"])
_WHOSE: Final = (
    click.option("--contact", envvar="EVENHAND_INTERACTIONS_CONTACT", metavar="ID", help="With whom."),
    click.option("--owner", envvar="EVENHAND_INTERACTIONS_OWNER", metavar="USER", help="Whose personal one it is."),
    click.option("--event-id", envvar="EVENHAND_INTERACTIONS_EVENT_ID", metavar="ID",
                 help="Of the fact: whoever sends it again says it once.  [default: a new one]"),
)  # fmt: skip
_CREATION: Final = (
    click.option("--interaction-id", envvar="EVENHAND_INTERACTIONS_INTERACTION_ID", metavar="ID",
                 help="Its name.  [default: the fact's id]"),
    click.option("--kind", envvar="EVENHAND_INTERACTIONS_KIND", type=click.Choice(["customer", "prospect", "personal"]),
                 help="What the contact is.  [default: personal with --owner]"),
    click.option("--title", envvar="EVENHAND_INTERACTIONS_TITLE", metavar="TEXT", help="What it is about."),
    click.option("--details", envvar="EVENHAND_INTERACTIONS_DETAILS", metavar="TEXT", help="The same at length."),
    click.option("--type", "interaction_type", envvar="EVENHAND_INTERACTIONS_TYPE", metavar="TEXT",
                 help="Call, visit, letter …"),
    click.option("--purpose", envvar="EVENHAND_INTERACTIONS_PURPOSE", metavar="TEXT", help="What it is for."),
    click.option("--due-on", envvar="EVENHAND_INTERACTIONS_DUE_ON", type=_DATE, metavar="DATE",
                 help="The day by which it is due."),
    click.option("--starts-at", envvar="EVENHAND_INTERACTIONS_STARTS_AT", type=Moment(), metavar="TIME",
                 help="When it begins; with --duration."),
    click.option("--duration", envvar="EVENHAND_INTERACTIONS_DURATION", type=Duration(), help="How long it takes."),
    click.option("--assignee", envvar="EVENHAND_INTERACTIONS_ASSIGNEE", metavar="USER",
                 help="Who is to do it.  [default: the actor]"),
    click.option("--response-required", envvar="EVENHAND_INTERACTIONS_RESPONSE_REQUIRED", is_flag=True,
                 help="It asks for a response."),
    click.option("--note", envvar="EVENHAND_INTERACTIONS_NOTE", metavar="TEXT", help="A note."),
    click.option("--tag", "tags", envvar="EVENHAND_INTERACTIONS_TAG", multiple=True, metavar="TEXT",
                 help="A tag; may be given several times."),
    click.option("--follow-up-of", envvar="EVENHAND_INTERACTIONS_FOLLOW_UP_OF", metavar="ID",
                 help="The interaction that it follows."),
    click.option("--recurrence", envvar="EVENHAND_INTERACTIONS_RECURRENCE", metavar="RRULE",
                 help="Such as FREQ=WEEKLY: the next is opened when one is completed."),
)  # fmt: skip


def _creating(command: Callable[..., None]) -> Callable[..., None]:
    decorated = sending(command)
    for option in reversed((*_WHOSE, *_CREATION)):
        decorated = option(decorated)
    return decorated


@click.command(name="schedule")
@_creating
def schedule(**options: Any) -> None:
    """Plan one interaction with a contact, or a personal one."""
    _create("interaction.scheduled", "1 interaction scheduled", **options)


@click.command(name="log")
@click.option("--outcome", envvar="EVENHAND_INTERACTIONS_OUTCOME", metavar="TEXT", required=True, help="How it ended.")
@click.option("--next-action", envvar="EVENHAND_INTERACTIONS_NEXT_ACTION", metavar="TEXT", help="What comes next.")
@_creating
def log(**options: Any) -> None:
    """Write down one interaction that took place; it is completed at once."""
    _create("interaction.logged", "1 interaction logged", **options)


@click.command(name="post")
@click.argument("interaction_id")
@click.option("--text", envvar="EVENHAND_INTERACTIONS_TEXT", metavar="TEXT", required=True, help="What is said.")
@_WHOSE[0]
@_WHOSE[1]
@_WHOSE[2]
@sending
def post(
    interaction_id: str, text: str, contact: str | None, owner: str | None, event_id: str | None, outlet: Outlet
) -> None:
    """Say something about one interaction."""
    event = _fact("interaction.posted", contact, owner, event_id, outlet)
    outlet.send([event | {"interaction_id": interaction_id, "text": text}], f"1 post on {interaction_id}")


def _create(
    event_type: str,
    said: str,
    *,
    contact: str | None,
    owner: str | None,
    event_id: str | None,
    interaction_id: str | None,
    kind: str | None,
    due_on: datetime | None,
    starts_at: int | None,
    duration: timedelta | None,
    response_required: bool,
    tags: tuple[str, ...],
    outlet: Outlet,
    **texts: str | None,
) -> None:
    event = _fact(event_type, contact, owner, event_id, outlet)
    kind = kind or ("personal" if owner is not None else None)
    if kind is None:
        raise UsageError("say what the contact is: --kind customer or --kind prospect")
    if (due_on is not None and starts_at is not None) or (starts_at is None) != (duration is None):
        raise UsageError("a schedule is --due-on, or --starts-at with --duration, or neither")
    event |= {"interaction_id": interaction_id or event["event_id"], "kind": kind}
    if due_on is not None or starts_at is not None:
        event |= schedule_fields(due_on, starts_at, duration)
    event |= {name: text for name, text in texts.items() if text is not None}
    if response_required:
        event["response_required"] = True
    if tags:
        event["tags"] = tags
    outlet.send([event], f"{said}: {event['interaction_id']}")


def _fact(
    event_type: str, contact: str | None, owner: str | None, event_id: str | None, outlet: Outlet
) -> dict[str, object]:
    if (contact is None) == (owner is None):
        raise UsageError("say whose it is: --contact, or --owner for a personal one")
    whose = {"contact_id": contact} if contact is not None else {"owner": owner}
    return {
        "type": event_type,
        "event_id": event_id or uuid.uuid4().hex,
        **whose,
        "occurred_at": format_instant(outlet.at_us),
        "actor": outlet.actor,
    }
