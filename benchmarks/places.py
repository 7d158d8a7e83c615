"""Where the benchmarks find and keep their things: everything that they make goes below `build/benchmarks`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[1]
BUILD: Final = REPOSITORY / "build" / "benchmarks"
DATA: Final = BUILD / "data"
RUNS: Final = BUILD / "runs"
BROKER: Final = BUILD / "broker"
PEERS_SOURCE: Final = Path(__file__).parent / "peers"
PEERS_PYTHON: Final = BUILD / "peers" / "bin" / "python"
KSTREAMS: Final = BUILD / "kstreams"
PAGE: Final = REPOSITORY / "docs" / "benchmarks.md"
