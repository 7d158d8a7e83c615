"""Parquet files: one answer, or one stretch of a table's rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet

from projections.export.columns import OF_KIND
from projections.queries.answer import Answer

ROWS: Final = 32_768
"""In memory at a time, and in a row group."""


class RowFile:
    """A Parquet file that is written stretch by stretch."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.rows = 0
        self._schema = schema
        self._writer = parquet.ParquetWriter(path, schema, compression="zstd")

    def add(self, arrays: list[Any]) -> None:
        """Add a stretch of rows."""
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        self._writer.write_table(table)
        self.rows += table.num_rows

    def close(self) -> None:
        """The file is whole."""
        self._writer.close()


def write_answer_file(answer: Answer, path: Path) -> None:
    """Write an answer as one Parquet file: instants as UTC timestamps, money as decimals."""
    schema = pa.schema([(column.name, OF_KIND[column.kind]) for column in answer.columns])
    file = RowFile(path, schema)
    try:
        for rows in stretches(answer.rows):
            columns = zip(*rows, strict=True)
            file.add([pa.array(values, kind.type) for values, kind in zip(columns, schema, strict=True)])
    finally:
        file.close()


def stretches(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows in lists of bounded length."""
    remaining = iter(rows)
    while stretch := list(islice(remaining, ROWS)):
        yield stretch
