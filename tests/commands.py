"""Commands run as their users do, within this process."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

from cli.main import main
from tests.kafka import Broker
from tests.logging_kept import logging_kept


class Ended(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


def evenhand(*arguments: str) -> Ended:
    """Run `evenhand` with these arguments."""
    with logging_kept(), redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = main(arguments)
    return Ended(code, out.getvalue(), err.getvalue())


def on(broker: Broker, prefix: str) -> tuple[str, ...]:
    """The options that name an installation on this broker."""
    return ("--bootstrap-servers", broker.bootstrap, "--topic-prefix", prefix)
