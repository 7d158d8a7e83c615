"""The page about the read model, generated: `python -m projections.read_model_page > docs/reference/read-model.md`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, make_url

from projections.tables import METADATA
from projections.views import VIEWS

HEAD: Final = """\
# The read model

<!-- Generated from projections/tables.py: python -m projections.read_model_page > docs/reference/read-model.md -->

What analysts query: `evenhand.db`, which `evenhand replay` writes, is these tables and views in SQLite. The same events
and catalogue give the same rows.

- An instant is text of fixed width in SQLite, `2023-07-05T11:00:00.000000Z`, which sorts as time does and which its
  date functions take; in PostgreSQL it is a `timestamptz`.
- Money is whole minor units (pennies) with the conversion's currency; `currencies` says how many make a unit. The views
  show decimals. Amounts of several currencies are never added up.
"""

VIEWS_HEAD: Final = """
## Views

In both databases. Amounts are decimals: text in SQLite, which has no such type, `numeric` in PostgreSQL.

| view | columns | meaning |
| --- | --- | --- |
"""
COLUMNS: Final = "| column | SQLite | PostgreSQL | meaning |\n| --- | --- | --- | --- |\n"
DIALECTS: Final = [make_url(url).get_dialect()() for url in ("sqlite://", "postgresql://")]


def read_model_page() -> str:
    """Give the page as Markdown: every table with its columns and indexes, then the views."""
    tables = "".join(_table(METADATA.tables[name]) for name in METADATA.tables)
    views = "".join(f"| `{name}` | {', '.join(view.columns)} | {view.comment} |\n" for name, view in VIEWS.items())
    return f"{HEAD}{tables}{VIEWS_HEAD}{views}"


def _table(table: Table) -> str:
    rows = "".join(_row(column) for column in table.columns)
    indexes = "".join(_index(index) for index in sorted(table.indexes, key=lambda index: str(index.name)))
    key = ", ".join(column.name for column in table.primary_key)
    return f"\n## {table.name}\n\n{table.comment}\n\n{COLUMNS}{rows}\n- primary key ({key})\n{indexes}"


def _index(index: Index) -> str:
    kind = "unique index" if index.unique else "index"
    return f"- {kind} `{index.name}` ({', '.join(column.name for column in index.columns)})\n"


def _row(column: Column[object]) -> str:
    kinds = [column.type.compile(dialect=dialect).lower() for dialect in DIALECTS]
    null = " May be null." if column.nullable else ""
    return f"| `{column.name}` | {' | '.join(kinds)} | {column.comment}{null} |\n"


if __name__ == "__main__":
    print(read_model_page(), end="")
