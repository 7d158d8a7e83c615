"""Why a broker could not be reached: kafka-python tells that to its log alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_CLIENT = logging.getLogger("kafka")


class FailedAttempts(logging.Handler):
    """The exceptions that kafka-python's log lines carry, in the order in which they were logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.causes: list[Exception] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple):
            self.causes += [argument for argument in record.args if isinstance(argument, Exception)]


@contextmanager
def failed_attempts() -> Iterator[FailedAttempts]:
    """While inside, what kafka-python logs is kept here. It goes nowhere else, then and afterwards.

    Its own errors are a page for each attempt; the command says the last one in a line of its own.
    """
    attempts = FailedAttempts()
    # For good: a client that was closed while it waited for a lost broker has threads that complain later.
    _CLIENT.propagate = False
    _CLIENT.setLevel(logging.WARNING)
    _CLIENT.addHandler(attempts)
    try:
        yield attempts
    finally:
        _CLIENT.removeHandler(attempts)
