"""The read model that a URL names."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from config.errors import UsageError
from projections.writing.postgres import PostgresReadModel
from projections.writing.rows import ReadModel
from projections.writing.sqlite import SqliteReadModel


class DatabaseUrlError(UsageError):
    """The caller named no database that a read model can be in."""


def open_database(url: str) -> ReadModel:
    """The read model at an SQLAlchemy URL; nothing is asked of the database yet.

    Raises:
        DatabaseUrlError: it is no URL, or of neither PostgreSQL nor a SQLite file.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUrlError(
            "EVENHAND_DATABASE_URL is no URL of a database: postgresql://user@host/name or sqlite:///evenhand.db"
        ) from None
    kind = parsed.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return PostgresReadModel(parsed)
    if kind == "sqlite" and parsed.database and parsed.database != ":memory:":
        return SqliteReadModel(Path(parsed.database))
    raise DatabaseUrlError(
        f"EVENHAND_DATABASE_URL names {kind!r}: the read model lives in PostgreSQL (postgresql://user@host/name) or in "
        "a SQLite file (sqlite:///evenhand.db)"
    )
