"""`evenhand`: the command line, and its outermost ring, where every ending becomes an exit code and one clear line."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click

from cli.lazy_group import LazyGroup, ReaderGoneError, Subcommand
from config.errors import BrokenEnvironmentError, EvenhandError, UsageError

BUG: Final = 70
"""EX_SOFTWARE of sysexits.h: none of the contract's codes, so that no script takes a bug for an answer."""
INTERRUPTED: Final = 130
"""128 + SIGINT, as shells have it."""
READER_GONE: Final = 141
"""128 + SIGPIPE, likewise."""

REMEDIES: Final = {
    errno.ENOSPC: "free some space, then run the command again",
    errno.EDQUOT: "free some of your quota, then run the command again",
    errno.EROFS: "name a place that can be written to",
    errno.EACCES: "check who may read and write there",
    errno.EPERM: "check who may read and write there",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.EADDRINUSE: "stop what listens there, or choose another port",
    errno.ECONNREFUSED: "check that the service is up, and its address",
}

SUBCOMMANDS: Final = {
    "replay": Subcommand("cli.replay", "Attribute the events of files; needs no Kafka."),
    "worker": Subcommand("cli.worker", "Attribute live: the processor on Kafka."),
    "topics": Subcommand("cli.topics", "Create the topics, or check them."),
    "produce": Subcommand("cli.produce", "Send the events of files to the topics."),
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
    except Exception as error:  # noqa: BLE001 (the outermost ring: what passes it would be a bare traceback)
        return _ended_by(error, invocation.debug)
    except KeyboardInterrupt:
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _ended_by(error: Exception, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    match error:
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message(), err=True)
            return UsageError.exit_code
        case click.Abort():
            return INTERRUPTED
        case ReaderGoneError() | BrokenPipeError() if _reader_is_gone():
            return READER_GONE
        case ReaderGoneError(__cause__=OSError() as cause):
            return _say(_environment(cause), BrokenEnvironmentError.exit_code)
        case EvenhandError():
            return _say(str(error), error.exit_code)
        case click.ClickException():
            return _say(_usage(error), UsageError.exit_code)
        case OSError():
            return _say(_environment(error), BrokenEnvironmentError.exit_code)
        case _:
            return _say(_bug(error), BUG)


def _say(message: str, exit_code: int) -> int:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    return exit_code


def _reader_is_gone() -> bool:
    """Tell a closed standard output from a broken connection; the former takes nothing more, and says nothing."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more as it ends, and would complain aloud.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f" (see `{context.command_path} --help`)" if context else ""
    return error.format_message() + hint


def _environment(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    where = "" if error.filename is None else f": {error.filename}"
    remedy = REMEDIES.get(error.errno or 0)
    return f"{what}{where}" + (f"; {remedy}" if remedy else "")


def _bug(error: Exception) -> str:
    # Its text may hold what a contact did; that is for --debug alone.
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return (
        f"a bug in Evenhand: {type(error).__name__}{where}; please report it with the output of "
        "`evenhand --version` and of the same command after `evenhand --debug`"
    )


if __name__ == "__main__":
    sys.exit(main())
