"""Dead letters: each refused record once, with why, so that nothing is lost (contract, section 3)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

from events.refusal import Refusal
from streams.received import UNTIMED, Received

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode_dead_letter(received: Received, refusal: Refusal) -> bytes:
    """The value of a record of topic `dead-letters`; its key is the refused record's own."""
    letter: dict[str, object] = {
        "topic": received.topic,
        "partition": received.partition,
        "offset": received.offset,
        "reason": refusal.reason.value,
        "errors": [{"path": error.path, "message": error.message} for error in refusal.errors],
        "received_at": _instant(received.timestamp),
        "payload": None,
    }
    if received.value is not None:
        try:
            letter["payload"] = received.value.decode()
        except UnicodeDecodeError:
            letter["payload"] = base64.b64encode(received.value).decode()
            letter["encoding"] = "base64"
    return json.dumps(letter, ensure_ascii=False, separators=(",", ":")).encode()


def _instant(timestamp_ms: int) -> str | None:
    if timestamp_ms == UNTIMED:
        return None
    at = _EPOCH + timedelta(milliseconds=timestamp_ms)
    return at.isoformat(timespec="microseconds" if at.microsecond else "seconds").replace("+00:00", "Z")
