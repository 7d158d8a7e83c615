"""Tables on standard output: drawn on a terminal, plain aligned columns for everything else."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.columns import columns


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
    table = Table(title=title, title_justify="left", title_style="bold")
    for place, name in enumerate(heading):
        right = place in amounts or any(isinstance(row[place], int) for row in rows)
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        # As text, not markup: a name may hold square brackets.
        table.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    Console().print(table)
