"""Rows of dead letters, and what a letter says of the record that it refuses."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from events.codec import decode
from events.facts import AnyFact
from events.identifiers import MAX_ID_LENGTH
from events.refusal import Refusal
from projections.tables import DEAD_LETTERS
from projections.writing.credit_rows import instant_of
from projections.writing.record import Message
from projections.writing.rows import Row
from projections.writing.sql import column_names

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_COLUMNS = column_names(DEAD_LETTERS)


class Letter(NamedTuple):
    """A dead letter: which record it refuses, and its row."""

    topic: str
    partition: int
    offset: int
    payload: str | None
    row: Row

    @property
    def record_key(self) -> str | None:
        """The refused record's own key, where it can be a contact's."""
        key: str | None = self.row[-1]
        return key

    def fact(self, topic: str) -> AnyFact | None:
        """What the refused record says, where it says something; `topic` is its topic's bare name."""
        if self.payload is None or self.row[_COLUMNS.index("encoding")] is not None:
            return None
        judged = decode(topic, self.payload.encode())
        return None if isinstance(judged, Refusal) else judged


def letter_of(message: Message) -> Letter | None:
    """Read a message of topic `dead-letters`; None when it is none."""
    if message.value is None:
        return None
    fields = _decode(message.value)
    fields["letter_partition"], fields["letter_offset"] = message.partition, message.offset
    fields["errors"] = msgspec.json.encode(fields["errors"]).decode()
    fields["record_key"] = _key(message.key)
    if fields["received_at"] is not None:
        fields["received_at"] = instant_of(fields["received_at"])
    row = tuple(fields.get(name) for name in _COLUMNS)
    return Letter(fields["topic"], fields["partition"], fields["offset"], fields["payload"], row)


def _key(key: bytes | None) -> str | None:
    """As text, where it can be an id: others would not fit an index."""
    if key is None or len(key) > 4 * MAX_ID_LENGTH:
        return None
    try:
        return key.decode()
    except UnicodeDecodeError:
        return None
