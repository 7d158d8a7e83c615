"""One worker to a state folder: an advisory lock that ends with the process that holds it."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from config.errors import BrokenEnvironmentError
from streams.disk import disk_errors_told

LOCK_FILE = "lock"
HELD_ELSEWHERE = {errno.EACCES, errno.EAGAIN}


class StateLock:
    """The folder is this process's alone, from construction until `release` or the process's death, however it dies.

    Raises BrokenEnvironmentError when another process holds it (naming that process) or the file system has no locks.
    The lock file stays when it is released: removing it would let two processes lock two files of one name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with disk_errors_told(folder):
            self._file = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._take()
        except BaseException:
            os.close(self._file)
            raise

    def release(self) -> None:
        os.close(self._file)

    def _take(self) -> None:
        with disk_errors_told(self._folder):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in HELD_ELSEWHERE:
                    raise BrokenEnvironmentError(self._held()) from error
                raise
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def _held(self) -> str:
        pid = os.pread(self._file, 32, 0).decode(errors="replace").strip()
        holder = f"the process {pid}" if pid else "another process"
        return f"{self._folder} is in use by {holder}: stop it, or give this worker another EVENHAND_STATE_DIR"
