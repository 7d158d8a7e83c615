"""Migrations make what the tables are declared to be, in both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect

from projections.migrations import prepare_tables, upgrade
from projections.tables import METADATA
from projections.writing.rows import ForeignTablesError

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(params=DATABASES)
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """To an empty database."""
    of_postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if of_postgres else f"sqlite:///{tmp_path / 'read-model.db'}"
    engine = create_engine(url)
    with engine.connect() as connected:
        yield connected
    engine.dispose()


def test_migrations_and_declared_tables_agree(connection: Connection) -> None:
    upgrade(connection)

    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _but_the_version})
    differences = [found for found in compare_metadata(context, METADATA) if "comment" not in str(found[0])]
    assert differences == []


def test_keys_and_nulls_are_as_declared(connection: Connection) -> None:
    upgrade(connection)

    found = inspect(connection)
    for name, table in METADATA.tables.items():
        assert found.get_pk_constraint(name)["constrained_columns"] == [column.name for column in table.primary_key]
        declared = {column.name: column.nullable for column in table.columns}
        assert {column["name"]: column["nullable"] for column in found.get_columns(name)} == declared


def test_a_second_time_changes_nothing(connection: Connection) -> None:
    prepare_tables(connection)
    before = connection.exec_driver_sql("SELECT * FROM meta ORDER BY name").fetchall()

    prepare_tables(connection)

    assert connection.exec_driver_sql("SELECT * FROM meta ORDER BY name").fetchall() == before


def test_tables_that_no_migration_made_are_left_alone(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE touchpoints (mine text)")

    with pytest.raises(ForeignTablesError, match=r"tables that `evenhand project` did not make \(touchpoints\)"):
        prepare_tables(connection)


def _but_the_version(_object: object, name: str | None, *_: object) -> bool:
    return name != "alembic_version"
