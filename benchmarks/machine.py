"""What a figure was measured on: without that it says nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.places import PEERS_PYTHON, REPOSITORY
from tests.kafka.classpath import LIBS, java_tool

_OURS: Final = ("aiokafka", "faust-streaming", "msgspec", "rocksdict")
_PEERS: Final = ("quixstreams", "bytewax", "faust-streaming", "aiokafka", "rocksdict")


def facts() -> dict[str, str]:
    """Date, machine, load and versions, each as people say it."""
    memory_gb = int(Path("/proc/meminfo").read_text().split("MemTotal:")[1].split()[0]) / 1e6
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores ({_processor()}), {memory_gb:.0f} GB, with the broker and all clients",
        "load": f"{os.getloadavg()[0]:.2f} in the minute before",
        "commit": _commit(),
        "kafka": next(LIBS.glob("kafka_2.13-*.jar")).stem.removeprefix("kafka_2.13-"),
        "java": _java(),
        "python": platform.python_version(),
        "evenhand's packages": ", ".join(f"{name} {version(name)}" for name in _OURS),
    }


def peers() -> dict[str, str]:
    """The versions of the peers' Python packages."""
    program = f"from importlib.metadata import version\nfor n in {_PEERS!r}: print(n, version(n), sep=' ', end=', ')"
    listed = subprocess.run([PEERS_PYTHON, "-c", program], capture_output=True, text=True, check=True).stdout
    return {"peers' packages": listed.rstrip(", ")}


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def _java() -> str:
    said = subprocess.run([java_tool("java"), "-version"], capture_output=True, text=True, check=True).stderr
    return said.split('"')[1]


def _commit() -> str:
    git = ("git", "-C", str(REPOSITORY))
    known = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=False)
    return known.stdout.strip() + (" and changes not committed" if changed.stdout.strip() else "")
