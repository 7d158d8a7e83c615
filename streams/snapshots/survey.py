"""What snapshots there are, and whether they are sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from streams.snapshots.errors import SnapshotError, SnapshotStoreError
from streams.snapshots.manifest import Manifest
from streams.snapshots.shelf import Scope
from streams.snapshots.store import SnapshotStore


class KeptSnapshot(NamedTuple):
    """A snapshot as it is found."""

    scope: Scope
    name: str
    manifest: Manifest | None
    """None: it cannot be used."""
    trouble: str | None = None
    """Why it cannot be used, or which of its files is not what it was."""


def survey_snapshots(url: str, scopes: Iterable[Scope], *, thorough: bool) -> Iterator[KeptSnapshot]:
    """Look at the snapshots of partitions, the furthest of each first; thoroughly: at every byte, against its hash.

    Raises SnapshotStoreError when the place does not answer.
    """
    for scope in scopes:
        store = SnapshotStore(url, scope, kept=1)
        for name, found in store.all():
            if isinstance(found, SnapshotError):
                yield KeptSnapshot(scope, name, None, str(found))
            else:
                yield KeptSnapshot(scope, name, found, _fault(store, found) if thorough else None)


def _fault(store: SnapshotStore, manifest: Manifest) -> str | None:
    try:
        store.verify(manifest)
    except SnapshotStoreError:
        raise
    except SnapshotError as error:
        return str(error)
    return None
