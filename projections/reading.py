"""The read model in SQLite as its readers open it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from config.errors import UsageError


class NoReadModelError(UsageError):
    """The caller named a file that is no read model."""


def open_read_model(path: Path) -> sqlite3.Connection:
    """Open a read model to read it.

    Raises:
        NoReadModelError: there is no such file, or it is not one that replay wrote.
    """
    if not path.is_file():
        raise NoReadModelError(f"{path}: there is no such read model; evenhand replay writes one, --db names it")
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        database.execute("SELECT 1 FROM conversions, credit_by_touchpoint, touchpoints LIMIT 1")
    except sqlite3.DatabaseError as error:
        database.close()
        raise NoReadModelError(
            f"{path}: this is no read model ({error}); write it anew with evenhand replay"
        ) from error
    return database
