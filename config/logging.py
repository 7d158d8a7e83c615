"""The log: one structured line an entry, for machines as JSON, for a terminal in colour; no personal data, no secret.

Entries of the libraries' standard logging go the same way as our own.
"""

from __future__ import annotations

import logging
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

PERSONAL: Final = frozenset({"contact_id", "email", "key", "payload", "phone", "properties", "record"})
"""Names under which someone might log what a contact did. Counts and ids of facts say enough."""
WITHHELD: Final = "[withheld]"

_secrets: Final[set[str]] = set()


def withhold(secret: str) -> None:
    """Keep a secret out of every later entry, in whatever library's words it comes."""
    if secret:
        _secrets.update({secret, repr(secret)[1:-1]})


def configure_logging(level: str, stream: TextIO) -> None:
    """Send every entry of at least that level to the stream: in colour where it is a terminal, else as JSON lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_personal_data,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = LogHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _without_secrets,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other, LogHandler)] + [handler]
    root.setLevel(level)
    logging.captureWarnings(True)


class LogHandler(logging.StreamHandler[TextIO]):
    """Ours among the root's handlers, so that configuring twice logs once."""


def _without_personal_data(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    for name in PERSONAL & entry.keys():
        entry[name] = WITHHELD
    return entry


def _without_secrets(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    # Last before rendering, when message and traceback have become text: each renderer escapes in its own way.
    return {name: _cleaned(value) for name, value in entry.items()} if _secrets else entry


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return _struck_out(value)
        case dict():
            return {key: _cleaned(item) for key, item in value.items()}
        case list() | tuple():
            return [_cleaned(item) for item in value]
        case None | bool() | int() | float():
            return value
        case _:
            return _struck_out(repr(value))


def _struck_out(text: str) -> str:
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, WITHHELD)
    return text
