"""The read model in a SQLite file that several programs write to and read."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import Table, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from projections.migrations import prepare_tables
from projections.sqlite import insert_statement
from projections.views import VIEWS
from projections.writing.rows import DatabaseAwayError, DatabaseRefusedError, ReadModel, Row, Rows
from projections.writing.sql import adding, quoted

_PATIENCE_S: Final = 30.0
_PASSING: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL}


class SqliteRows:
    """A transaction on a file's tables."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def fetch(self, table: Table, columns: Sequence[str], by: Sequence[str], keys: Collection[Row]) -> list[Row]:
        statement = f"SELECT {quoted(columns)} FROM {table.name} WHERE {_equal(by)}"
        execute = self._connection.execute
        return [row for key in set(keys) for row in execute(statement, key)]

    def delete(self, table: Table, by: Sequence[str], keys: Collection[Row]) -> None:
        self._connection.executemany(f"DELETE FROM {table.name} WHERE {_equal(by)}", keys)

    def insert(self, table: Table, rows: Collection[Row]) -> None:
        self._connection.executemany(insert_statement(table), rows)

    def add(self, table: Table, rows: Collection[Row]) -> None:
        places = ", ".join("?" * len(table.columns))
        self._connection.executemany(f"INSERT INTO {table.name} AS t VALUES ({places}) {adding(table)}", rows)

    def run(self, statement: str, values: Row = ()) -> list[Row]:
        return self._connection.execute(statement, values).fetchall()


class SqliteReadModel:
    """The read model in a file. Readers wait while a transaction is committed, never longer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None

    def prepare(self) -> None:
        with self._faults_told():
            with closing(_opened(self.path)) as connection:
                connection.execute("PRAGMA journal_mode = DELETE")  # a file that a rebuild replaces can have no WAL
            engine = create_engine(f"sqlite:///{self.path}", poolclass=NullPool, connect_args={"timeout": _PATIENCE_S})
            with engine.connect() as making:
                making.exec_driver_sql("BEGIN IMMEDIATE")
                prepare_tables(making)
                making.commit()

    @contextmanager
    def writing(self, partitions: Collection[int]) -> Iterator[Rows]:
        with self._faults_told():
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteRows(connection)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def beside(self) -> ReadModel:
        path = self.path.with_name(f"{self.path.name}.rebuild")
        with self._faults_told():
            for left in (path, path.with_name(f"{path.name}-journal")):
                left.unlink(missing_ok=True)
        other = SqliteReadModel(path)
        other.prepare()
        return other

    def views_of_others(self) -> Sequence[str]:
        with self._faults_told(), closing(_opened(self.path)) as connection:
            found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
            return [name for (name,) in found if name not in VIEWS]

    def take_place_of(self, former: ReadModel) -> None:
        assert isinstance(former, SqliteReadModel)
        self.close()
        with self._faults_told(), closing(_opened(former.path)) as old:
            old.execute("BEGIN EXCLUSIVE")  # whoever writes to it has ended, and finds afterwards that it has moved
            self.path.replace(former.path)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> sqlite3.Connection:
        inode = self.path.stat().st_ino
        if self._connection is None or inode != self._inode:
            self.close()
            self._connection, self._inode = _opened(self.path), inode
        return self._connection

    @contextmanager
    def _faults_told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError, DBAPIError) as error:
            self.close()
            cause = error.orig if isinstance(error, DBAPIError) else error
            code = getattr(cause, "sqlite_errorcode", None)
            if isinstance(cause, sqlite3.Error) and (code is None or code & 0xFF == sqlite3.SQLITE_ERROR):
                raise cause  # noqa: B904 (a bug in our SQL, as it is)
            if code is not None and code & 0xFF in _PASSING:
                raise DatabaseAwayError(f"{self.path} cannot be written now ({cause}): see who holds it") from error
            raise DatabaseRefusedError(
                f"{self.path} cannot be used ({cause}): check the file and its folder"
            ) from error

    def __str__(self) -> str:
        return str(self.path)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_S)
    connection.execute("PRAGMA secure_delete = ON")  # what an erasure removes is overwritten
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def _equal(names: Sequence[str]) -> str:
    return " AND ".join(f'"{name}" = ?' for name in names)
