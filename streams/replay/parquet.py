"""Parquet: rows with the columns of the contract's events, each as the line of JSON that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa
from msgspec import DecodeError, Raw
from msgspec import json as msgspec_json
from pyarrow.parquet import ParquetFile

_ROWS: Final = 2_048
_JSON_COLUMNS: Final = frozenset({"dimensions", "properties", "attributes", "changes", "tags", "add", "remove"})

Cell = Callable[[Any], Any]


def numbered_rows(file: ParquetFile) -> Iterator[tuple[int, bytes]]:
    """Yield (row number from 1, the row as compact JSON); a null, also within a struct, is an absent field.

    Objects and lists may be nested or JSON text, instants text or timestamps, days text or dates, `value` text or a
    decimal. A null that says something, as in `changes`, needs JSON text. What has no counterpart in the contract's
    JSON is passed on as it is, and refused there with its reason.
    """
    number = 0
    for batch in file.iter_batches(batch_size=_ROWS):
        names = batch.schema.names
        columns = [_cells(name, batch.column(index)) for index, name in enumerate(names)]
        for cells in zip(*columns, strict=True):
            number += 1
            row = {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
            yield number, msgspec_json.encode(row)


def _cells(name: str, column: pa.Array) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        # Digits beyond the microsecond are cut (contract, section 1); Python's datetimes hold no more.
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
        return _each(_instant, column)
    if pa.types.is_nested(column.type):
        return _each(_without_nulls, column)
    if name in _JSON_COLUMNS:
        return _each(_embedded, column)
    return list(column.to_pylist())


def _each(convert: Cell, column: pa.Array) -> list[Any]:
    return [None if cell is None else convert(cell) for cell in column.to_pylist(maps_as_pydicts="strict")]


def _instant(at: datetime) -> str:
    # Without a zone it stays without an offset, and is refused like any such text.
    return at.isoformat() if at.tzinfo is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _without_nulls(cell: Any) -> Any:
    """Structs hold every field that any row has: a null there says that this row has it not."""
    if isinstance(cell, dict):
        return {name: _without_nulls(value) for name, value in cell.items() if value is not None}
    if isinstance(cell, list):
        return [_without_nulls(value) for value in cell]
    return cell


def _embedded(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    try:
        msgspec_json.decode(cell, type=Raw)
    except (DecodeError, UnicodeEncodeError):
        return cell
    return Raw(cell)
