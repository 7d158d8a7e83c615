"""The read model in PostgreSQL: rows come by COPY, are found by their keys in bulk, and one lock a partition."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg.types.string import TextLoader
from sqlalchemy import JSON, URL, Engine, Table, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from projections import tables
from projections.writing.postgres_schema import LOCKS, Lock, drop_schema, prepare_schema, swap_schemas, views_of_others
from projections.writing.rows import DatabaseAwayError, DatabaseRefusedError, ReadModel, Row, Rows
from projections.writing.sql import adding, column_names, matched, quoted

_AS_TEXT: Final = ("json", "jsonb", "timestamptz", "date")
_DIALECT: Final = make_url("postgresql://").get_dialect()()
_PATIENCE_S: Final = 5
_PASSING: Final = ("starting up", "shutting down", "in recovery mode", "too many clients", "connection slots")
_OF_IDS_ALONE: Final = frozenset(
    table.name
    for table in (
        tables.TOUCHPOINTS,
        tables.CONVERSIONS,
        tables.CREDIT_BY_TOUCHPOINT,
        tables.CREDIT_BY_DIMENSION,
        tables.SHADOW_CREDITS,
        tables.SHADOW_CREDIT_BY_TOUCHPOINT,
        tables.SHADOW_CREDIT_BY_DIMENSION,
    )
)
"""Ids hold no NUL, which PostgreSQL's text cannot hold; the text of other tables has to be looked through."""
_NUL_IN_JSON: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_REPLACEMENT: Final = "\ufffd"


