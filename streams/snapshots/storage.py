"""The place that snapshots are kept in: any fsspec URL. The one module that knows fsspec."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec  # type: ignore[import-untyped]

from config.errors import BrokenEnvironmentError, EvenhandError, UsageError
from streams.disk import FULL
from streams.snapshots.errors import SnapshotError, SnapshotStoreError

PUT_WHOLE = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"}
"""Protocols whose objects appear whole or not at all. Elsewhere a file is written beside its place, then moved."""

_MICROSECONDS = 1_000_000
_PASSWORD = re.compile(r"(?<=//)[^/@]*@")


class Storage:
    """Files below a URL, by name. Every method raises SnapshotStoreError when the place does not do as it is asked."""

    def __init__(self, url: str) -> None:
        """Raises UsageError when the URL is of no kind that is installed."""
        self.url = _PASSWORD.sub("", url).rstrip("/")
        try:
            self._place, self._root = fsspec.url_to_fs(url)
        except ImportError as error:
            raise UsageError(
                f"EVENHAND_SNAPSHOT_URL {self.url}: {error}; for S3: pip install 'evenhand[s3]'"
            ) from error
        except ValueError as error:
            raise UsageError(f"EVENHAND_SNAPSHOT_URL {self.url}: {error}") from error
        protocol = self._place.protocol
        self._puts_whole = not PUT_WHOLE.isdisjoint([protocol] if isinstance(protocol, str) else protocol)

    def put(self, local: Path, name: str) -> None:
        """The local file's content stands under the name."""
        self._write(name, lambda path: self._place.put_file(str(local), path))

    def write(self, name: str, content: bytes) -> None:
        """The content stands under the name: all of it, or nothing that was not there before."""
        self._write(name, lambda path: self._place.pipe_file(path, content))

    def read(self, name: str) -> bytes:
        """The content under the name. Raises SnapshotError when there is none."""
        with self._reading(name):
            content: bytes = self._place.cat_file(self._path(name))
        return content

    def fetch(self, name: str, local: Path) -> None:
        """The content under the name stands in the local file. Raises SnapshotError when there is none."""
        with self._reading(name):
            try:
                self._place.get_file(self._path(name), str(local))
            except OSError as error:
                if error.errno in FULL:
                    raise BrokenEnvironmentError(f"{local}: the disk is full: free some space") from error
                raise

    def sha256(self, name: str) -> str:
        """The hash of the content under the name. Raises SnapshotError when there is none."""
        with self._reading(name), self._place.open(self._path(name), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def sizes(self, folder: str) -> dict[str, int]:
        """The bytes of each file in the folder, by its name there."""
        return {name: int(entry["size"] or 0) for name, entry in self._entries(folder, "file")}

    def folders(self, folder: str) -> list[str]:
        """The names of the folders in the folder."""
        return sorted(name for name, _ in self._entries(folder, "directory"))

    def modified_us(self, name: str) -> int:
        """When the content was put there, by the place's own clock. Raises SnapshotError when there is none."""
        with self._reading(name):
            return int(self._place.modified(self._path(name)).timestamp() * _MICROSECONDS)

    def delete(self, name: str) -> None:
        """Nothing stands under the name, whoever removed it."""
        with self._told(name):
            try:
                self._place.rm_file(self._path(name))
            except FileNotFoundError:
                return

    def _entries(self, folder: str, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        with self._told(folder):
            self._place.invalidate_cache()
            try:
                entries = self._place.ls(self._path(folder), detail=True)
            except FileNotFoundError:
                return
            for entry in entries:
                if entry["type"] == kind:
                    yield entry["name"].rstrip("/").rpartition("/")[2], entry

    def _write(self, name: str, write: Callable[[str], object]) -> None:
        with self._told(name):
            path = self._path(name)
            if self._puts_whole:
                write(path)
                return
            self._place.makedirs(path.rpartition("/")[0], exist_ok=True)
            part = f"{path}.{uuid4().hex}.part"
            write(part)
            self._place.mv(part, path)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        with self._told(name):
            try:
                yield
            except FileNotFoundError as error:
                raise SnapshotError(f"{self.url}/{name} is missing") from error

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except EvenhandError:
            raise
        # Each kind of place has exceptions of its own (botocore's, paramiko's …), and no common parent.
        except Exception as error:
            raise SnapshotStoreError(
                f"{self.url}/{name}: {error or type(error).__name__}: mend the place of the snapshots, its rights or "
                "its room, or set another EVENHAND_SNAPSHOT_URL"
            ) from error
