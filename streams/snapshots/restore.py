"""Bringing back the newest snapshot that is good for this worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog

from streams.disk import disk_errors_told, remove_tree
from streams.rows import FORMAT_VERSION
from streams.snapshots.errors import SnapshotError, SnapshotStoreError
from streams.snapshots.manifest import Manifest
from streams.snapshots.position import Position
from streams.snapshots.store import SnapshotStore

log = structlog.get_logger(__name__)


def restore_newest(
    store: SnapshotStore, into: Path, accepts: Callable[[Position], str | None], local: Position | None = None
) -> Position | None:
    """The folder holds the state of the furthest good snapshot, whose position is returned; or None, and no folder.

    `accepts` says why a position will not do (another log, other rules), or None. `local` is the position of the state
    at hand: only a snapshot that has read all of that and more is worth restoring. A snapshot that is broken, not
    accepted, of another state format, or of another lineage than `local` or the furthest is skipped with a warning.

    Raises SnapshotStoreError when there is no state at hand and none could be had because the place did not answer: an
    outage is no reason to make the state anew from the topics. BrokenEnvironmentError when the local disk refuses.
    """
    try:
        return _restore_newest(store, into, accepts, local)
    except SnapshotStoreError as error:
        if local is None:
            raise
        log.warning("snapshots out of reach, the state at hand will do", why=str(error))
        return None


def _restore_newest(
    store: SnapshotStore, into: Path, accepts: Callable[[Position], str | None], local: Position | None
) -> Position | None:
    furthest: Position | None = None
    outage: SnapshotStoreError | None = None
    for manifest in store.candidates():
        position = manifest.position
        if local is not None and local.reaches(position):
            break
        why = _other_format(position) or accepts(position) or _other_lineage(position, furthest, local)
        if why is None:
            furthest = furthest or position
            failure = _restore(store, manifest, into)
            if failure is None:
                return position
            if isinstance(failure, SnapshotStoreError):
                outage = failure
            why = str(failure)
        log.warning("snapshot skipped", snapshot=manifest.name, why=why)
    if outage is not None:
        raise outage
    return None


def _restore(store: SnapshotStore, manifest: Manifest, into: Path) -> SnapshotError | None:
    with disk_errors_told(into):
        remove_tree(into)
    try:
        store.restore(manifest, into)
    except SnapshotError as error:
        with disk_errors_told(into):
            remove_tree(into)
        return error
    return None


def _other_format(position: Position) -> str | None:
    if position.format_version == FORMAT_VERSION:
        return None
    return f"it is of state format {position.format_version}, this Evenhand reads {FORMAT_VERSION}"


def _other_lineage(position: Position, furthest: Position | None, local: Position | None) -> str | None:
    if furthest is not None and not furthest.reaches(position):
        return "it is of another lineage than the furthest snapshot: neither has read all that the other has"
    if local is not None and not position.reaches(local):
        return "it is of another lineage than the local state: neither has read all that the other has"
    return None
