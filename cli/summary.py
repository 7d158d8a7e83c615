"""What a replay came to, for whoever started it: credit by dimension, what is unattributed, what was refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from cli.tables import print_table
from projections.totals import DimensionTotal, totals_by_currency, totals_by_dimension

_MOST_SHOWN: Final = 20
UNATTRIBUTED: Final = "(unattributed)"


def print_summary(database: sqlite3.Connection, counts: Mapping[str, int], refused: Mapping[str, int]) -> None:
    """Print the totals of a read model, per currency, and how many events fared how; `refused` is by reason."""
    for (dimension, currency), totals in groupby(totals_by_dimension(database), key=lambda total: total[:2]):
        rows = _rows(list(totals))
        print_table(f"Credit by {dimension}, {currency}", (dimension, "credit", "conversions"), rows, frozenset({1}))
    money = totals_by_currency(database)
    if money:
        heading = ("currency", "conversions", "value", "refunded", "unattributed")
        print_table("Conversions", heading, money, frozenset({2, 3, 4}))
    letters = [(f"dead letters: {reason}", count) for reason, count in refused.items()]
    print_table("Events", ("", "events"), [*counts.items(), *letters], frozenset())


def _rows(totals: Sequence[DimensionTotal]) -> list[tuple[str, str, int]]:
    earned = [total for total in totals if total.value is not None]
    rows = [(str(total.value), total.credit, total.conversions) for total in earned[:_MOST_SHOWN]]
    if len(earned) > _MOST_SHOWN:
        rows.append((f"… and {len(earned) - _MOST_SHOWN:,} more", "", sum(t.conversions for t in earned[_MOST_SHOWN:])))
    rows += [(UNATTRIBUTED, total.credit, total.conversions) for total in totals if total.value is None]
    return rows
