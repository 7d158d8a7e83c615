"""Alembic's entry: the migrations run on the connection that they are given, within its transaction."""

from alembic import context

from projections.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
