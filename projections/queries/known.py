"""What a read model knows by name, so that a misspelt name is an error and not an empty answer."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, select

from config.errors import UsageError
from projections.tables import CONVERSIONS_BY_DAY, CREDIT_BY_DAY


class UnknownNameError(UsageError):
    """The caller asked for what the read model does not have."""


def expect_dimensions(connection: Connection, names: Iterable[str]) -> None:
    """Raises UnknownNameError for a dimension that nothing is split by, where anything is split at all."""
    _expect(connection, "dimension", CREDIT_BY_DAY.c.dimension, names)


def expect_model(connection: Connection, name: str) -> None:
    """Raises UnknownNameError for a model that nothing was split under, where anything was split at all."""
    _expect(connection, "model", CONVERSIONS_BY_DAY.c.model, [name])


def _expect(connection: Connection, kind: str, column: ColumnElement[str], names: Iterable[str]) -> None:
    known = sorted(connection.execute(select(column).distinct()).scalars())
    unknown = [name for name in names if name not in known]
    if known and unknown:
        raise UnknownNameError(f"the read model has no {kind} {unknown[0]!r}; there are {', '.join(known)}")
