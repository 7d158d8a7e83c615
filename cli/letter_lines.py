"""Dead letters as lines: short ones for people, whole ones for scripts."""

from __future__ import annotations

import base64

import msgspec

from cli.columns import printable
from events.instant import format_instant
from streams.admin.dead_letters import FoundLetter

HEADER = ("REFUSED AT", "REASON", "RECORD", "KEY", "WHAT IS WRONG")
_MS = 1_000


def row(found: FoundLetter) -> tuple[str, ...]:
    """The cells under HEADER; the payload is left out."""
    letter = found.letter
    errors = "; ".join(f"{error.path} {error.message}".strip() for error in letter.errors)
    return (format_instant(found.written_ms * _MS), letter.reason, place(found), _shown(found.key), errors)


def place(found: FoundLetter) -> str:
    """Where the refused record stands: `evenhand.touchpoints 3@1042` is offset 1042 of partition 3."""
    return f"{printable(found.letter.topic)} {found.letter.partition}@{found.letter.offset}"


def json_line(found: FoundLetter) -> str:
    """The contract's message and, under `dead_letter`, where and when it was written and the record's own key."""
    key, encoding = _key(found.key)
    written = {
        "partition": found.partition,
        "offset": found.offset,
        "written_at": format_instant(found.written_ms * _MS),
        "key": key,
        **encoding,
    }
    return msgspec.json.encode({**msgspec.to_builtins(found.letter), "dead_letter": written}).decode()


def _shown(key: bytes | None) -> str:
    return "(none)" if key is None else key.decode(errors="backslashreplace")


def _key(key: bytes | None) -> tuple[str | None, dict[str, str]]:
    if key is None:
        return None, {}
    try:
        return key.decode(), {}
    except UnicodeDecodeError:
        return base64.b64encode(key).decode(), {"encoding": "base64"}
