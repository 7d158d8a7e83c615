"""The port to a database: a transaction on the read model's tables, and what may go wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Table

from config.errors import BrokenEnvironmentError, UsageError

Row: TypeAlias = tuple[Any, ...]
"""Plain values: instants and days as the read model's text, objects as JSON text, truth as 0 or 1."""


class DatabaseAwayError(BrokenEnvironmentError):
    """The database does not answer, now. A command gives up; a projector waits."""


class DatabaseRefusedError(BrokenEnvironmentError):
    """Whoever runs the database must act: it lets nobody in, or will not do as asked."""


class ForeignTablesError(UsageError):
    """The caller named a database with tables that no projector made."""


class ViewsOfOthersError(UsageError):
    """The caller must say so if views that others made may be dropped."""


class Rows(Protocol):
    """The tables within one transaction, which nobody else writes to."""

    def fetch(self, table: Table, columns: Sequence[str], by: Sequence[str], keys: Collection[Row]) -> list[Row]:
        """These columns of the rows whose columns `by` (ids and numbers) are one of `keys`, in any order."""
        ...

    def delete(self, table: Table, by: Sequence[str], keys: Collection[Row]) -> None:
        """Those rows are gone."""
        ...

    def insert(self, table: Table, rows: Collection[Row]) -> None:
        """These rows, whole and of new keys, are there."""
        ...

    def add(self, table: Table, rows: Collection[Row]) -> None:
        """What these rows, each of another key, count is added to what the table's rows of those keys count."""
        ...

    def run(self, statement: str, values: Row = ()) -> list[Row]:
        """Run SQL that every database takes, with `?` for each value; the rows that it gives, if it gives any."""
        ...


class ReadModel(Protocol):
    """A database with the read model's tables. Raises DatabaseAwayError from everything that needs it."""

    def prepare(self) -> None:
        """All tables and views are there as this release has them; several may ask at once.

        Raises:
            ForeignTablesError: there are tables that no projector made.
            DatabaseRefusedError: it lets nobody in, or will not do as asked.
        """
        ...

    def writing(self, partitions: Collection[int]) -> AbstractContextManager[Rows]:
        """A transaction that alone writes the rows of these partitions' contacts; committed when all went well."""
        ...

    def beside(self) -> ReadModel:
        """An empty read model beside this one, prepared; what a former one has left there is gone."""
        ...

    def views_of_others(self) -> Sequence[str]:
        """The names of views that others made of these tables, or beside them: a rebuild drops them."""
        ...

    def take_place_of(self, former: ReadModel) -> None:
        """This one, made by `beside`, is the read model now; readers have seen the former until then."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
