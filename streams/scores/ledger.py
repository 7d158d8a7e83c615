"""What was said of scores: the last version of each, what it said, and the band that subscribers know."""

from __future__ import annotations

import json
from typing import Final

from msgspec.structs import replace

from events.canonical import digest
from streams.kept import Kept
from streams.scores.rows import SAID, Said, pack, unpack_said

_NOTHING: Final = Said(0, b"", None)
_INSTANT: Final = b'"as_of":"'
_VERSION: Final = b',"version":'


class Ledger:
    """One row for each contact."""

    def __init__(self, state: Kept) -> None:
        self._state = state

    def of(self, contact_id: str) -> dict[str, Said]:
        """By profile; a copy, to be changed and put back."""
        row = self._state.get(SAID + contact_id.encode())
        return {} if row is None else unpack_said(row)

    def put(self, contact_id: str, said: dict[str, Said]) -> None:
        """This is what was said of a contact; nothing leaves no row."""
        if said != self.of(contact_id):
            self._state.put(SAID + contact_id.encode(), pack(said) if said else None)

    def note_score(self, key: bytes, value: bytes | None) -> None:
        """Remember a record of topic `scores`, in the order of the log."""
        contact_id, profile_id = json.loads(key)
        said = self.of(contact_id)
        last = said.get(profile_id, _NOTHING)
        if value is None:
            said[profile_id] = replace(last, content=b"")
        else:
            version = max(json.loads(value)["version"], last.version)
            said[profile_id] = replace(last, version=version, content=content_of(value))
        self.put(contact_id, said)

    def note_change(self, key: bytes, value: bytes) -> None:
        """Remember a record of topic `score-changes`, in the order of the log."""
        contact_id, profile_id = json.loads(key)
        message = json.loads(value)
        said = self.of(contact_id)
        last = said.get(profile_id, _NOTHING)
        said[profile_id] = replace(last, version=max(message["version"], last.version), band=message["band"])
        self.put(contact_id, said)


def content_of(message: bytes) -> bytes:
    """What tells whether a message of topic `scores` says anything new: all but its instant and version."""
    # Text inside JSON strings has its quotes escaped, so these stand only where the encoder put them.
    instant = message.index(_INSTANT)
    after = message.index(b'"', instant + len(_INSTANT))
    return digest(message[:instant] + message[after : message.rindex(_VERSION)])
