"""Contacts as their updates leave them: per attribute the newest value (contract, part 2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

import msgspec

from projections.tables import CONTACT_UPDATES, CONTACTS
from projections.writing.rows import Row, Rows
from projections.writing.sql import column_names

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_NULL: Final = b"null"
_COLUMNS: Final = column_names(CONTACTS)
_PLAIN: Final = _COLUMNS[1 : _COLUMNS.index("attributes")]


def refold(rows: Rows, contact_ids: Collection[str]) -> None:
    """These contacts' rows say what all their updates say."""
    keys = [(contact_id,) for contact_id in sorted(contact_ids)]
    columns = ("contact_id", "occurred_at", "event_id", "attributes")
    updates = sorted(rows.fetch(CONTACT_UPDATES, columns, ("contact_id",), keys))
    rows.delete(CONTACTS, ("contact_id",), keys)
    folded = [contact_row(contact_id, list(group)) for contact_id, group in groupby(updates, key=itemgetter(0))]
    rows.insert(CONTACTS, folded)


def contact_row(contact_id: str, updates: Sequence[Row]) -> Row:
    """Of a contact; its `updates` end in (occurred_at, event_id, attributes as JSON text), the newest last."""
    merged: dict[str, msgspec.Raw] = {}
    for *_, attributes in updates:
        merged |= _decode(attributes)
    shown = {name: value for name, value in sorted(merged.items()) if bytes(value) != _NULL}
    plain = [msgspec.json.decode(shown.get(name, _NULL)) for name in _PLAIN]
    return (contact_id, *plain, msgspec.json.encode(shown).decode(), updates[-1][-3])
