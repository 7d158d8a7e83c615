"""Schemas of PostgreSQL: a read model's tables are made in one, and change places with another's in one step."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from projections.migrations import prepare_tables
from projections.tables import METADATA
from projections.views import VIEWS

LOCKS: Final = 0x45_56_48
"""The first half of our advisory locks (EVH); the second is a partition, or one of `Lock`."""


class Lock(IntEnum):
    """Advisory locks beside those of the partitions."""

    EVERYTHING = -1
    SCHEMA = -2


def prepare_schema(engine: Engine, schema: str) -> None:
    """The schema has the tables and views of this release; whoever comes second waits."""
    with engine.begin() as connection:
        _lock(connection, Lock.SCHEMA)
        _look_into(connection, schema)
        prepare_tables(connection)


def drop_schema(engine: Engine, schema: str, *, create: bool) -> None:
    """The schema is gone, or there and empty."""
    with engine.begin() as connection:
        connection.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
        if create:
            connection.execute(text(f'CREATE SCHEMA "{schema}"'))


def swap_schemas(engine: Engine, new: str, old: str) -> None:
    """What stands in `new` stands in `old`, for all readers at once; what stood there, and `new`, are gone."""
    former = f"{old}_former"
    drop_schema(engine, former, create=True)
    with engine.begin() as connection:
        _lock(connection, Lock.EVERYTHING)
        for source, target in ((old, former), (new, old)):
            for kind, name in _ours(connection, source):
                connection.execute(text(f'ALTER {kind} "{source}"."{name}" SET SCHEMA "{target}"'))
    # Only now: whoever reads the former tables must be able to end.
    drop_schema(engine, former, create=False)
    drop_schema(engine, new, create=False)


def views_of_others(engine: Engine, schema: str) -> list[str]:
    """The views, wherever they stand, that others made of the tables and views of a schema."""
    with engine.begin() as connection:
        ours = [name for _, name in _ours(connection, schema)]
        return list(connection.execute(_LOOKING_AT, {"schema": schema, "ours": ours}).scalars())


_LOOKING_AT: Final = text(
    """SELECT DISTINCT format('%I.%I', of_view.nspname, view.relname) AS name
       FROM pg_depend AS d
       JOIN pg_rewrite AS rule ON d.classid = 'pg_rewrite'::regclass AND rule.oid = d.objid
       JOIN pg_class AS view ON view.oid = rule.ev_class
       JOIN pg_namespace AS of_view ON of_view.oid = view.relnamespace
       JOIN pg_class AS seen ON d.refclassid = 'pg_class'::regclass AND seen.oid = d.refobjid
       JOIN pg_namespace AS of_seen ON of_seen.oid = seen.relnamespace
       WHERE of_seen.nspname = :schema AND seen.relname = ANY(:ours)
         AND NOT (of_view.nspname = :schema AND view.relname = ANY(:ours))
       ORDER BY name"""
)


def _ours(connection: Connection, schema: str) -> list[tuple[str, str]]:
    found = inspect(connection)
    views = [("VIEW", name) for name in found.get_view_names(schema) if name in VIEWS]
    known = {*METADATA.tables, "alembic_version"}
    return views + [("TABLE", name) for name in sorted(found.get_table_names(schema)) if name in known]


def _lock(connection: Connection, lock: Lock) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:locks, :lock)"), {"locks": LOCKS, "lock": int(lock)})


def _look_into(connection: Connection, schema: str) -> None:
    connection.execute(text(f'SET LOCAL search_path TO "{schema}"'))
