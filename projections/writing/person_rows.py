"""Rows of the messages about scores and follow-ups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Table, Text

from events.facts import owner_key
from projections.tables import INTERACTIONS, REJECTIONS, REMINDERS, SCORE_CHANGES, SCORES
from projections.writing.credit_rows import instant_of
from projections.writing.latest import Compacted, Version
from projections.writing.rows import Row
from projections.writing.sql import column_names

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_CONTACTS_OFFSET = "contacts_offset"
"""It stands in the record's headers."""
_INSTANTS = frozenset({"as_of", "completed_at", "created_at", "due_at", "occurred_at", "snoozed_until", "starts_at"})


class Scores(Compacted):
    """Topic `scores`."""

    tables = (SCORES,)
    by = ("contact_id", "profile_id")

    def version_of(self, value: bytes) -> Version:
        row = _row(SCORES, _decode(value))
        return Version((row[0], row[1]), row[-1], ([row],))


class Interactions(Compacted):
    """Topic `followups`."""

    tables = (INTERACTIONS,)
    by = ("subject", "interaction_id")

    def version_of(self, value: bytes) -> Version:
        row = _row(INTERACTIONS, _with_subject(_decode(value)))
        return Version((row[0], row[1]), row[-1], ([row],))


def reminder_row(value: bytes) -> Row:
    """Of a message of topic `reminders`."""
    return _row(REMINDERS, _with_subject(_decode(value)))


def rejection_row(value: bytes) -> Row:
    """Of a message of topic `rejections`."""
    return _row(REJECTIONS, _with_subject(_decode(value)))


def score_change_row(value: bytes) -> Row:
    """Of a message of topic `score-changes`."""
    return _row(SCORE_CHANGES, _decode(value))


def _with_subject(fields: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    contact_id, owner = (msgspec.json.decode(fields.get(name, b"null")) for name in ("contact_id", "owner"))
    return {**fields, "subject": msgspec.Raw(msgspec.json.encode(contact_id or owner_key(owner)))}


def _row(table: Table, fields: Mapping[str, msgspec.Raw]) -> Row:
    """The message's fields of the table's columns; what is an object in a column of text stays JSON."""
    return tuple(_value(table, name, fields.get(name)) for name in column_names(table))


def _value(table: Table, name: str, raw: msgspec.Raw | None) -> object:
    if raw is None:
        if table.columns[name].nullable or name == _CONTACTS_OFFSET:
            return None
        raise ValueError(f"no field {name}")
    sent = bytes(raw)
    if sent[:1] in b"[{" or not isinstance(table.columns[name].type, Text):
        value = msgspec.json.decode(sent) if sent[:1] not in b"[{" else sent.decode()
        return int(value) if isinstance(value, bool) else value
    value = msgspec.json.decode(sent)
    if name in _INSTANTS and isinstance(value, str):
        return instant_of(value)
    return value
