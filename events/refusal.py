"""A refusal: why a record is no fact. A value, not an exception; it becomes a dead letter (contract, section 3)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """The closed list, in order of precedence: of several that hold, the first is given."""

    OVERSIZED = "oversized"
    MALFORMED_JSON = "malformed_json"
    UNKNOWN_TYPE = "unknown_type"
    INVALID_EVENT = "invalid_event"
    KEY_MISMATCH = "key_mismatch"
    WRONG_PARTITION = "wrong_partition"
    UNKNOWN_CURRENCY = "unknown_currency"
    UNKNOWN_TOUCHPOINT = "unknown_touchpoint"
    FROM_THE_FUTURE = "from_the_future"
    TOO_LATE = "too_late"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"
    CURRENCY_MISMATCH = "currency_mismatch"
    NEVER_MATCHED = "never_matched"


class FieldError(NamedTuple):
    """One thing that is wrong, and where."""

    path: str
    """A JSON Pointer (RFC 6901); "" is the whole event."""
    message: str


class Refusal(NamedTuple):
    """The judgement on a record that is refused."""

    reason: Reason
    errors: tuple[FieldError, ...]
    contact_id: str | None = None
    """Given where the record's key is still to be compared with it, because a wrong key takes precedence."""


def refuse(reason: Reason, contact_id: str | None, path: str, message: str) -> Refusal:
    """A refusal with one error."""
    return Refusal(reason, (FieldError(path, message),), contact_id)
