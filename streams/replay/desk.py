"""Where everything is put that comes of the facts of a replay."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from projections.sqlite import SqliteWriter
from streams.replay.letters import DeadLetters
from streams.replay.tally import Tally


class Desk(NamedTuple):
    """What all who take facts write to."""

    folder: Path
    """For work in progress."""
    model: SqliteWriter
    letters: DeadLetters
    tally: Tally
