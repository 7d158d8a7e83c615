"""What every test of replay does: write files of events, replay them, and read what came of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from config.catalogue import Catalogue, load_catalogue
from streams.progress import Unwatched
from streams.replay.asked import Asked
from streams.replay.intake import FileIntake
from streams.replay.run import Outcome, replay
from streams.replay.sources import open_source

LINES = (
    "credits.jsonl",
    "credits-shadow.jsonl",
    "dead-letters.jsonl",
    "scores.jsonl",
    "followups.jsonl",
    "rejections.jsonl",
)
SHIPPED = load_catalogue(None)
NOTHING_MORE = Asked()


def write_lines(path: Path, events: Iterable[bytes]) -> Path:
    """A JSON Lines file of events."""
    path.write_bytes(b"".join(event + b"\n" for event in events))
    return path


def replayed(
    files: Sequence[Path],
    out: Path,
    catalogue: Catalogue = SHIPPED,
    *,
    asked: Asked = NOTHING_MORE,
    all_versions: bool = False,
) -> Outcome:
    """Replay files."""
    intakes = [FileIntake(open_source(str(file))) for file in files]
    return replay(intakes, out, catalogue, Unwatched(), asked=asked, all_versions=all_versions)


def messages(out: Path, name: str = "credits.jsonl") -> list[dict[str, Any]]:
    """The lines of an output."""
    return [json.loads(line) for line in (out / name).read_bytes().splitlines()]


def output(out: Path) -> dict[str, bytes]:
    """The bytes of every JSON Lines output."""
    return {name: (out / name).read_bytes() for name in LINES}


def rows(out: Path, query: str) -> list[tuple[Any, ...]]:
    """What the read model answers."""
    with closing(sqlite3.connect(out / "evenhand.db")) as database:
        return database.execute(query).fetchall()


def dump(out: Path) -> list[str]:
    """The whole read model as SQL."""
    with closing(sqlite3.connect(out / "evenhand.db")) as database:
        return list(database.iterdump())
