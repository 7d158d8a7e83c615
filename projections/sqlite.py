"""The read model as a SQLite file, written once and whole: rows in bulk, indexes at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from projections.queries.sums_by_day import sum_statements
from projections.tables import METADATA
from projections.views import view_statements

Row = tuple[Any, ...]

_DIALECT: Final = sqlite.dialect()
_ROWS: Final = 4_096
# Written and read in long runs; 8 KiB pages took a third less time than the default 4 and than 16.
_PAGE_BYTES: Final = 8_192
_CACHE_KIB: Final = 48 * 1024


class SqliteWriter:
    """A new read model in a file of its own. Nothing may read it before `finish`; on any error, throw the file away."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        execute = self._connection.execute
        execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        # A half-written file is thrown away, never mended: neither journal nor sync before the end.
        execute("PRAGMA journal_mode = OFF")
        execute("PRAGMA synchronous = OFF")
        execute("PRAGMA locking_mode = EXCLUSIVE")
        # Indexes are sorted on disk: on the one that was chosen for the file, not where the machine keeps such things.
        self._sort_in(str(path.parent))
        execute("BEGIN")
        self._statements: dict[str, str] = {}
        self._waiting: dict[str, list[Row]] = {}
        for table in METADATA.sorted_tables:
            execute(str(CreateTable(table).compile(dialect=_DIALECT)))
            self._statements[table.name] = insert_statement(table)
            self._waiting[table.name] = []

    def write(self, table: Table, rows: Collection[Row]) -> None:
        """Add rows, given as the table's columns in their order; quickest in the order of the primary key."""
        waiting = self._waiting[table.name]
        waiting += rows
        if len(waiting) >= _ROWS:
            self._connection.executemany(self._statements[table.name], waiting)
            waiting.clear()

    def execute(self, statement: str, values: Row = ()) -> None:
        """Change what was written before."""
        self._flush()
        self._connection.execute(statement, values)

    def execute_many(self, statement: str, rows: Iterable[Row]) -> None:
        """Change what was written before, once with each row of values."""
        self._flush()
        self._connection.executemany(statement, rows)

    def finish(self) -> None:
        """Make indexes and views, and close the file: it is whole from here on."""
        self._flush()
        execute = self._connection.execute
        for statement in sum_statements("sqlite"):
            execute(statement)
        for table in METADATA.sorted_tables:
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                execute(str(CreateIndex(index).compile(dialect=_DIALECT)))
        for statement in view_statements("sqlite"):
            execute(statement)
        execute("COMMIT")
        # Query planners need to know that a dimension has few values; sampling is enough for that.
        execute("PRAGMA analysis_limit = 1000")
        execute("ANALYZE")
        self.close()

    def close(self) -> None:
        """Let go of the file, whole or not."""
        with suppress(sqlite3.ProgrammingError):  # it is closed already
            self._sort_in("")
        self._connection.close()

    def _sort_in(self, folder: str) -> None:
        self._connection.execute("PRAGMA temp_store_directory = '{}'".format(folder.replace("'", "''")))

    def _flush(self) -> None:
        for name, waiting in self._waiting.items():
            if waiting:
                self._connection.executemany(self._statements[name], waiting)
                waiting.clear()


def insert_statement(table: Table) -> str:
    """SQL that inserts a whole row."""
    return f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.columns))})"
