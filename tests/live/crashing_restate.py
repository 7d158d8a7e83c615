"""A restatement that dies at a chosen step: `python -m tests.live.crashing_restate STEP restate`.

It says each credit in a transaction of its own, so that it can die between two.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from aiokafka import AIOKafkaProducer

from cli.main import main
from streams.live import comparison
from streams.live.publisher import Publisher
from streams.live.restatement import Restatement
from streams.live.tenure import Tenure
from streams.snapshots.store import SnapshotStore
from streams.state_folder import StateFolder
from tests.live.crashing import after, before

STEPS: Final[dict[str, Callable[[], None]]] = {
    "half rebuilt": lambda: after(Tenure, "decide"),
    "first credit sent": lambda: before(AIOKafkaProducer, "commit_transaction"),
    "first credit said": lambda: after(Publisher, "publish"),
    "all said": lambda: before(Restatement, "_save"),
    "snapshots cleared": lambda: after(SnapshotStore, "clear"),
    "swapped in": lambda: after(StateFolder, "swap_in"),
}

if __name__ == "__main__":
    assert comparison._PIECE, "pieces have another name now"  # noqa: SLF001
    comparison._PIECE = 1  # noqa: SLF001
    STEPS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
