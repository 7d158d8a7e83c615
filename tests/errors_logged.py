"""What a test's code logged as an error, through the standard library or structlog."""

import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

_ERROR_METHODS = {"error", "critical", "exception", "fatal"}


class ErrorsLogged(logging.Handler):
    """Collects errors, each as `logger: message`; those that the test foresaw do not count against it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._messages: list[str] = []
        self._expected: list[str] = []
        self._allowed: list[str] = []

    def expect(self, fragment: str) -> None:
        """An error with this text must be logged before the test ends."""
        self._expected.append(fragment)

    def allow(self, fragment: str) -> None:
        """An error with this text may be logged: whether it is depends on timing."""
        self._allowed.append(fragment)

    def unexpected(self) -> list[str]:
        """The errors that the test foresaw with none of its texts."""
        foreseen = self._expected + self._allowed
        return [message for message in self._messages if not any(text in message for text in foreseen)]

    def missing(self) -> list[str]:
        """The expected texts that no error had."""
        return [text for text in self._expected if not any(text in message for message in self._messages)]

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append(f"{record.name}: {self.format(record)}")

    def __call__(self, _logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """As a structlog processor: note the entry and pass it on unchanged."""
        if method in _ERROR_METHODS:
            self._messages.append(" ".join(f"{key}={value}" for key, value in event.items()))
        return event


@contextmanager
def recording_errors() -> Iterator[ErrorsLogged]:
    """Every error logged inside is collected."""
    errors = ErrorsLogged()
    # In place: loggers that were bound before keep this very list of processors.
    processors = structlog.get_config()["processors"]
    processors.insert(0, errors)
    logging.getLogger().addHandler(errors)
    try:
        yield errors
    finally:
        logging.getLogger().removeHandler(errors)
        if errors in processors:
            processors.remove(errors)
