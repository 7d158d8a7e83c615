"""Logging is one for the whole process: a test that configures it puts it back."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def logging_kept() -> Iterator[None]:
    """Whatever is configured inside, afterwards all is as before."""
    root, client, config = logging.getLogger(), logging.getLogger("aiokafka"), structlog.get_config()
    kept = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in (root, client)]
    try:
        yield
    finally:
        logging.captureWarnings(False)
        structlog.configure(**config)
        for logger, handlers, level, propagate in kept:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
