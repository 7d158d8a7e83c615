"""What can be wrong with snapshots, and who must act."""

from __future__ import annotations

from config.errors import BrokenEnvironmentError


class SnapshotError(BrokenEnvironmentError):
    """This snapshot cannot be used; another may. Nobody need act while there is another."""


class NewerSnapshotError(SnapshotError):
    """A newer Evenhand wrote it. The operator finishes the upgrade; until then it must not be pruned by guess."""


class SnapshotStoreError(SnapshotError):
    """The store of the snapshots does not answer. The operator mends its URL, rights, network or room."""
