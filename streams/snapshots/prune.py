"""Which snapshots and files have served their time, and their removal."""

from __future__ import annotations

from collections.abc import Iterable

from streams.snapshots.errors import NewerSnapshotError, SnapshotError, SnapshotStoreError
from streams.snapshots.manifest import Manifest
from streams.snapshots.position import Position
from streams.snapshots.shelf import Shelf

GRACE_US = 15 * 60 * 1_000_000
"""Longer than any upload takes from its first file to its manifest: 15 minutes at 50 MB/s are 45 GB."""


def prune(shelf: Shelf, owned: Position, kept: int, now_us: int) -> None:
    """What the last snapshots make superfluous is gone, and every file that no snapshot names.

    No file goes before its grace: a younger one may belong to a snapshot that another worker is about to complete.
    Raises NewerSnapshotError, having removed nothing, when a manifest of a newer Evenhand cannot be read.
    """
    # Listed before the manifests are read: a file that a new manifest names must not look orphaned.
    files = shelf.file_sizes()
    manifests, broken = _read_all(shelf)
    for manifest in superseded(manifests, owned, kept):
        manifests.remove(manifest)
        shelf.drop(manifest.name)
    for name in [*broken, *shelf.unfinished_manifests()]:
        if shelf.manifest_age_us(name, now_us) > GRACE_US:
            shelf.drop(name)
    named = {file.sha256 for manifest in manifests for file in manifest.files}
    for sha256 in sorted(files.keys() - named):
        if shelf.file_age_us(sha256, now_us) > GRACE_US:
            shelf.drop_file(sha256)


def superseded(manifests: Iterable[Manifest], owned: Position, kept: int) -> list[Manifest]:
    """The snapshots that nobody needs once the owner has come to this position: all behind it but the last ones.

    What lies ahead of the owner or to its side stays until the owner has passed it, and another log's for ever: whether
    that log is dead is for a person to say. Snapshots made under the owner's own rules are kept before any others,
    since after a change of rules those of the former ones may be further, and useless.
    """

    def worth(manifest: Manifest) -> tuple[bool, int, int]:
        return manifest.position.same_rules(owned), manifest.position.total, manifest.created_us

    behind = [manifest for manifest in manifests if owned.reaches(manifest.position)]
    return sorted(behind, key=worth, reverse=True)[kept:]


def _read_all(shelf: Shelf) -> tuple[list[Manifest], list[str]]:
    manifests: list[Manifest] = []
    broken: list[str] = []
    for name in shelf.manifest_names():
        try:
            manifests.append(shelf.load(name))
        except (SnapshotStoreError, NewerSnapshotError):
            raise
        except SnapshotError:
            broken.append(name)
    return manifests, broken
