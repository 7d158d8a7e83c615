"""`evenhand export`: the whole read model as Parquet, for DuckDB, polars or a warehouse."""

from __future__ import annotations

from pathlib import Path

import click

from projections.queries.database import reading


@click.command(name="export")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--db", envvar="EVENHAND_DATABASE_URL", metavar="FILE|URL", default="evenhand.db", show_default=True,
              help="The read model: a SQLite file, or postgresql://user@host/database.")  # fmt: skip
@click.option("--replace", envvar="EVENHAND_EXPORT_REPLACE", is_flag=True, help="Take the place of a former export.")
def command(folder: Path, db: str, replace: bool) -> None:
    """Write the read model into DIR as Parquet files, one folder a table and in it one a day (hive style, UTC).

    DIR appears when everything is written. manifest.json lists the tables, their columns and files.
    """
    from cli.tables import print_table
    from projections.export.folder import export

    with reading(db) as connection:
        manifest = export(connection, folder, replace=replace)
    rows = [(table["name"], table["rows"], len(table["files"])) for table in manifest["tables"]]
    print_table("Tables", ("table", "rows", "files"), rows, frozenset())
    click.echo(f"\nWritten to {folder}")
