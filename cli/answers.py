"""An answer on its way out: a table for people, or CSV, JSON Lines or Parquet for programs."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Final

import click

from config.errors import UsageError
from events.instant import format_instant
from projections.queries.answer import Answer, Column, Kind

FORMATS: Final = ("table", "csv", "json", "parquet")
SHOWN: Final = 50
"""Rows of a table for people, unless they say otherwise."""
_PLACES: Final = {Kind.MONEY, Kind.NUMBER}
_STANDARD_OUTPUT: Final = "-"


class OutputError(UsageError):
    """The caller named no place that an answer can go to."""


def write_answer(answer: Answer, form: str, out: str, limit: int | None) -> None:
    """Write an answer to a file, which is whole or not there, or to standard output."""
    if form != "table" and limit:
        answer = answer._replace(rows=islice(answer.rows, limit))
    if form == "parquet":
        _write_parquet(answer, out)
    elif form == "table":
        with _text(out) as target:
            _write_table(answer, target, limit)
    else:
        with _text(out) as target:
            (_write_csv if form == "csv" else _write_json)(answer, target)
    if out != _STANDARD_OUTPUT:
        click.echo(f"Written to {out}", err=True)


def _write_table(answer: Answer, target: IO[str], limit: int | None) -> None:
    most = SHOWN if limit is None else limit
    rows = [tuple(map(_shown, answer.columns, row)) for row in (islice(answer.rows, most + 1) if most else answer.rows)]
    if not rows:
        click.echo(answer.nothing, file=target)
    else:
        from cli.tables import print_table

        leading = [place for place, column in enumerate(answer.columns) if not (column.beneath and target.isatty())]
        stretches = [slice(*pair) for pair in pairwise([*leading, len(answer.columns)])]
        heading, *drawn = [
            tuple(_stacked(row[stretch]) for stretch in stretches)
            for row in ([column.name for column in answer.columns], *rows[: most or None])
        ]
        amounts = frozenset(n for n, place in enumerate(leading) if answer.columns[place].kind in _PLACES)
        with redirect_stdout(target):
            print_table(answer.title, [str(name) for name in heading], drawn, amounts)
        if most and len(rows) > most:
            click.echo(f"\nThe first {most:,} rows; --limit 0 shows all.", file=target)
    for note in answer.notes:
        click.echo(f"\n{note}", file=target)


def _stacked(cells: Sequence[object]) -> object:
    return cells[0] if len(cells) == 1 else "\n".join(map(str, cells))


def _shown(column: Column, value: object) -> object:
    if value is None:
        return column.null
    return value if column.kind is Kind.COUNT else _plain(column, value)


def _plain(column: Column, value: object) -> object:
    """As text where it is no number; money with its decimals, as the contract writes it."""
    if value is None or column.kind in (Kind.COUNT, Kind.NUMBER, Kind.TEXTS):
        return value
    if column.kind is Kind.INSTANT:
        assert isinstance(value, int)
        return format_instant(value)
    return f"{value:f}" if column.kind is Kind.MONEY else str(value)


def _write_csv(answer: Answer, target: IO[str]) -> None:
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([column.name for column in answer.columns])
    for row in answer.rows:
        writer.writerow(list(map(_plain, answer.columns, row)))


def _write_json(answer: Answer, target: IO[str]) -> None:
    names = [column.name for column in answer.columns]
    for row in answer.rows:
        line = dict(zip(names, map(_plain, answer.columns, row), strict=True))
        target.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def _write_parquet(answer: Answer, out: str) -> None:
    from projections.export.files import write_answer_file

    if out == _STANDARD_OUTPUT:
        raise OutputError("Parquet goes to a file: name it with --out")
    with _beside(Path(out)) as path:
        write_answer_file(answer, path)


@contextmanager
def _text(out: str) -> Iterator[IO[str]]:
    if out == _STANDARD_OUTPUT:
        yield sys.stdout
        return
    with _beside(Path(out)) as path, path.open("w", encoding="utf-8", newline="") as target:
        yield target


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A file that takes its place when it is finished."""
    if not path.parent.is_dir():
        raise OutputError(f"{path}: there is no folder {path.parent}; make it, or choose another --out")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
