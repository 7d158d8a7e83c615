"""Compacted topics: of each key the last version holds, whole; an older one never overwrites it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

import msgspec
from sqlalchemy import Table

from projections.writing.record import Message, read
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

    def leave(self, rows: Rows, outdated: Sequence[tuple[str, ...]], places: Mapping[tuple[str, ...], int]) -> None:
        """Told before the rows of these keys go; `places`: the partition of each key."""
        return

    def arrive(self, versions: Sequence[Version], places: Mapping[tuple[str, ...], int]) -> None:
        """Told of the versions that come; `places`: the partition of each key."""
        return

    def apply(self, rows: Rows, messages: Sequence[Message]) -> None:
        """The tables hold the last version of each key; what has a tombstone is gone."""
        newest: dict[tuple[str, ...], Version | None] = {}
        places: dict[tuple[str, ...], int] = {}
        cleared = set()
        for message in messages:
            if message.value is None:
                key = read(message, self._key, message.key)
                newest[key] = None
                cleared.add(key)
                places[key] = message.partition
            else:
                version = read(message, self.version_of, message.value)
                known = newest.get(version.key)
                if known is None or version.number > known.number:
                    newest[version.key] = version
                places[version.key] = message.partition
        stored = self._stored(rows, newest.keys())
        stale = {key for key, version in newest.items() if version and version.number <= stored.get(key, 0)} - cleared
        outdated = [key for key in newest if key in stored and key not in stale]
        self.leave(rows, outdated, places)
        for table in self.tables:
            rows.delete(table, self.by, outdated)
        versions = [version for key, version in newest.items() if version is not None and key not in stale]
        self.arrive(versions, places)
        for place, table in enumerate(self.tables):
            rows.insert(table, [row for version in versions for row in version.rows[place]])

    def _key(self, said: bytes | None) -> tuple[str, ...]:
        key = tuple(msgspec.json.decode(said or b"[]", type=list[str]))
        if len(key) != len(self.by):
            raise ValueError(f"a key of {len(key)} parts")
        return key

    def _stored(self, rows: Rows, keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
        found = rows.fetch(self.tables[0], (*self.by, "version"), self.by, list(keys))
        return {row[:-1]: row[-1] for row in found}
