"""What a question comes back with: columns whose kinds are known, and rows that stream."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What the values of a column are, and of which Python type; each may be None too."""

    TEXT = "str"
    TEXTS = "list of str"
    COUNT = "int"
    NUMBER = "float"
    MONEY = "Decimal, with its currency's decimals"
    INSTANT = "int: microseconds since 1970"
    DATE = "datetime.date"


class Column(NamedTuple):
    """A column of an answer."""

    name: str
    kind: Kind
    null: str = ""
    """How a missing value is shown to people."""
    beneath: bool = False
    """On a terminal, which is narrow, it stands beneath the column before it."""


class Answer(NamedTuple):
    """Rows under named columns."""

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[object, ...]]
    nothing: str
    """What to say when there is no row."""
    notes: tuple[str, ...] = ()
    """What to say beside the rows, to people only."""
