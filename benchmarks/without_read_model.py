"""`evenhand replay` that writes its files but leaves the read model empty, to see what filling it costs."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from typing import Any

from cli.main import main
from projections.sqlite import SqliteWriter
from streams.replay import run


class EmptyReadModel(SqliteWriter):
    """Takes what a read model is told, and keeps none of it."""

    def write(self, table: Any, rows: Collection[Any]) -> None:
        """No rows are added."""

    def execute(self, statement: str, values: Any = ()) -> None:
        """No rows are changed."""

    def execute_many(self, statement: str, rows: Iterable[Any]) -> None:
        """No rows are changed."""


if __name__ == "__main__":
    run.SqliteWriter = EmptyReadModel  # type: ignore[attr-defined]
    sys.exit(main(sys.argv[1:]))
