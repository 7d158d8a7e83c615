"""What aiokafka tells to its log alone: why it could not connect; and its complaints, thinned out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiokafka.errors import KafkaError
from typing_extensions import override

_CLIENT: Final = logging.getLogger("aiokafka")
_QUIET_S: Final = 30.0


class ClientComplaints(logging.Handler):
    """Passes aiokafka's complaints on to our own log, each kind of them once in a while, and as warnings.

    What it complains of it tries again, many times a second while a broker is away; what it gives up it raises, and
    that is told by whoever meant to do it. What comes with a traceback, it did not foresee: that stays an error.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._told_at: dict[tuple[str, str], float] = {}

    @override
    def emit(self, record: logging.LogRecord) -> None:
        kind = record.name, str(record.msg)
        now = time.monotonic()
        if now - self._told_at.get(kind, -_QUIET_S) < _QUIET_S:
            return
        self._told_at[kind] = now
        if record.exc_info is None:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        logging.getLogger().handle(record)


def thin_out_complaints() -> None:
    """From now on aiokafka's complaints do not drown our own log."""
    _CLIENT.setLevel(logging.WARNING)
    _CLIENT.propagate = False
    _CLIENT.handlers = [ClientComplaints()]


def tell_of_the_unforeseen(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody waited for, but for the futures that aiokafka leaves behind when a transaction fails: that
    failure was raised to whoever published."""
    if not (isinstance(context.get("exception"), KafkaError) and isinstance(context.get("future"), asyncio.Future)):
        loop.default_exception_handler(context)


class Causes(logging.Handler):
    """The exceptions that aiokafka's log lines carry, in the order in which they were logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.met: list[Exception] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple):
            self.met += [argument for argument in record.args if isinstance(argument, Exception)]


@contextmanager
def causes_told() -> Iterator[Causes]:
    """While inside, what aiokafka says of its failures is noted."""
    causes = Causes()
    _CLIENT.addHandler(causes)
    try:
        yield causes
    finally:
        _CLIENT.removeHandler(causes)
