"""`evenhand`: the command line, and its outermost ring, where every ending becomes an exit code and one clear line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click

from cli.endings import ended_by
from cli.lazy_group import LazyGroup, Subcommand

SUBCOMMANDS: Final = {
    "replay": Subcommand("cli.replay", "Attribute the events of files; needs no Kafka."),
    "worker": Subcommand("cli.worker", "Attribute live: the processor on Kafka."),
    "topics": Subcommand("cli.topics", "Create the topics, or check them."),
    "produce": Subcommand("cli.produce", "Send the events of files to the topics."),
    "project": Subcommand("cli.project", "Keep the read model in PostgreSQL or SQLite up to the topics."),
    "query": Subcommand("cli.query", "Ask the read model what analysts ask first."),
    "export": Subcommand("cli.export", "Write the read model as Parquet files, by day."),
    "interactions": Subcommand("cli.interactions", "Plan, generate, complete or move follow-ups."),
    "scores": Subcommand("cli.scores", "Try a score profile before it is published."),
    "explain": Subcommand("cli.explain", "Say why each touchpoint counted for a conversion, or not."),
    "dead-letters": Subcommand("cli.dead_letters", "List refused records, or send them again."),
    "restate": Subcommand("cli.restate", "Say past credits again under a changed catalogue."),
    "state": Subcommand("cli.state", "Look at a worker's local state, verify or reset it."),
    "schema": Subcommand("cli.schema", "Export the contract as JSON Schema and AsyncAPI."),
    "sample": Subcommand("cli.sample", "Write a quarter of a charity's life, to try things on."),
}


@dataclass
class Invocation:
    """What the ring must know of a run that has ended."""

    debug: bool = False


def _remember_debug(context: click.Context, _option: click.Parameter, debug: bool) -> None:
    context.ensure_object(Invocation).debug = debug


@click.group(
    cls=LazyGroup,
    subcommands=SUBCOMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done; 1 dead letters, with --strict; 2 wrong usage, missing file or invalid catalogue; "
    "3 broken environment. Every option has an environment variable EVENHAND_…; see docs/reference/settings.md.",
)
@click.version_option(package_name="evenhand", message="evenhand %(version)s")
@click.option(
    "--debug",
    envvar="EVENHAND_DEBUG",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_remember_debug,
    help="Show the traceback of an error.",
)
@click.option(
    "--log-level",
    envvar="EVENHAND_LOG_LEVEL",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False),
    default="INFO",
    show_default=True,
    help="The least that is logged, to standard error.",
)
def evenhand(log_level: str) -> None:
    """Which touchpoints earned this conversion, to the penny, whatever order the facts arrive in."""
    # Imported here so that `evenhand --help` answers at once.
    from config.logging import configure_logging

    configure_logging(log_level, sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit code; what went wrong is one line on standard error, no bare traceback."""
    invocation = Invocation()
    try:
        code = evenhand.main(arguments, prog_name="evenhand", standalone_mode=False, obj=invocation)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (what passes this would be a bare traceback)
        return ended_by(error, debug=invocation.debug)
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
