"""`evenhand scores`: try a profile before it is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from cli.option_types import Moment
from cli.scores_facts import Accepted, NoFactsError, accepted_facts
from cli.scores_lines import preview_json, print_preview
from cli.scores_spread import diff_json, print_diff
from cli.watching import WatchedReplay
from config.catalogue import load_catalogue
from config.definitions import Definitions, load_definitions
from config.errors import UsageError
from config.profile import Profile
from config.settings import load_settings
from events.instant import format_instant
from projections.scores.diff import diff
from projections.scores.history import History
from projections.scores.preview import preview

_SUCH_AS: Final = 3
_PATH: Final = click.Path(path_type=Path)
_SHARED: Final = (
    click.argument("profile_id", metavar="PROFILE"),
    click.argument("files", metavar="FILE...", nargs=-1),
    click.option("--profiles", envvar="EVENHAND_PROFILES", metavar="FILE", type=_PATH, required=True,
                 help="The definitions with the profile, draft or published."),
    click.option("--as-of", "as_of_us", envvar="EVENHAND_AS_OF", type=Moment(), metavar="TIME",
                 help="Scores as of then.  [default: when the newest accepted event occurred]"),
    click.option("--catalogue", envvar="EVENHAND_CATALOGUE", metavar="FILE",
                 help="The catalogue.  [default: catalogue.toml in the current folder, else the one that ships]"),
    click.option("--json", "as_json", envvar="EVENHAND_JSON", is_flag=True, help="One JSON object, for programs."),
)  # fmt: skip


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_SHARED):
        command = option(command)
    return command


@click.group(name="scores")
def command() -> None:
    """Try a score profile before it is published: on one contact, or on all.

    FILE is JSON Lines, one event of any input topic a line, also as .gz or .zst, or Parquet; - is standard input.
    Only accepted facts count, as in a replay and live.
    """


@command.command(name="preview")
@click.option("--contact", "contact_id", envvar="EVENHAND_CONTACT", metavar="ID", required=True, help="Of whom.")
@_shared
def preview_command(
    profile_id: str,
    files: tuple[str, ...],
    contact_id: str,
    profiles: Path,
    as_of_us: int | None,
    catalogue: str | None,
    as_json: bool,
) -> None:
    """Show a contact's score under PROFILE, and why, rule by rule and fact by fact.

    The lines always add up to the score, which is the one that would be published.
    """
    profile = _profile(load_definitions(profiles), profiles, profile_id)
    rules = load_catalogue(load_settings(catalogue=catalogue).catalogue_path())
    with WatchedReplay() as progress, accepted_facts(files, [profile], rules, as_of_us, progress) as accepted:
        progress.end()
        known = next((facts for each, facts in accepted.contacts() if each == contact_id), [])
        found = preview(profile, known, accepted.as_of_us, contact_id)
        if not found.known:
            raise NoFactsError(_unknown(contact_id, accepted))
    _tell_refused(accepted)
    if as_json:
        click.echo(preview_json(profile, contact_id, accepted.as_of_us, found))
    else:
        print_preview(profile, contact_id, accepted.as_of_us, found)


@command.command(name="diff")
@click.option(
    "--against",
    envvar="EVENHAND_AGAINST",
    metavar="FILE",
    type=_PATH,
    help="The definitions that hold now; PROFILE counts where it is published there.  [default: nothing]",
)
@_shared
def diff_command(
    profile_id: str,
    files: tuple[str, ...],
    against: Path | None,
    profiles: Path,
    as_of_us: int | None,
    catalogue: str | None,
    as_json: bool,
) -> None:
    """Show how PROFILE would move the distribution of scores against the published one, before it is published."""
    old = load_definitions(against).profiles.get(profile_id) if against else None
    old = old if old and old.published else None
    definitions = load_definitions(profiles)
    new = definitions.profiles.get(profile_id) if old else _profile(definitions, profiles, profile_id)
    both = [profile for profile in (old, new) if profile]
    rules = load_catalogue(load_settings(catalogue=catalogue).catalogue_path())
    with WatchedReplay() as progress, accepted_facts(files, both, rules, as_of_us, progress) as accepted:
        progress.end()
        at_us = accepted.as_of_us
        found = diff(old, new, ((each, History(facts, at_us)) for each, facts in accepted.contacts()))
    _tell_refused(accepted)
    if as_json:
        click.echo(diff_json(profile_id, old, new, at_us, found))
    else:
        print_diff(profile_id, old, new, at_us, found)


def _profile(definitions: Definitions, path: Path, profile_id: str) -> Profile:
    if profile_id not in definitions.profiles:
        there = ", ".join(sorted(definitions.profiles)) or "none"
        raise UsageError(f"{path}: there is no profile {profile_id}; profiles there: {there}")
    return definitions.profiles[profile_id]


def _tell_refused(accepted: Accepted) -> None:
    if accepted.refused:
        click.echo(f"Refused events of the files, which do not count: {accepted.refused:,}", err=True)


def _unknown(contact_id: str, accepted: Accepted) -> str:
    such, count = [], 0
    for count, (each, _) in enumerate(accepted.contacts(), start=1):
        if count <= _SUCH_AS:
            such.append(each)
    at = format_instant(accepted.as_of_us)
    there = f"the files hold {count:,} contacts by then" + (f", such as {', '.join(such)}" if such else "")
    return f"no accepted fact of contact {contact_id} by {at}; {there}"
