"""What the peers need to run, in an environment apart from Evenhand's: a venv by hash, and Kafka Streams by Maven."""

from __future__ import annotations

import shutil
import subprocess
import venv
from pathlib import Path
from typing import Final

from benchmarks.places import BUILD, KSTREAMS, PEERS_PYTHON, PEERS_SOURCE, REPOSITORY

LOCK: Final = PEERS_SOURCE / "requirements.lock"
POM: Final = PEERS_SOURCE / "kstreams" / "pom.xml"
JAVA_SOURCES: Final = PEERS_SOURCE / "kstreams" / "src"


def prepare_python() -> None:
    """The peers' Python packages are installed as locked; nothing is done when they are already."""
    stamp = BUILD / "peers" / ".installed"
    if _is_newer(stamp, [LOCK]):
        return
    venv.create(PEERS_PYTHON.parents[1], clear=True, with_pip=True)
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
    subprocess.run([PEERS_PYTHON, *install, "-r", LOCK], check=True)
    stamp.touch()


def prepare_java() -> None:
    """The Kafka Streams peer is compiled, its jars beside it; nothing is done when they are already."""
    stamp = KSTREAMS / ".built"
    if _is_newer(stamp, [POM, *JAVA_SOURCES.rglob("*.java")]):
        return
    if shutil.which("javac") is None:  # the broker needs no compiler, so `make setup-tests` installs none
        subprocess.run([REPOSITORY / "scripts" / "apt-install", "default-jdk-headless"], check=True)
    subprocess.run(["mvn", "--batch-mode", "--quiet", "--strict-checksums", "-f", POM, "package"], check=True)
    stamp.touch()


def _is_newer(stamp: Path, sources: list[Path]) -> bool:
    return stamp.exists() and all(stamp.stat().st_mtime >= source.stat().st_mtime for source in sources)
