"""What one partition keeps: rows under the offsets they come from, changed in memory, written in one batch.

Every role's state is one of these. A view sees its own unwritten changes; nothing reaches the store before `commit`,
and then everything does, the input offsets with it (architecture, step 6). After any error the view is thrown away and
opened anew from the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec import Struct, field

from events.refusal import FieldError, Reason, Refusal
from streams.contact import NEVER
from streams.rows import FORMAT_VERSION, META, Origin, instant_bytes, pack
from streams.store import Store


class Meta(Struct):
    """What a partition's state knows of itself. Offsets are the next ones to read; instants in microseconds."""

    format_version: int = FORMAT_VERSION
    cluster_id: str = ""
    topic_ids: dict[str, str] = field(default_factory=dict)
    rules: str = ""
    """The serialised catalogue that the state was made with."""
    offsets: dict[str, int] = field(default_factory=dict)
    output_ends: dict[str, int] = field(default_factory=dict)
    newest_us: dict[str, int] = field(default_factory=dict)
    """Per input topic, the newest accepted event time."""
    restated: int | None = None
    """How often the partition's credits had been restated when this state was begun; None: nobody has looked yet."""
    said_by_others: bool = False
    """Whether there may be rows of what a former owner said of conversions not met yet."""
    deploy: dict[str, list[list[int]]] = field(default_factory=dict)
    """Per input topic, how many of the last records died of what they are: the segments of a `DeployGuard`."""
    waiting: int = 0
    """How many follow-on facts wait for the fact they name."""
    swept_us: int = NEVER
    """The hold up to which the last finished sweep cleaned."""


# Made before any thread needs it: msgspec may crash when two threads build the same one at once.
_decode_meta = msgspec.msgpack.Decoder(Meta).decode
_decode_refusal = msgspec.msgpack.Decoder(tuple[Origin, Reason, tuple[FieldError, ...]]).decode
_REFUSED = b"\0r"


class Kept:
    """The rows of one partition's state, the refusals that are owed, and what the state knows of itself."""

    def __init__(self, store: Store) -> None:
        self.store = store
        row = store.get(META)
        self.meta = _decode_meta(row) if row else Meta()
        self._rows: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """The row of a key as of now."""
        return self._rows[key] if key in self._rows else self.store.get(key)

    def put(self, key: bytes, row: bytes | None) -> None:
        """Change a row; None removes it."""
        self._rows[key] = row

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The rows with start ≤ key < end as of now, in the order of their keys."""
        changed = {key: row for key, row in self._rows.items() if start <= key < end}
        if not changed:
            return self.store.scan(start, end)
        rows: dict[bytes, bytes | None] = {**dict(self.store.scan(start, end)), **changed}
        return iter([(key, row) for key, row in sorted(rows.items()) if row is not None])

    def owe_refusal(self, origin: Origin, refusal: Refusal) -> None:
        """Remember a refusal that must become a dead letter once the state has caught up."""
        key = b"%b%b\0%b" % (_REFUSED, origin.topic.encode(), instant_bytes(origin.offset))
        self._rows[key] = pack((origin, refusal.reason, refusal.errors))

    def owed_refusals(self, most: int | None = None) -> list[tuple[Origin, Refusal]]:
        """The refusals that are owed a dead letter, and no longer so; of the stored ones at most so many."""
        rows = dict(islice(self.store.scan(_REFUSED, _REFUSED + b"\xff"), most))
        rows |= {key: row for key, row in self._rows.items() if key.startswith(_REFUSED) and row is not None}
        self._rows.update(dict.fromkeys(rows))
        return [_refusal_of(row) for _, row in sorted(rows.items())]

    def commit(self) -> None:
        """Write everything that changed since the last commit, in one batch."""
        self._rows[META] = pack(self.meta)
        self.store.write(self._rows)
        self._rows = {}

    def release(self) -> None:
        """Give back what is held in memory; no call may follow."""


def _refusal_of(row: bytes) -> tuple[Origin, Refusal]:
    origin, reason, errors = _decode_refusal(row)
    return origin, Refusal(reason, errors)
