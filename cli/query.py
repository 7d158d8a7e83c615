"""`evenhand query`: the questions that analysts ask first, answered from the read model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy import Connection

from cli.answers import FORMATS, SHOWN, write_answer
from cli.option_types import Moment
from config.errors import UsageError
from projections.queries.answer import Answer
from projections.queries.attribution import PERIODS, AttributionAsked, attribution
from projections.queries.database import reading
from projections.queries.filters import Days
from projections.queries.followups import FollowupsAsked, Status, followups
from projections.queries.known import expect_dimensions, expect_model
from projections.queries.paths import PathsAsked, Show, paths
from projections.queries.response_required import ResponseRequiredAsked, response_required
from projections.queries.scores import SmartList, scores, smart_list
from projections.queries.timeline import ACTIVE, INACTIVE, TimelineAsked, timeline

Question = Callable[[Connection, int | None], Answer]

_OUTPUT: Final = (
    click.option("--db", envvar="EVENHAND_DATABASE_URL", metavar="FILE|URL", default="evenhand.db", show_default=True,
                 help="The read model: a SQLite file, or postgresql://user@host/database."),
    click.option("--format", "form", envvar="EVENHAND_QUERY_FORMAT", type=click.Choice(FORMATS), default="table",
                 show_default=True, help="json: an object a line."),
    click.option("--out", envvar="EVENHAND_QUERY_OUT", metavar="FILE", default="-", show_default=True,
                 help="Where to write; - is standard output."),
    click.option("--limit", envvar="EVENHAND_QUERY_LIMIT", type=click.IntRange(0), metavar="ROWS",
                 help=f"At most so many rows; 0: all.  [default: {SHOWN} in a table, else all]"),
)  # fmt: skip
_DATE: Final = click.DateTime(["%Y-%m-%d"])
from_option = click.option("--from", "first", envvar="EVENHAND_QUERY_FROM", type=_DATE, metavar="DATE",
                           help="First day, in UTC.")  # fmt: skip
to_option = click.option("--to", "last", envvar="EVENHAND_QUERY_TO", type=_DATE, metavar="DATE",
                         help="Last day, in UTC; it counts too.")  # fmt: skip
contact_option = click.option("--contact", envvar="EVENHAND_QUERY_CONTACT", metavar="ID", help="Of this contact only.")
assignee_option = click.option(
    "--assignee", envvar="EVENHAND_QUERY_ASSIGNEE", metavar="USER", help="Of this user only."
)
currency_option = click.option("--currency", envvar="EVENHAND_QUERY_CURRENCY", metavar="CODE",
                               help="In this currency only.")  # fmt: skip
as_of_option = click.option("--as-of", envvar="EVENHAND_QUERY_AS_OF", type=Moment(), metavar="TIME",
                            help="Statuses as of then.  [default: the end of a replay, else now]")  # fmt: skip


def _asking(command: Callable[..., Question]) -> Callable[..., None]:
    """Give a command the read model and a place for its answer; the command gives the question."""

    @wraps(command)
    def ask(*args: Any, db: str, form: str, out: str, limit: int | None, **kwargs: Any) -> None:
        question = command(*args, **kwargs)
        # One row more than a table shows, so that it can say that there are more.
        most = (SHOWN if limit is None else limit) + 1 if form == "table" and limit != 0 else limit or None
        with reading(db) as connection:
            write_answer(question(connection, most), form, out, limit)

    decorated: Callable[..., None] = ask
    for option in reversed(_OUTPUT):
        decorated = option(decorated)
    return decorated


def _days(first: datetime | None, last: datetime | None) -> Days:
    days = Days(first and first.date(), last and last.date())
    if days.first and days.last and days.first > days.last:
        raise UsageError(f"--from {days.first} lies after --to {days.last}; exchange them")
    return days


@click.group(name="query")
def command() -> None:
    """Ask the read model: attribution, paths, a contact's timeline, scores, follow-ups.

    Days are days of UTC. Amounts of several currencies are never added up.
    """


@command.command(name="attribution")
@click.option("--dimension", "dimensions", envvar="EVENHAND_QUERY_DIMENSION", multiple=True, metavar="NAME",
              help="This dimension only; may be given several times.")  # fmt: skip
@click.option("--model", envvar="EVENHAND_QUERY_MODEL", metavar="NAME",
              help="Under this model.  [default: the catalogue's]")  # fmt: skip
@click.option("--by", envvar="EVENHAND_QUERY_BY", type=click.Choice(list(PERIODS)), default="total", show_default=True,
              help="Over all the time, or period by period of the conversion.")  # fmt: skip
@currency_option
@from_option
@to_option
@_asking
def attribution_command(
    dimensions: tuple[str, ...],
    model: str | None,
    by: str,
    currency: str | None,
    first: datetime | None,
    last: datetime | None,
) -> Question:
    """Show what each value of each dimension earned.

    Each dimension's rows, the unattributed one included, sum up to the conversions' value less refunds.
    """
    asked = AttributionAsked(_days(first, last), dimensions, model, currency, by)

    def answer(connection: Connection, _limit: int | None) -> Answer:
        expect_dimensions(connection, dimensions)
        if model is not None:
            expect_model(connection, model)
        return attribution(connection, asked)

    return answer


@command.command(name="paths")
@click.option("--show", envvar="EVENHAND_QUERY_SHOW", type=click.Choice([show.value for show in Show]), default="path",
              show_default=True, help="Paths; their length; days to convert; what assisted.")  # fmt: skip
@click.option("--dimension", envvar="EVENHAND_QUERY_DIMENSION", metavar="NAME",
              help="Steps are values of this dimension.  [default: touchpoints' names]")  # fmt: skip
@currency_option
@contact_option
@from_option
@to_option
@_asking
def paths_command(
    show: str,
    dimension: str | None,
    currency: str | None,
    contact: str | None,
    first: datetime | None,
    last: datetime | None,
) -> Question:
    """Show how contacts came to convert: the touchpoints that counted, in order of time."""
    asked = PathsAsked(Show(show), _days(first, last), dimension, currency, contact)

    def answer(connection: Connection, limit: int | None) -> Answer:
        expect_dimensions(connection, [] if dimension is None else [dimension])
        return paths(connection, asked._replace(limit=limit))

    return answer


@command.command(name="timeline")
@contact_option
@click.option("--status", envvar="EVENHAND_QUERY_STATUS", type=click.Choice([ACTIVE, INACTIVE], case_sensitive=False),
              help="Only these.")  # fmt: skip
@as_of_option
@from_option
@to_option
@_asking
def timeline_command(
    contact: str | None, status: str | None, as_of: int | None, first: datetime | None, last: datetime | None
) -> Question:
    """Show touchpoints with name, lifetime, time, expiry and status, by contact and time."""
    asked = TimelineAsked(contact, _days(first, last), status, as_of)
    return lambda connection, limit: timeline(connection, asked._replace(limit=limit))


@command.command(name="scores")
@click.option("--profile", envvar="EVENHAND_QUERY_PROFILE", metavar="ID", help="Under this profile only.")
@click.option("--band", envvar="EVENHAND_QUERY_BAND", metavar="NAME", help="In this band only.")
@click.option("--min", "min_score", envvar="EVENHAND_QUERY_MIN", type=int, metavar="SCORE", help="At least this score.")
@click.option("--max", "max_score", envvar="EVENHAND_QUERY_MAX", type=int, metavar="SCORE", help="At most this score.")
@contact_option
@click.option("--list", "saved", envvar="EVENHAND_QUERY_LIST", metavar="FILE",
              type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The filter of a smart list, instead of these options.")  # fmt: skip
@click.option("--save", envvar="EVENHAND_QUERY_SAVE", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Save the filter as a smart list, which follows all later changes.")  # fmt: skip
@_asking
def scores_command(
    profile: str | None,
    band: str | None,
    min_score: int | None,
    max_score: int | None,
    contact: str | None,
    saved: Path | None,
    save: Path | None,
) -> Question:
    """Show contacts by score, the highest first."""
    asked = SmartList(profile, band, min_score, max_score, contact)
    if saved is not None:
        if asked != SmartList():
            raise UsageError("--list has the whole filter; leave the other filters out")
        asked = smart_list(saved.read_bytes())
    if save is not None:
        save.write_bytes(asked.saved() + b"\n")
    return lambda connection, limit: scores(connection, asked, limit)


@command.command(name="followups")
@assignee_option
@contact_option
@click.option("--status", envvar="EVENHAND_QUERY_STATUS", type=click.Choice([status.value for status in Status]),
              help="Only these.  [default: all but deleted ones]")  # fmt: skip
@as_of_option
@from_option
@to_option
@_asking
def followups_command(
    assignee: str | None,
    contact: str | None,
    status: str | None,
    as_of: int | None,
    first: datetime | None,
    last: datetime | None,
) -> Question:
    """Show open, missed and completed interactions by when they are due, and the counts of the month of --from."""
    asked = FollowupsAsked(assignee, contact, None if status is None else Status(status), _days(first, last), as_of)
    return lambda connection, limit: followups(connection, asked._replace(limit=limit))


@command.command(name="response-required")
@assignee_option
@contact_option
@_asking
def response_required_command(assignee: str | None, contact: str | None) -> Question:
    """Show the contacts with open interactions that ask for a response."""
    asked = ResponseRequiredAsked(assignee, contact)
    return lambda connection, limit: response_required(connection, asked._replace(limit=limit))
