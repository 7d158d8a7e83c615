"""The state's store: an ordered map of bytes, written in whole batches."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol


class Store(Protocol):
    """What the state needs of a store. One contract suite runs on every implementation."""

    def get(self, key: bytes) -> bytes | None:
        """The value held under the key, or None."""
        ...

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values held under the keys, in their order."""
        ...

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Rows with start ≤ key < end in the order of their keys, as they stood when the scan began."""
        ...

    def write(self, rows: Mapping[bytes, bytes | None]) -> None:
        """All rows become true together, or none does; None removes a row."""
        ...

    def size_bytes(self) -> int:
        """About how much room the rows take."""
        ...

    def close(self) -> None:
        """No call may follow."""
        ...


class MemoryStore:
    """The store as a test double: the same promises, nothing on disk."""

    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self._rows.get(key) for key in keys]

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        keys = self._keys[bisect_left(self._keys, start) : bisect_left(self._keys, end)]
        return iter([(key, self._rows[key]) for key in keys])

    def write(self, rows: Mapping[bytes, bytes | None]) -> None:
        for key, value in rows.items():
            if value is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = value
        self._keys = sorted(self._rows)

    def size_bytes(self) -> int:
        return sum(len(key) + len(value) for key, value in self._rows.items())

    def close(self) -> None:
        pass
