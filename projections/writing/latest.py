"""Compacted topics: of each key the last version holds, whole; an older one never overwrites it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

import msgspec
from sqlalchemy import Table

from projections.writing.record import Message
from projections.writing.rows import Row, Rows


class Version(NamedTuple):
    """One version of what stands under a key: rows for each of the topic's tables."""

    key: tuple[str, ...]
    number: int
    rows: Sequence[Sequence[Row]]


class Compacted(ABC):
    """How a compacted topic's messages become rows."""

    tables: ClassVar[tuple[Table, ...]]
    """The first has one row a key, with its `version`; the others belong to it."""
    by: ClassVar[tuple[str, ...]]
    """The columns of the key, in every one of the tables."""

    @abstractmethod
    def version_of(self, value: bytes) -> Version:
        """Read a message."""

    def apply(self, rows: Rows, messages: Sequence[Message]) -> None:
        """The tables hold the last version of each key; what has a tombstone is gone."""
        newest: dict[tuple[str, ...], Version | None] = {}
        cleared = set()
        for message in messages:
            if message.value is None:
                key = tuple(msgspec.json.decode(message.key or b"[]"))
                newest[key] = None
                cleared.add(key)
            else:
                version = self.version_of(message.value)
                known = newest.get(version.key)
                if known is None or version.number > known.number:
                    newest[version.key] = version
        stored = self._stored(rows, newest.keys())
        stale = {key for key, version in newest.items() if version and version.number <= stored.get(key, 0)} - cleared
        outdated = [key for key in newest if key in stored and key not in stale]
        for table in self.tables:
            rows.delete(table, self.by, outdated)
        versions = [version for key, version in newest.items() if version is not None and key not in stale]
        for place, table in enumerate(self.tables):
            rows.insert(table, [row for version in versions for row in version.rows[place]])

    def _stored(self, rows: Rows, keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
        found = rows.fetch(self.tables[0], (*self.by, "version"), self.by, list(keys))
        return {row[:-1]: row[-1] for row in found}
