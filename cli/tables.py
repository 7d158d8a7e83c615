"""Tables on standard output: drawn on a terminal, plain aligned columns for everything else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.columns import columns

_NEVER_FOLDED: Final = 20
"""Characters: instants, verdicts and amounts stay in one piece on any terminal."""


def print_table(title: str, heading: Sequence[str], rows: Sequence[Sequence[object]], amounts: frozenset[int]) -> None:
    """Print rows under a title and a heading; the columns of that number (from 0) hold amounts, flush right."""
    if sys.stdout.isatty():
        _draw(title, heading, rows, amounts)
        return
    click.echo(f"\n{title}")
    widths = [max(len(str(row[column])) for row in [heading, *rows]) for column in range(len(heading))]
    click.echo(
        columns(
            [
                [str(cell).rjust(widths[place]) if place in amounts else cell for place, cell in enumerate(row)]
                for row in [heading, *rows]
            ]
        )
    )


def _draw(title: str, heading: Sequence[str], rows: Sequence[Sequence[object]], amounts: frozenset[int]) -> None:
    table = Table(
        title=f"\n{title}",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        show_lines=_is_tall(rows),
        padding=(0, 1, 0, 0),
    )
    for place, name in enumerate(heading):
        right = place in amounts or any(isinstance(row[place], int) for row in rows)
        longest = max((len(line) for row in rows for line in str(row[place]).split("\n")), default=0)
        table.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=longest <= _NEVER_FOLDED)
    for row in rows:
        # As text, not markup: a name may hold square brackets.
        table.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    Console().print(table)


def _is_tall(rows: Sequence[Sequence[object]]) -> bool:
    """Whether rows have several lines, and a line between them helps."""
    return any("\n" in str(cell) for row in rows for cell in row)
