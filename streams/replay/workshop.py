"""The folder a replay writes into: everything is made beside its place, and takes its place when it is whole."""

from __future__ import annotations

import errno
import fcntl
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config.errors import BrokenEnvironmentError, UsageError
from streams.disk import FORBIDDEN, FULL, sync

_WORKSHOP: Final = ".replay"
_LOCK: Final = "lock"


class OutputFolderError(BrokenEnvironmentError):
    """Whoever runs the machine must act: the output folder cannot take what a replay writes."""


class BusyFolderError(UsageError):
    """The caller named an output folder that another replay is writing to."""


@contextmanager
def workshop(out: Path) -> Iterator[Path]:
    """A folder for work in progress below `out`, held by this process alone, gone afterwards. `out` is made if need be.

    Raises:
        BusyFolderError: another replay works there.
        OutputFolderError: from anything inside, too: the disk is full or cannot be written to.
    """
    folder = out / _WORKSHOP
    with _faults_told(out):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _LOCK).open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BusyFolderError(
                    f"{out}: another replay is writing there; wait for it or choose another --out"
                ) from error
            _sweep(folder)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, out: Path, names: Iterable[str]) -> None:
    """Put finished files of the workshop into their place, replacing former ones whole."""
    names = list(names)
    for name in names:
        sync(folder / name)
    for name in names:
        (folder / name).replace(out / name)
    sync(out)


def _sweep(folder: Path) -> None:
    """Remove what a replay that was killed has left."""
    for left in folder.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        elif left.name != _LOCK:
            left.unlink()


@contextmanager
def _faults_told(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputFolderError(_advice(out, error.errno, error.strerror or str(error), error.filename)) from error
    except sqlite3.OperationalError as error:
        full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
        raise OutputFolderError(_advice(out, errno.ENOSPC if full else None, str(error), None)) from error


def _advice(out: Path, number: int | None, said: str, path: str | None) -> str:
    if number in FULL:
        return (
            f"{out}: the disk is full; free some space or choose another --out "
            "(a replay takes about four times its uncompressed input while it runs)"
        )
    if number in FORBIDDEN:
        return f"{path or out}: {said}; give this user the right to it, or choose another --out"
    return f"{path or out}: {said}; check the disk, or choose another --out"
