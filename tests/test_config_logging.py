"""The log: one structured line an entry, without personal data."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from config.logging import configure_logging
from tests.errors_logged import ErrorsLogged
from tests.logging_kept import logging_kept


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    """What a test configures stays its own."""
    with logging_kept():
        yield


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def _logged(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_entry_is_a_line_of_json() -> None:
    stream = io.StringIO()
    configure_logging("INFO", stream)

    structlog.get_logger("streams.loop").info("chunk done", partition=3, records=9)

    (entry,) = _logged(stream)
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "event": "chunk done",
        "level": "info",
        "logger": "streams.loop",
        "partition": 3,
        "records": 9,
    }


def test_a_terminal_gets_text_for_people() -> None:
    stream = Terminal()
    configure_logging("INFO", stream)

    structlog.get_logger("streams.loop").info("chunk done", partition=3)

    assert "chunk done" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_libraries_log_the_same_way() -> None:
    stream = io.StringIO()
    configure_logging("WARNING", stream)

    logging.getLogger("aiokafka").warning("%s is gone", "node 1")

    (entry,) = _logged(stream)
    assert (entry["logger"], entry["level"], entry["event"]) == ("aiokafka", "warning", "node 1 is gone")


def test_pythons_warnings_are_logged() -> None:
    stream = io.StringIO()
    configure_logging("WARNING", stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("soon gone", DeprecationWarning, stacklevel=1)

    (entry,) = _logged(stream)
    assert "soon gone" in entry["event"]


def test_what_is_below_the_level_is_not_logged() -> None:
    stream = io.StringIO()
    configure_logging("WARNING", stream)

    structlog.get_logger("ours").info("hardly worth it")
    logging.getLogger("theirs").info("neither is this")

    assert stream.getvalue() == ""


def test_an_error_brings_its_traceback_in_the_same_line(errors_logged: ErrorsLogged) -> None:
    stream = io.StringIO()
    configure_logging("INFO", stream)
    errors_logged.expect("it broke")

    try:
        raise LookupError("nothing there")
    except LookupError:
        structlog.get_logger("ours").exception("it broke")

    (entry,) = _logged(stream)
    assert entry["exception"].splitlines()[-1] == "LookupError: nothing there"


def test_personal_data_is_withheld() -> None:
    stream = io.StringIO()
    configure_logging("INFO", stream)

    structlog.get_logger("ours").info("refused", contact_id="donor-7", payload="{}", offset=12)

    (entry,) = _logged(stream)
    assert (entry["contact_id"], entry["payload"], entry["offset"]) == ("[withheld]", "[withheld]", 12)


def test_configuring_twice_logs_once() -> None:
    stream = io.StringIO()
    configure_logging("INFO", stream)
    configure_logging("INFO", stream)

    structlog.get_logger("ours").info("once")

    assert len(_logged(stream)) == 1
