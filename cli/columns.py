"""Tables for people and for `awk`: columns aligned by spaces, never cut to the width of a screen."""

from __future__ import annotations

from collections.abc import Sequence


def printable(text: str) -> str:
    """The text with every control character written out: a record may hold what would move a terminal's cursor."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "backslashreplace").decode()
        for letter in text
    )


def columns(rows: Sequence[Sequence[object]]) -> str:
    """The rows as lines; whole numbers stand to the right of their column, all else to the left."""
    table = [[f"{cell:,}" if isinstance(cell, int) else printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            text.rjust(width) if isinstance(cell, int) else text.ljust(width)
            for cell, text, width in zip(row, texts, widths, strict=True)
        ).rstrip()
        for row, texts in zip(rows, table, strict=True)
    )
