"""A worker that dies at a chosen step as if it were killed there: `python -m tests.live.crashing STEP worker`.

It takes small chunks in small transactions, so that a short log has many steps to die at.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from functools import wraps
from itertools import count
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from cli.main import main
from streams.live import chunks, publisher, takeover
from streams.live.publisher import Publisher
from streams.live.tenure import Tenure
from streams.rocks import RocksStore
from streams.snapshots.shelf import Shelf
from streams.snapshots.store import SnapshotStore
from streams.state import PartitionState

CRASHED: Final = 86
RECORDS, BYTES = 150, 1_000


def die() -> None:
    """End at once: nothing is flushed, closed or said goodbye to."""
    os._exit(CRASHED)


def after(owner: Any, name: str, nth: int = 1, when: Callable[[Any], bool] = lambda _: True) -> None:
    """Die when the function has returned the nth time with such a result."""
    calls = count(1)

    def look(result: Any) -> Any:
        if when(result) and next(calls) == nth:
            die()
        return result

    _wrap(owner, name, lambda: None, look)


def before(owner: Any, name: str, nth: int = 1) -> None:
    """Die when the function is called the nth time."""
    calls = count(1)
    _wrap(owner, name, lambda: die() if next(calls) == nth else None, lambda result: result)


def between_transactions(nth: int = 2) -> None:
    """Die when the nth chunk that has something to say has ended its first transaction and begins the second."""
    chunk = {"number": 0, "transactions": 0}

    def next_chunk() -> None:
        chunk.update(number=chunk["number"] + 1, transactions=0)

    def next_transaction() -> None:
        chunk["transactions"] += 1
        if chunk["number"] >= nth and chunk["transactions"] == 2:
            die()

    _wrap(Publisher, "publish", next_chunk, lambda result: result)
    _wrap(AIOKafkaProducer, "begin_transaction", next_transaction, lambda result: result)


STEPS: Final[dict[str, Callable[[], None]]] = {
    "fetched": lambda: after(chunks, "fetch_through", 3, when=bool),
    "decided": lambda: after(Tenure, "decide", 5, when=bool),
    "transaction begun": lambda: after(AIOKafkaProducer, "begin_transaction", 4),
    "records sent": lambda: before(AIOKafkaProducer, "commit_transaction", 5),
    "between two transactions": between_transactions,
    "published": lambda: after(Publisher, "publish", 3),
    "state committed": lambda: after(PartitionState, "commit", 6),
    "checkpoint taken": lambda: after(RocksStore, "checkpoint"),
    "snapshot half uploaded": lambda: after(Shelf, "put_file", 2),
    "snapshot uploaded, not named": lambda: before(Shelf, "add", 2),
    "snapshot saved": lambda: after(SnapshotStore, "save", 2),
    "fenced": lambda: after(Publisher, "start"),
    "reading the ledger": lambda: after(takeover, "dead_letter_identity"),
    "ledger read": lambda: before(takeover, "check_covers"),
    "catching up": lambda: after(PartitionState, "owe_refusal", 2),
    "piece of the catch-up committed": lambda: after(PartitionState, "commit", 7),
    "owed said": lambda: after(Publisher, "publish"),
}


def _wrap(owner: Any, name: str, enter: Callable[[], None], leave: Callable[[Any], Any]) -> None:
    original = getattr(owner, name)

    @wraps(original)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        enter()
        return leave(await original(*args, **kwargs))

    @wraps(original)
    def called(*args: Any, **kwargs: Any) -> Any:
        enter()
        return leave(original(*args, **kwargs))

    setattr(owner, name, awaited if inspect.iscoroutinefunction(original) else called)


def _make_small(owner: Any, name: str, value: int) -> None:
    assert hasattr(owner, name), f"{owner.__name__} has no {name} any more"
    setattr(owner, name, value)


if __name__ == "__main__":
    _make_small(chunks, "MOST_RECORDS", RECORDS)
    _make_small(publisher, "TRANSACTION_BYTES", BYTES)
    _make_small(takeover, "_NOTED_PER_COMMIT", 2)
    _make_small(takeover, "_MOST_RECORDS", 40)
    STEPS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
