"""Where the snapshots of one partition lie: `<url>/<cluster id>/<group>/<partition>/manifests` and `…/files`.

A file is stored under the hash of its content: workers that restored the same snapshot go on to write different files
of one name (`000124.sst`), so names may not decide.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from streams.snapshots.manifest import Manifest, decode_manifest, is_manifest_name
from streams.snapshots.storage import Storage


class Scope(NamedTuple):
    """Whose snapshots."""

    cluster_id: str
    group: str
    partition: int

    @property
    def folder(self) -> str:
        """Named as the local state's folder is."""
        return f"{quote(self.cluster_id, safe='')}/{quote(self.group, safe='')}/{self.partition}"


def scopes_at(url: str) -> list[Scope]:
    """Everyone who has snapshots at the URL. Raises UsageError or SnapshotStoreError when it cannot be listed."""
    storage = Storage(url)
    return sorted(
        Scope(unquote(cluster), unquote(group), int(partition))
        for cluster in storage.folders("")
        for group in storage.folders(cluster)
        for partition in storage.folders(f"{cluster}/{group}")
        if partition.isdecimal()
    )


class Shelf:
    """The manifests and files of one partition. Every method raises SnapshotStoreError when the place fails it."""

    def __init__(self, url: str, scope: Scope) -> None:
        """Raises UsageError when the URL is of no kind that is installed."""
        self._storage = Storage(url)
        self._manifests = f"{scope.folder}/manifests"
        self._files = f"{scope.folder}/files"
        self._read: dict[str, Manifest] = {}

    def manifest_names(self) -> list[str]:
        """The manifests there, the furthest position first."""
        return sorted(filter(is_manifest_name, self._storage.sizes(self._manifests)), reverse=True)

    def unfinished_manifests(self) -> list[str]:
        """What writes that were cut short have left, and what those under way are about to move into place."""
        return [name for name in self._storage.sizes(self._manifests) if name.endswith(".part")]

    def load(self, name: str) -> Manifest:
        """The manifest. Raises SnapshotError when it is not what was written, or gone."""
        if name not in self._read:
            self._read[name] = decode_manifest(name, self._storage.read(f"{self._manifests}/{name}"))
        return self._read[name]

    def add(self, manifest: Manifest) -> None:
        """The snapshot exists. Its files must be there before."""
        self._storage.write(f"{self._manifests}/{manifest.name}", manifest.encode())

    def manifest_age_us(self, name: str, now_us: int) -> int:
        return now_us - self._storage.modified_us(f"{self._manifests}/{name}")

    def drop(self, name: str) -> None:
        """The snapshot does not exist. Its files stay."""
        self._read.pop(name, None)
        self._storage.delete(f"{self._manifests}/{name}")

    def file_sizes(self) -> dict[str, int]:
        """The bytes of each file there, by the hash that it is stored under."""
        return self._storage.sizes(self._files)

    def put_file(self, local: Path, sha256: str) -> None:
        self._storage.put(local, f"{self._files}/{sha256}")

    def fetch_file(self, sha256: str, local: Path) -> None:
        """The local file is as the one there. Raises SnapshotError when there is none."""
        self._storage.fetch(f"{self._files}/{sha256}", local)

    def hash_of_file(self, sha256: str) -> str:
        """The hash that the file's content has now. Raises SnapshotError when there is none."""
        return self._storage.sha256(f"{self._files}/{sha256}")

    def file_age_us(self, sha256: str, now_us: int) -> int:
        return now_us - self._storage.modified_us(f"{self._files}/{sha256}")

    def drop_file(self, sha256: str) -> None:
        self._storage.delete(f"{self._files}/{sha256}")
