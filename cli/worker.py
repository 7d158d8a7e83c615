"""`evenhand worker`: the live processor on Kafka."""

from __future__ import annotations

import click

from config.catalogue import load_catalogue
from config.definitions import NO_DEFINITIONS, load_definitions
from config.errors import UsageError
from config.settings import load_settings


@click.command("worker")
@click.argument("decider", required=False, type=click.Choice(["attribution", "followups", "scores"]))
@click.option(
    "--accept-gap", is_flag=True, envvar="EVENHAND_ACCEPT_GAP", help="Go on though records are gone from a topic."
)
@click.option(
    "--accept-dead-letters",
    is_flag=True,
    envvar="EVENHAND_ACCEPT_DEAD_LETTERS",
    help="Go on however many records are refused.",
)
def command(decider: str | None, accept_gap: bool, accept_dead_letters: bool) -> None:
    """Process facts into credits, follow-ups, reminders and scores, until stopped.

    DECIDER runs that one alone. Start as many workers as there are partitions; each needs its own EVENHAND_STATE_DIR.
    """
    from streams.live.app import run_worker
    from streams.live.member import Choices
    from streams.live.worker import ROLES, Worker

    settings = load_settings()
    path = settings.catalogue_path()
    if path is None:
        raise UsageError(
            "no catalogue: set EVENHAND_CATALOGUE, or start where a catalogue.toml stands; "
            "the one that ships is for replay and the demo"
        )
    choices = Choices(accept_gap, accept_dead_letters)
    roles = [role for role in ROLES if decider in {None, role.name}]
    definitions = NO_DEFINITIONS if settings.profiles is None else load_definitions(settings.profiles)
    run_worker(settings, Worker(settings, load_catalogue(path), roles, choices, definitions))
