"""Saving a partition's snapshots, finding them and bringing them back.

A manifest is written last: a snapshot whose upload ended early does not exist, and its files serve the next one or are
pruned. So at any instant, whatever crashed, what `candidates` offers was whole when it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from streams.disk import disk_errors_told, require_room, sync
from streams.snapshots.checkpoint import CheckpointReader, sha256_of
from streams.snapshots.errors import SnapshotError, SnapshotStoreError
from streams.snapshots.manifest import Manifest, SnapshotFile
from streams.snapshots.position import Position
from streams.snapshots.prune import GRACE_US, prune
from streams.snapshots.shelf import Scope, Shelf

FETCHED_AT_ONCE = 4
"""A partition waits for its restore, and one connection or one hash alone leaves disk and network half idle."""

log = structlog.get_logger(__name__)


class SnapshotStore:
    """The snapshots of one partition, for its worker. Blocks; not for two threads at once.

    Every method raises SnapshotStoreError when the place at the URL does not do as it is asked.
    """

    def __init__(self, url: str, scope: Scope, kept: int) -> None:
        """Raises UsageError when the URL is of no kind that is installed."""
        self._scope = scope
        self._kept = kept
        self._shelf = Shelf(url, scope)
        self._checkpoints = CheckpointReader()

    def save(self, checkpoint: Path, position: Position, now_us: int) -> Manifest:
        """The checkpoint's state is kept: first what the place lacks of its files, then its manifest."""
        files = self._checkpoints.files(checkpoint)
        for file in self._lacking(files, now_us):
            self._shelf.put_file(checkpoint / file.path, file.sha256)
        manifest = Manifest(position=position, created_us=now_us, files=files)
        self._shelf.add(manifest)
        return manifest

    def all(self) -> Iterator[tuple[str, Manifest | SnapshotError]]:
        """Every snapshot by its name, the furthest first: its manifest, or why that cannot be used."""
        for name in self._shelf.manifest_names():
            try:
                manifest = self._shelf.load(name)
            except SnapshotStoreError:
                raise
            except SnapshotError as error:
                yield name, error
                continue
            if manifest.position.cluster_id == self._scope.cluster_id:
                yield name, manifest
            else:
                yield name, SnapshotError(f"snapshot {name} is of another Kafka cluster")

    def candidates(self) -> Iterator[Manifest]:
        """The snapshots that a state may be restored from, the furthest first; the others with a warning."""
        for name, found in self.all():
            if isinstance(found, Manifest):
                yield found
            else:
                log.warning("snapshot skipped", snapshot=name, why=str(found))

    def restore(self, manifest: Manifest, into: Path) -> None:
        """The folder, which must not exist yet, holds the snapshot's state, each file as its size and hash say.

        Raises SnapshotError when a file is missing or not what it was, BrokenEnvironmentError when the disk refuses.
        """
        with disk_errors_told(into):
            into.mkdir(parents=True)
        require_room(into, manifest.size)
        with ThreadPoolExecutor(FETCHED_AT_ONCE) as fetchers:
            for file, found in fetchers.map(lambda file: (file, self._fetch(file, into)), manifest.files):
                _require_same(manifest, file, found)
        with disk_errors_told(into):
            sync(into)

    def verify(self, manifest: Manifest) -> None:
        """Every file of the snapshot is there and is what it was, or SnapshotError names one that is not."""
        for file in manifest.files:
            _require_same(manifest, file, self._shelf.hash_of_file(file.sha256))

    def prune(self, owned: Position, now_us: int) -> None:
        """The last snapshots up to the owned position are kept, those before them gone. Only for the fenced owner."""
        prune(self._shelf, owned, self._kept, now_us)

    def clear(self) -> None:
        """The partition has no snapshots. For an operator who has stopped its worker."""
        for name in [*self._shelf.manifest_names(), *self._shelf.unfinished_manifests()]:
            self._shelf.drop(name)
        for sha256 in self._shelf.file_sizes():
            self._shelf.drop_file(sha256)

    def _fetch(self, file: SnapshotFile, into: Path) -> str:
        target = into / file.path
        with disk_errors_told(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        self._shelf.fetch_file(file.sha256, target)
        with disk_errors_told(target):
            sync(target)
            return sha256_of(target)

    def _lacking(self, files: Iterable[SnapshotFile], now_us: int) -> list[SnapshotFile]:
        """The files to be uploaded, each content once.

        One that is there, but old and named by no snapshot, is uploaded all the same: another worker's pruning may be
        about to remove it, and the upload makes it young.
        """
        there = self._shelf.file_sizes()
        named = self._named()
        wanted = {file.sha256: file for file in files}.values()
        return [
            file
            for file in wanted
            if there.get(file.sha256) != file.size
            or (file.sha256 not in named and self._shelf.file_age_us(file.sha256, now_us) > GRACE_US // 2)
        ]

    def _named(self) -> set[str]:
        return {file.sha256 for _, found in self.all() if isinstance(found, Manifest) for file in found.files}


def _require_same(manifest: Manifest, file: SnapshotFile, found: str) -> None:
    if found != file.sha256:
        raise SnapshotError(f"snapshot {manifest.name}: the stored content of {file.path} is no longer what it was")
