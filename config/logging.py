"""The log: one structured line an entry, for machines as JSON, for a terminal in colour; no personal data, no secret.

Entries of the libraries' standard logging go the same way as our own.
"""

from __future__ import annotations

import json
import logging
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

PERSONAL: Final = frozenset({"contact_id", "email", "key", "payload", "phone", "properties", "record"})
"""Names under which someone might log what a contact did. Counts and ids of facts say enough."""
WITHHELD: Final = "[withheld]"

_secrets: Final[set[str]] = set()


def withhold(secret: str) -> None:
    """Keep a secret out of every later entry, in whatever library's words it comes."""
    if secret:
        _secrets.update(
            {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        )


def configure_logging(level: str, stream: TextIO) -> None:
    """Send every entry of at least that level to the stream: in colour where it is a terminal, else as JSON lines."""
    terminal = stream.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_personal_data,
    ]
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if terminal
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = LogHandler(stream)
    handler.setFormatter(
        SecretFreeFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other, LogHandler)] + [handler]
    root.setLevel(level)
    logging.captureWarnings(True)


class LogHandler(logging.StreamHandler[TextIO]):
    """Ours among the root's handlers, so that configuring twice logs once."""


class SecretFreeFormatter(structlog.stdlib.ProcessorFormatter):
    """Takes the secrets out last of all, when traceback and arguments have become text."""

    def format(self, record: logging.LogRecord) -> str:
        """Render an entry without the secrets."""
        text = super().format(record)
        for secret in _secrets:
            text = text.replace(secret, WITHHELD)
        return text


def _without_personal_data(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    for name in PERSONAL & entry.keys():
        entry[name] = WITHHELD
    return entry