class PostgresRows:
    """A transaction on the tables of a schema."""

    def __init__(self, connection: psycopg.Connection[Any], schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def fetch(self, table: Table, columns: Sequence[str], by: Sequence[str], keys: Collection[Row]) -> list[Row]:
        if not keys:
            return []
        wanted = ", ".join(f't."{name}"' for name in columns)
        source = f"{_keys(table, by)} JOIN {self._named(table)} AS t ON {matched('t', 'k', by)}"
        return self._connection.execute(f"SELECT {wanted} FROM {source}".encode(), _columns(keys)).fetchall()

    def delete(self, table: Table, by: Sequence[str], keys: Collection[Row]) -> None:
        if keys:
            condition = f"USING {_keys(table, by)} WHERE {matched('t', 'k', by)}"
            self._connection.execute(f"DELETE FROM {self._named(table)} AS t {condition}".encode(), _columns(keys))

    def insert(self, table: Table, rows: Collection[Row]) -> None:
        if not rows:
            return
        statement = f"COPY {self._named(table)} ({quoted(column_names(table))}) FROM STDIN"
        found = rows if table.name in _OF_IDS_ALONE else _without_nul(table, rows)
        with self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            write = copy.write_row
            for row in found:
                write(row)

    def add(self, table: Table, rows: Collection[Row]) -> None:
        if rows:
            names = column_names(table)
            statement = f"INSERT INTO {self._named(table)} AS t SELECT * FROM {_keys(table, names)} {adding(table)}"
            self._connection.execute(statement.encode(), _columns(rows))

    def run(self, statement: str, values: Row = ()) -> list[Row]:
        cursor = self._connection.execute(statement.replace("?", "%s").encode(), values)
        return cursor.fetchall() if cursor.description else []

    def _named(self, table: Table) -> str:
        return f'"{self._schema}"."{table.name}"'


class PostgresReadModel:
    """The read model in a schema: the first of the user's search path, or a named one."""

    def __init__(self, url: URL, schema: str | None = None) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self._named_schema = schema
        self._engine: Engine = create_engine(
            self._url, poolclass=NullPool, connect_args={"connect_timeout": _PATIENCE_S, "application_name": "evenhand"}
        )
        self._connection: psycopg.Connection[Any] | None = None

    def prepare(self) -> None:
        with self._faults_told():
            prepare_schema(self._engine, self.schema)

    @contextmanager
    def writing(self, partitions: Collection[int]) -> Iterator[Rows]:
        with self._faults_told():
            connection = self._connected()
            with connection.transaction():
                locks = [(LOCKS, partition) for partition in sorted(partitions)]
                connection.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", (LOCKS, Lock.EVERYTHING))
                connection.execute(f'SET LOCAL search_path TO "{self.schema}"'.encode())
                for lock in locks:
                    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", lock)
                yield PostgresRows(connection, self.schema)

    def beside(self) -> ReadModel:
        schema = f"{self.schema}_rebuild"
        with self._faults_told():
            drop_schema(self._engine, schema, create=True)
        other = PostgresReadModel(self._url, schema)
        other.prepare()
        return other

    def views_of_others(self) -> Sequence[str]:
        with self._faults_told():
            return views_of_others(self._engine, self.schema)

    def take_place_of(self, former: ReadModel) -> None:
        assert isinstance(former, PostgresReadModel)
        with self._faults_told():
            swap_schemas(self._engine, self.schema, former.schema)
        self.close()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    @property
    def schema(self) -> str:
        """Where the tables stand."""
        if self._named_schema is None:
            found = self._connected().execute("SELECT current_schema()").fetchone()
            if found is None or found[0] is None:
                raise DatabaseRefusedError(
                    f"{self}: this user's search_path names no schema that exists; set it, or add "
                    "?options=-csearch_path%3DNAME to EVENHAND_DATABASE_URL"
                )
            self._named_schema = str(found[0])
            self._connected().rollback()
        return self._named_schema

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            made: Any = self._engine.raw_connection()
            connection: psycopg.Connection[Any] = made.driver_connection
            made.detach()
            for kind in _AS_TEXT:
                connection.adapters.register_loader(kind, TextLoader)
            # Keys are few beside the rows of a table: each is looked up, whatever the statistics of a table say that
            # is being filled.
            for joined_otherwise in ("hashjoin", "mergejoin", "seqscan"):
                connection.execute(f"SET enable_{joined_otherwise} = off".encode())
            connection.execute("SET TimeZone = 'UTC'")
            connection.commit()
            self._connection = connection
        return self._connection

    @contextmanager
    def _faults_told(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, psycopg.Error) as error:
            self.close()
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise self._told(cause) from error

    def _told(self, cause: BaseException | None) -> BaseException:
        said = " ".join(str(cause).split()).partition(" Is the server running")[0].removeprefix("connection failed: ")
        if isinstance(cause, psycopg.errors.InsufficientPrivilege):
            return DatabaseRefusedError(f"{self} does not let this user do that ({said}): grant it")
        if not isinstance(cause, psycopg.OperationalError):
            assert cause is not None
            return cause
        if "FATAL" in said and not any(words in said for words in _PASSING) and "terminating" not in said:
            return DatabaseRefusedError(f"{self} lets nobody in ({said}): check EVENHAND_DATABASE_URL")
        return DatabaseAwayError(f"{self} does not answer ({said}): start it, or set EVENHAND_DATABASE_URL")

    def __str__(self) -> str:
        where = self._url.host or "the local socket"
        return f"PostgreSQL at {where}{f':{self._url.port}' if self._url.port else ''}/{self._url.database or ''}"


def _keys(table: Table, by: Sequence[str]) -> str:
    kinds = [table.columns[name].type.compile(dialect=_DIALECT).partition(" ")[0] for name in by]
    return f"unnest({', '.join(f'%s::{kind}[]' for kind in kinds)}) AS k({quoted(by)})"


def _columns(keys: Collection[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*keys, strict=True)]


def _without_nul(table: Table, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows with U+FFFD in the place of U+0000, which in JSON is written as an escape."""
    of_json = [isinstance(column.type, JSON) for column in table.columns]
    for row in rows:
        yield tuple(
            _spelt(value, json) if isinstance(value, str) else value for value, json in zip(row, of_json, strict=True)
        )


def _spelt(text: str, json: bool) -> str:
    if json:
        return _NUL_IN_JSON.sub(rf"\1{_REPLACEMENT}", text) if "\\u0000" in text else text
    return text.replace("\x00", _REPLACEMENT)
