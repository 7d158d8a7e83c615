"""`evenhand replay` that writes its files but fills no read model, to see what the read model costs."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from cli.main import main
from streams.replay import run


class NoReadModel:
    """Takes what a read model would be told, and keeps none of it."""

    def __init__(self, path: Path) -> None:
        path.touch()

    def write(self, table: Any, rows: Collection[Any]) -> None:
        """Rows were added."""

    def execute(self, statement: str, values: Any = ()) -> None:
        """Rows were changed."""

    def execute_many(self, statement: str, rows: Iterable[Any]) -> None:
        """Rows were changed."""

    def finish(self) -> None:
        """The file is whole."""

    def close(self) -> None:
        """The file is closed."""


if __name__ == "__main__":
    run.SqliteWriter = NoReadModel  # type: ignore[attr-defined,assignment]
    sys.exit(main(sys.argv[1:]))
