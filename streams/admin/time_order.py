"""Records of several files, each in an order of its own, as one stream in the order in which things happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from streams.admin.production import Outgoing
from streams.replay.sorting import ExternalSort

_BUDGET_BYTES: Final = 128 * 1024 * 1024
_OVERHEAD_BYTES: Final = 250
"""A tuple, two integers and two strings of bytes, beside what the strings hold."""
_AT_ONCE: Final = 1_000

_Entry = tuple[int, int, str, bytes | None, bytes]


def in_order_of_time(records: Iterable[Outgoing], folder: Path) -> Iterator[Outgoing]:
    """The records by `occurred_us`; of those at one instant, the first read comes first.

    All of them are read when this returns. Some 128 MiB are held; what is more goes to `folder`, which must exist.
    """
    order: ExternalSort[_Entry] = ExternalSort(folder, "produce", _BUDGET_BYTES)
    held: list[_Entry] = []
    size = 0
    for sequence, (occurred_us, topic, key, value) in enumerate(records):
        held.append((occurred_us, sequence, topic, key, value))
        size += _OVERHEAD_BYTES + len(value)
        if len(held) == _AT_ONCE:
            order.extend(held, size)
            held, size = [], 0
    order.extend(held, size)
    return (
        Outgoing(occurred_us, topic, key, value)
        for batch in order.batches()
        for occurred_us, _, topic, key, value in batch
    )
