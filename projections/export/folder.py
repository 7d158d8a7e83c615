"""The whole read model as a folder of Parquet files, cut by day; a finished folder, or none."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, null, select

from config.errors import BrokenEnvironmentError, UsageError
from projections.export.columns import Exported, arrays, arrow_schema, exported_columns
from projections.export.days import Source, sources
from projections.export.files import RowFile, stretches
from projections.queries.money import exponents
from projections.tables import META

MANIFEST: Final = "manifest.json"
_FORMAT: Final = 1
_PARTITION: Final = "day"
"""Named by the folders alone: in the files, too, some readers would meet it twice."""
_NO_DAY: Final = "__HIVE_DEFAULT_PARTITION__"
"""What readers of such folders take for null."""


class ExportFolderError(UsageError):
    """The caller named a folder that an export may not take the place of."""


class ExportDiskError(BrokenEnvironmentError):
    """Whoever runs the machine must act: the folder cannot be written."""


def export(connection: Connection, out: Path, *, replace: bool = False) -> dict[str, Any]:
    """Write every table into `out`; what its manifest says is given back.

    A table with a day lies in `TABLE/day=2023-07-05/part-0.parquet`, another in `TABLE/part-0.parquet`. `out` appears
    when all is written. Memory holds some thousand rows, whatever the size.

    Raises:
        ExportFolderError: `out` is there already, and is no export or is not to be replaced.
        ExportDiskError: the disk is full or forbids it.
    """
    with _draft_of(out, replace=replace) as draft:
        decimals = exponents(connection)
        tables = [_write(connection, source, draft, decimals) for source in sources()]
        meta = dict(connection.execute(select(META.c.name, META.c.value).order_by(META.c.name)).all())
        manifest = {"format": _FORMAT, "meta": meta, "tables": tables}
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return manifest


def _write(connection: Connection, source: Source, draft: Path, decimals: Any) -> dict[str, Any]:
    columns = [column for column in exported_columns(source.table) if source.day is None or column.name != _PARTITION]
    with closing(_by_day(connection, source, [column.source for column in columns])) as days:
        files = [_write_day(draft, source, day, rows, columns, decimals) for day, rows in days]
    partitioned = source.day is not None
    if partitioned and len(files) == 1 and _NO_DAY in files[0]["path"]:
        # Readers guess a partition's type from its folders' names, and fail where none is a day.
        files, partitioned = [_unpartitioned(draft, source.table.name, files[0])], False
    return {
        "name": source.table.name,
        "rows": sum(file["rows"] for file in files),
        "partitioned_by": _PARTITION if partitioned else None,
        "columns": {column.name: str(column.arrow) for column in columns},
        "files": files,
    }


def _unpartitioned(draft: Path, table: str, file: dict[str, Any]) -> dict[str, Any]:
    path = draft / str(file["path"])
    whole = path.rename(draft / table / path.name)
    path.parent.rmdir()
    return file | {"path": str(whole.relative_to(draft))}


def _write_day(
    draft: Path, source: Source, day: str | None, rows: Iterator[Any], columns: Sequence[Exported], decimals: Any
) -> dict[str, Any]:
    folder = draft / source.table.name / ("" if source.day is None else f"{_PARTITION}={day or _NO_DAY}")
    folder.mkdir(parents=True)
    file = RowFile(folder / "part-0.parquet", arrow_schema(columns))
    try:
        for stretch in stretches(rows):
            currencies = None if source.currency is None else [decimals[row[1]] for row in stretch]
            file.add(arrays(columns, [row[2:] for row in stretch], currencies))
    finally:
        file.close()
    return {"path": str(file.path.relative_to(draft)), "rows": file.rows, "bytes": file.path.stat().st_size}


def _by_day(
    connection: Connection, source: Source, wanted: list[Any]
) -> Generator[tuple[Any, Iterator[Any]], None, None]:
    """Rows of (day, currency, columns…), a day after the other; one file at least, so that a reader finds columns."""
    named = [null() if each is None else each for each in (source.day, source.currency, *wanted)]
    query = select(*(each.label(f"c{place}") for place, each in enumerate(named))).select_from(source.rows)
    order = [] if source.day is None else [source.day]
    query = query.order_by(*order, *source.table.primary_key.columns)
    with connection.execute(query.execution_options(yield_per=_FETCHED)) as streamed:
        found = False
        for day, rows in groupby(streamed, key=lambda row: row[0]):
            found = True
            yield day, iter(rows)
        if not found:
            yield None, iter(())


_FETCHED: Final = 5_000


@contextmanager
def _draft_of(out: Path, *, replace: bool) -> Iterator[Path]:
    _expect_room(out, replace=replace)
    draft = out.with_name(f".{out.name}.{os.getpid()}.draft")
    former = out.with_name(f".{out.name}.{os.getpid()}.former")
    try:
        draft.mkdir(parents=True)
        yield draft
        if out.exists():
            out.rename(former)
        draft.rename(out)
    except OSError as error:
        raise ExportDiskError(f"{error.filename or out}: {error.strerror}; see to the disk and export again") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)


def _expect_room(out: Path, *, replace: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / MANIFEST).is_file():
        raise ExportFolderError(f"{out}: this is there and no export; name a folder that is not there yet")
    if not replace:
        raise ExportFolderError(f"{out}: an export is there already; --replace puts this one in its place")
