"""`evenhand interactions generate`: a day's series of interactions (behaviours D28 to D45)."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, Literal

import click
from typing_extensions import override

from cli.columns import columns
from cli.interactions_sending import Outlet, counted, read_model_option, sending
from cli.option_types import Duration
from config.definitions import load_definitions
from config.errors import UsageError
from events.zones import check_zone, zone
from projections.followups.candidates import ValueRange
from projections.followups.clocks import date_at, first_instant
from projections.followups.generation import Asked, Generated, GenerationSettings
from projections.followups.generation import generate as generated_by
from projections.followups.users import Users, users_of
from projections.queries.candidates import candidates, filled_places, replayed_until_us
from projections.queries.database import reading

_MICROSECOND: Final = timedelta(microseconds=1)


class Amount(click.ParamType):
    """A decimal such as `1000.50`."""

    name = "amount"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Give the number. BadParameter where it is none."""
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is no amount; write one such as 1000.50", param, ctx)
        if not amount.is_finite():
            self.fail(f"{value!r} is no amount; write one such as 1000.50", param, ctx)
        return amount


@click.command(name="generate")
@click.option("--kind", envvar="EVENHAND_GENERATE_KIND", type=click.Choice(["customer", "prospect"]), required=True,
              help="With contacts of this kind only.")  # fmt: skip
@click.option("--day", envvar="EVENHAND_GENERATE_DAY", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              required=True, help="The day of all of them.")  # fmt: skip
@click.option("--start", envvar="EVENHAND_GENERATE_START", type=click.DateTime(["%H:%M"]), metavar="HH:MM",
              required=True, help="When the first one begins, by the assignee's clocks.")  # fmt: skip
@click.option("--number", envvar="EVENHAND_GENERATE_NUMBER", type=click.IntRange(1), required=True,
              help="How many, where there are as many contacts.")  # fmt: skip
@click.option("--duration", envvar="EVENHAND_GENERATE_DURATION", type=Duration(), required=True,
              help="How long each takes, such as PT20M.")  # fmt: skip
@click.option("--gap", envvar="EVENHAND_GENERATE_GAP", type=Duration(), default="PT0S", show_default=True,
              help="From the end of one to the start of the next.")  # fmt: skip
@click.option("--assignee", envvar="EVENHAND_GENERATE_ASSIGNEE", metavar="USER", required=True,
              help="Who is to do all of them.")  # fmt: skip
@click.option("--type", "interaction_type", envvar="EVENHAND_GENERATE_TYPE", metavar="TEXT",
              help="What all of them are: call, visit …")  # fmt: skip
@click.option("--note", envvar="EVENHAND_GENERATE_NOTE", metavar="TEXT", help="A note on all of them.")
@click.option("--not-contacted-within", envvar="EVENHAND_GENERATE_NOT_CONTACTED_WITHIN", type=Duration(),
              help="Leave out whom somebody contacted within this span, such as P365D.")  # fmt: skip
@click.option("--value-above", envvar="EVENHAND_GENERATE_VALUE_ABOVE", type=Amount(),
              help="Only with an open opportunity worth more.")  # fmt: skip
@click.option("--value-below", envvar="EVENHAND_GENERATE_VALUE_BELOW", type=Amount(),
              help="Only with an open opportunity worth less.")  # fmt: skip
@click.option("--currency", envvar="EVENHAND_GENERATE_CURRENCY", metavar="CODE",
              help="Of the opportunity's value.  [default: any]")  # fmt: skip
@click.option("--opportunities/--no-opportunities", envvar="EVENHAND_GENERATE_OPPORTUNITIES", default=True,
              help="Whether --value-above and --value-below count.  [default: they do]")  # fmt: skip
@click.option("--city", envvar="EVENHAND_GENERATE_CITY", metavar="TEXT", help="Only in this town.")
@click.option("--postcode", envvar="EVENHAND_GENERATE_POSTCODE", metavar="TEXT", help="Only at this postcode.")
@click.option("--everywhere", envvar="EVENHAND_GENERATE_EVERYWHERE", is_flag=True,
              help="Let --city and --postcode not count.")  # fmt: skip
