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
