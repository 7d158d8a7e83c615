"""Pieces of SQL that every database takes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table


def quoted(names: Sequence[str]) -> str:
    """Column names in a list; some, like `offset`, are words of SQL."""
    return ", ".join(f'"{name}"' for name in names)


def matched(left: str, right: str, names: Sequence[str]) -> str:
    """A condition: the two tables, by their aliases, agree on these columns."""
    return " AND ".join(f'{left}."{name}" = {right}."{name}"' for name in names)


def column_names(table: Table) -> list[str]:
    """In the order of a row."""
    return [column.name for column in table.columns]


def adding(table: Table) -> str:
    """The end of an INSERT INTO … AS t: a row whose key is there already is added to it, column by column."""
    key = [column.name for column in table.primary_key]
    counted = [name for name in column_names(table) if name not in key]
    sums = ", ".join(f'"{name}" = t."{name}" + excluded."{name}"' for name in counted)
    return f"ON CONFLICT ({quoted(key)}) DO UPDATE SET {sums}"
