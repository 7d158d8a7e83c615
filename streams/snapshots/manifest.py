"""A snapshot's manifest: the position it stands for and every file it consists of, each by size and hash.

Its name is the position's total, so that a listing is in the order of the log, and the hash of its own text, so that a
manifest that was cut short or changed is known for what it is.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import PurePosixPath

import msgspec
from msgspec import Struct

from streams.snapshots.errors import NewerSnapshotError, SnapshotError
from streams.snapshots.position import Position

MANIFEST_VERSION = 1
_NAME = re.compile(r"\d{20}-[0-9a-f]{32}\.json")


class SnapshotFile(Struct, frozen=True):
    """A file of the checkpoint: its path below it, and the content that stands there."""

    path: str
    size: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """One snapshot. `created_us` is for people: nothing is ordered or chosen by it."""

    version: int = MANIFEST_VERSION
    position: Position
    created_us: int
    files: tuple[SnapshotFile, ...]

    @property
    def size(self) -> int:
        """Bytes of the state it restores."""
        return sum(file.size for file in self.files)

    @property
    def name(self) -> str:
        return f"{self.position.total:020d}-{_digest(self.encode())}.json"

    def encode(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=1)


def is_manifest_name(name: str) -> bool:
    """Whether a file of that name is a manifest, rather than one that is still being written."""
    return _NAME.fullmatch(name) is not None


class _Version(Struct):
    version: int


# Made before any thread needs it: msgspec may crash when two threads build the same one at once.
_decode_version = msgspec.json.Decoder(_Version).decode
_decode_manifest = msgspec.json.Decoder(Manifest).decode


def decode_manifest(name: str, text: bytes) -> Manifest:
    """The manifest of that name.

    Raises SnapshotError when its text is not what was written, NewerSnapshotError when a newer Evenhand wrote it.
    """
    if name.partition("-")[2] != f"{_digest(text)}.json":
        raise SnapshotError(f"snapshot {name}: the manifest was cut short or changed")
    version = _decode_version(text).version
    if version > MANIFEST_VERSION:
        raise NewerSnapshotError(
            f"snapshot {name}: a newer Evenhand wrote it (manifest {version}, this one reads {MANIFEST_VERSION}); "
            "upgrade this one"
        )
    manifest = _decode_manifest(text)
    for file in manifest.files:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts:
            raise SnapshotError(f"snapshot {name}: {file.path} lies outside the state")
    return manifest


def _digest(text: bytes) -> str:
    return sha256(text).hexdigest()[:32]
