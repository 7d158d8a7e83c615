"""The local disk: changes that are whole or absent, and faults in words."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.errors import BrokenEnvironmentError

FULL = {errno.ENOSPC, errno.EDQUOT}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def disk_errors_told(folder: Path) -> Iterator[None]:
    """Work on the local disk. An OSError inside becomes a BrokenEnvironmentError that a person can act on."""
    try:
        yield
    except OSError as error:
        raise BrokenEnvironmentError(_advice(folder, error)) from error


def require_room(folder: Path, needed_bytes: int) -> None:
    """The disk of an existing folder has the room, or a BrokenEnvironmentError says so before work is begun in vain."""
    with disk_errors_told(folder):
        free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise BrokenEnvironmentError(
            f"{folder}: {needed_bytes:,} bytes are needed and {free:,} are free: free some space, or set "
            "EVENHAND_STATE_DIR to a folder on another disk"
        )


def write_whole(path: Path, text: str) -> None:
    """The file has this text; whoever reads it sees all of it or what was there before."""
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)


def remove_tree(path: Path) -> None:
    """Nothing is there."""
    if path.exists():
        shutil.rmtree(path)


def sync(path: Path) -> None:
    """A file's content, or the names in a folder, outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _advice(folder: Path, error: OSError) -> str:
    where = error.filename or folder
    if error.errno in FULL:
        return f"{where}: the disk is full: free some space, or set EVENHAND_STATE_DIR to a folder on another disk"
    if error.errno in FORBIDDEN:
        return f"{where}: {error.strerror}: give this user the right to write there, or set EVENHAND_STATE_DIR"
    return f"{where}: {error.strerror or error}: check the disk, or set EVENHAND_STATE_DIR to a folder on another one"
