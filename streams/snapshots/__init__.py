"""Snapshots: a partition's state, kept where another machine finds it when this one is lost.

`SnapshotStore` keeps them at any fsspec URL; `restore_newest` brings the newest good one back. Nothing depends on them
for correctness: without a snapshot the state is made anew from the topics, only later.
"""

from streams.snapshots.errors import NewerSnapshotError, SnapshotError, SnapshotStoreError
from streams.snapshots.manifest import Manifest
from streams.snapshots.position import Position
from streams.snapshots.restore import restore_newest
from streams.snapshots.shelf import Scope, scopes_at
from streams.snapshots.store import SnapshotStore
from streams.snapshots.survey import KeptSnapshot, survey_snapshots

__all__ = [
    "KeptSnapshot",
    "Manifest",
    "NewerSnapshotError",
    "Position",
    "Scope",
    "SnapshotError",
    "SnapshotStore",
    "SnapshotStoreError",
    "restore_newest",
    "scopes_at",
    "survey_snapshots",
]
