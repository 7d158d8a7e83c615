"""How a command ends badly: for each error its exit code (contract, section 4) and one line for people."""

from __future__ import annotations

import errno
import os
import select
import sys
import traceback
from typing import Final

import click

from cli.lazy_group import ReaderGoneError
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


def ended_by(error: BaseException, *, debug: bool) -> int:
    """Say on standard error what went wrong, with the traceback only if asked for, and give the exit code."""
    if debug:
        traceback.print_exception(error)
    reader_gone = isinstance(error, ReaderGoneError | BrokenPipeError) and _reader_is_gone()
    _abandon_output()
    match error:
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message(), err=True)
            return UsageError.exit_code
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED
        case _ if reader_gone:
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
    """Tell whether it is standard output that nobody reads any more; else a connection broke."""
    poll = select.poll()
    poll.register(sys.stdout, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def _abandon_output() -> None:
    """Write nothing more to a standard output that fails: Python flushes it as it ends, and would complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f" (see `{context.command_path} --help`)" if context else ""
    return error.format_message() + hint


def _environment(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    where = "" if error.filename is None else f": {error.filename}"
    remedy = REMEDIES.get(error.errno or 0)
    return f"{what}{where}" + (f"; {remedy}" if remedy else "")


def _bug(error: BaseException) -> str:
    # Its text may hold what a contact did; that is for --debug alone.
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return (
        f"a bug in Evenhand: {type(error).__name__}{where}; please report it with the output of "
        "`evenhand --version` and of the same command after `evenhand --debug`"
    )
