"""The read model as its readers open it, whichever database it is in: nothing can be changed through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from projections.reading import NoReadModelError
from projections.writing.database import DatabaseUrlError
from projections.writing.rows import DatabaseAwayError

_DRIVERS: Final = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite"}


@contextmanager
def reading(named: str) -> Iterator[Connection]:
    """A connection that reads one state of the read model, in a SQLite file or at a SQLAlchemy URL.

    Raises:
        DatabaseUrlError: it is no URL of SQLite or PostgreSQL.
        NoReadModelError: there is no such file, or no read model in it.
        DatabaseAwayError: the database does not answer.
    """
    url = _url(named)
    engine = _engine(url)
    try:
        with _faults_told(url), engine.connect() as connection:
            _expect_read_model(connection, url)
            yield connection
    finally:
        engine.dispose()


def _url(named: str) -> URL:
    if "://" not in named:
        return URL.create("sqlite", database=named)
    try:
        url = make_url(named)
        return url.set(drivername=_DRIVERS[url.get_backend_name()])
    except (ArgumentError, KeyError, ValueError) as error:
        raise DatabaseUrlError(
            "the database's URL cannot be understood; write postgresql://user@host:5432/database or sqlite:///file.db"
        ) from error


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        # One state for all that is asked, however long the answer takes to be read.
        return create_engine(url, isolation_level="REPEATABLE READ", connect_args={"options": _READ_ONLY})
    path = Path(url.database or "")
    if not path.is_file():
        raise NoReadModelError(f"{path}: there is no such read model; evenhand replay writes one, --db names it")
    file = URL.create("sqlite", database=path.resolve().as_uri(), query={"mode": "ro", "uri": "true"})
    engine = create_engine(file)
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA query_only = ON"))
    return engine


_READ_ONLY: Final = "-c default_transaction_read_only=on"


def _expect_read_model(connection: Connection, url: URL) -> None:
    missing = {"meta", "conversions", "touchpoints"} - set(inspect(connection).get_table_names())
    if missing:
        raise NoReadModelError(
            f"{_shown(url)}: this is no read model (no table {min(missing)}); evenhand replay or project makes one"
        )


@contextmanager
def _faults_told(url: URL) -> Iterator[None]:
    try:
        yield
    except (OperationalError, NoSuchModuleError) as error:
        if "no such" in str(error):
            raise _of_another_release(url, error) from error
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DatabaseAwayError(f"{_shown(url)}: {said}; check that it runs and lets this user in") from error
    except DatabaseError as error:
        raise _of_another_release(url, error) from error


def _of_another_release(url: URL, error: Exception) -> NoReadModelError:
    said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return NoReadModelError(
        f"{_shown(url)}: this is no read model of this release ({said}); write it anew with evenhand replay, or run "
        "evenhand project, which brings it up to date"
    )


def _shown(url: URL) -> str:
    """Without the password."""
    kind = url.get_backend_name()
    return str(url.database) if kind == "sqlite" else url.set(drivername=kind).render_as_string(hide_password=True)
