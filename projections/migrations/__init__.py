"""The read model's tables from one release to the next: Alembic's migrations, and who carries them out."""

from __future__ import annotations

import hashlib
import uuid
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, select, text

from projections.tables import META, METADATA
from projections.views import VIEWS, view_statements
from projections.writing.rows import ForeignTablesError

VERSION_TABLE: Final = "alembic_version"
IDENTITY: Final = "read_model_id"
"""The name in `meta` of an id of the read model's own, the same for all who write to it."""
_VIEWS_MADE: Final = "views"


def prepare_tables(connection: Connection) -> None:
    """Tables and views are there as this release has them, made or migrated.

    Raises:
        ForeignTablesError: there are tables of these names that no migration made.
    """
    found = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in found and found & set(METADATA.tables):
        raise ForeignTablesError(
            f"{connection.engine.url.render_as_string()} holds tables that `evenhand project` did not make "
            f"({', '.join(sorted(found & set(METADATA.tables)))}): name an empty database in EVENHAND_DATABASE_URL"
        )
    upgrade(connection)
    noted = {str(name): str(value) for name, value in connection.execute(select(META.c.name, META.c.value))}
    if IDENTITY not in noted:
        connection.execute(META.insert(), {"name": IDENTITY, "value": uuid.uuid4().hex})
    _make_views(connection, noted.get(_VIEWS_MADE))


def upgrade(connection: Connection) -> None:
    """All migrations that are still to come are carried out, within the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", "projections:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _make_views(connection: Connection, made: str | None) -> None:
    statements = view_statements(connection.dialect.name)
    wanted = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    if made == wanted:
        return
    cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
    for name in VIEWS:
        connection.execute(text(f"DROP VIEW IF EXISTS {name}{cascade}"))
    for statement in statements:
        connection.exec_driver_sql(
            statement.replace("%", "%%") if connection.dialect.name == "postgresql" else statement
        )
    connection.execute(META.delete().where(META.c.name == _VIEWS_MADE))
    connection.execute(META.insert(), {"name": _VIEWS_MADE, "value": wanted})