@click.option("--profiles", envvar="EVENHAND_PROFILES", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="The definitions, for the assignee's time zone.")  # fmt: skip
@click.option("--time-zone", envvar="EVENHAND_GENERATE_TIME_ZONE", metavar="NAME",
              help="The assignee's time zone.  [default: as in --profiles, else UTC]")  # fmt: skip
@click.option("--dry-run", envvar="EVENHAND_GENERATE_DRY_RUN", is_flag=True, help="Show them, and send nothing.")
@read_model_option
@sending
def generate(db: str, dry_run: bool, outlet: Outlet, **settings: Any) -> None:
    """Generate a day's series of interactions, with the contacts that waited longest.

    Contacts come from the read model: of the kind, passing every filter, the longest not contacted first. Asking
    twice schedules once. By default it is asked for at the end of a replay, else as the assignee's day began.
    """
    asked_for = _settings(**settings)
    with reading(db) as connection:
        at_us = outlet.occurred_us if outlet.occurred_us is not None else replayed_until_us(connection)
        asked = Asked(_day_began_us(asked_for.time_zone) if at_us is None else at_us, outlet.actor)
        filled = filled_places(connection, asked_for.series)
        made = generated_by(asked_for, candidates(connection), asked, filled)
    if dry_run:
        _show(made)
        click.echo(_said(made, asked_for, "would be created"))
    else:
        outlet.send(made.events, _said(made, asked_for, "created"))


def _settings(
    kind: Literal["customer", "prospect"],
    day: datetime,
    start: datetime,
    number: int,
    duration: timedelta,
    gap: timedelta,
    assignee: str,
    interaction_type: str | None,
    note: str | None,
    not_contacted_within: timedelta | None,
    value_above: Decimal | None,
    value_below: Decimal | None,
    currency: str | None,
    opportunities: bool,
    city: str | None,
    postcode: str | None,
    everywhere: bool,
    profiles: Path | None,
    time_zone: str | None,
) -> GenerationSettings:
    if city is not None and postcode is not None and not everywhere:
        raise UsageError("--city and --postcode are one filter: choose one of them")
    value = ValueRange(value_above, value_below, currency)
    return GenerationSettings(
        kind=kind,
        day=day.date(),
        start=start.time(),
        number=number,
        duration_us=duration // _MICROSECOND,
        gap_us=gap // _MICROSECOND,
        assignee=assignee,
        interaction_type=interaction_type,
        note=note,
        not_contacted_us=None if not_contacted_within is None else not_contacted_within // _MICROSECOND,
        value=value if opportunities and value != ValueRange() else None,
        city=None if everywhere else city,
        postcode=None if everywhere else postcode,
        time_zone=_zone_of(assignee, profiles, time_zone),
    )


def _zone_of(assignee: str, profiles: Path | None, time_zone: str | None) -> str:
    if time_zone is not None:
        try:
            return check_zone(time_zone)
        except ValueError as error:
            raise UsageError(f"--time-zone {time_zone}: {error}") from error
    users = Users() if profiles is None else users_of(load_definitions(profiles))
    return str(users.zone_of(assignee).key)


def _day_began_us(time_zone: str) -> int:
    """The day of asking, not its minute: whoever asks again that day sends the same bytes."""
    where = zone(time_zone)
    today = date_at(int(time.time() * 1_000_000), where)
    return first_instant(datetime.combine(today, datetime.min.time()), where)


def _said(made: Generated, settings: GenerationSettings, done: str) -> str:
    said = f"{counted(len(made.events))} {done}"
    if made.present:
        said += f", {made.present:,} were there before"
    missing = settings.number - made.present - len(made.events)
    return f"{said}, not {settings.number:,}: no more contacts pass the filters" if missing else said


def _show(made: Generated) -> None:
    rows = [(str(event["starts_at"]), str(event["contact_id"]), n) for n, event in enumerate(made.events, 1)]
    if rows:
        click.echo(columns(rows))
