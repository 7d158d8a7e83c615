"""What a column of the read model is in Parquet, and how its values get there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import pyarrow as pa
from sqlalchemy import ColumnElement, Table, Text, cast, make_url

from projections.queries.answer import Kind
from projections.queries.expressions import instant_us
from projections.queries.money import in_units

INSTANT: Final = pa.timestamp("us", tz="UTC")
MONEY: Final = pa.decimal128(38, 4)
"""Room for every currency's decimals, of which there are four at most, and for sums of any size."""

_POSTGRES: Final = make_url("postgresql://").get_dialect()()
_MINOR: Final = "_minor"


class Exported(NamedTuple):
    """One column of a file, made of the rows' value at a place."""

    name: str
    arrow: pa.DataType
    source: ColumnElement[Any]
    read: Callable[[Any], Any] | None
    """None: the value is right as it is."""
    decimal: bool = False
    """Minor units to be shown in units, by the currency of the row."""


def exported_columns(table: Table) -> list[Exported]:
    """The columns of a table; beside each amount in minor units stands the same as a decimal, without `_minor`."""
    columns = []
    for column in table.columns:
        kind = column.type.compile(dialect=_POSTGRES).partition(" COLLATE")[0]
        arrow, read = _ARROW[kind]
        source = cast(column, Text) if kind == "JSONB" else column
        columns.append(Exported(column.name, arrow, source, read))
        if column.name.endswith(_MINOR):
            columns.append(Exported(column.name.removesuffix(_MINOR), MONEY, column, None, decimal=True))
    return columns


def arrow_schema(columns: Sequence[Exported]) -> pa.Schema:
    """The schema of a file with these columns."""
    return pa.schema([(column.name, column.arrow) for column in columns])


def arrays(columns: Sequence[Exported], rows: Sequence[Sequence[Any]], decimals: Sequence[int] | None) -> list[Any]:
    """Arrow arrays of rows; `decimals` has the exponent of each row's currency."""
    made = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        if column.decimal:
            assert decimals is not None
            amounts = [None if v is None else in_units(v, d) for v, d in zip(values, decimals, strict=True)]
            made.append(pa.array(amounts, column.arrow))
        elif column.read is None:
            made.append(pa.array(values, column.arrow))
        else:
            made.append(pa.array([None if value is None else column.read(value) for value in values], column.arrow))
    return made


def _day(value: str | date) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


_ARROW: Final[dict[str, tuple[pa.DataType, Callable[[Any], Any] | None]]] = {
    "TEXT": (pa.string(), None),
    "JSONB": (pa.string(), None),
    "BOOLEAN": (pa.bool_(), bool),
    "SMALLINT": (pa.int16(), None),
    "INTEGER": (pa.int32(), None),
    "BIGINT": (pa.int64(), None),
    "DATE": (pa.date32(), _day),
    "TIMESTAMP WITH TIME ZONE": (INSTANT, instant_us),
}

OF_KIND: Final = {
    Kind.TEXT: pa.string(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.COUNT: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.MONEY: MONEY,
    Kind.INSTANT: INSTANT,
    Kind.DATE: pa.date32(),
}
