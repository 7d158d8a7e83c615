"""Where a worker keeps its state: `<state dir>/<cluster id>/<group>/<partition>/db`, one RocksDB to a partition number.

Beside each `db` stands FORMAT, the version of what its rows mean. Everything here can be lost: the input topics are the
truth, and a snapshot or a replay brings the state back. So a folder changes by renames alone: at any instant a
partition has its old database, none, or the new one whole, and what a crash leaves behind is swept at the next start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import quote

from config.errors import BrokenEnvironmentError
from streams.disk import disk_errors_told, remove_tree, sync, write_whole
from streams.rows import FORMAT_VERSION
from streams.state_lock import StateLock

DATABASE = "db"
FORMAT_FILE = "FORMAT"
CHECKPOINT = "checkpoint"
RESTORING = "restoring"
RESTATING = "restating"
REMOVED = ".removed"


def group_folder(state_dir: Path, cluster_id: str, group: str) -> Path:
    """The folder of one group on one Kafka cluster."""
    return state_dir / quote(cluster_id, safe="") / quote(group, safe="")


def partitions_in(folder: Path) -> list[int]:
    """The partition numbers that a group's folder has, in order. Needs no lock."""
    if not folder.is_dir():
        return []
    with disk_errors_told(folder):
        return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal() and path.is_dir())


def format_of(partition_folder: Path) -> int | None:
    """The format version that a partition's folder was written in; None when it says none."""
    try:
        return int((partition_folder / FORMAT_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None


class StateFolder:
    """A group's state on this machine, held by this process alone. Close it, or use it as a context manager.

    Raises BrokenEnvironmentError, here and in every method, when another worker holds the folder, when it was written
    in another format, or when the disk refuses.
    """

    def __init__(self, state_dir: Path, cluster_id: str, group: str, state_format: int = FORMAT_VERSION) -> None:
        self.root = group_folder(state_dir, cluster_id, group)
        self._format = state_format
        with disk_errors_told(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
        self._lock = StateLock(self.root)
        try:
            self._sweep()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Another worker may take the folder."""
        self._lock.release()

    def partitions(self) -> list[int]:
        """The partition numbers that have a folder, in order."""
        return partitions_in(self.root)

    def has_database(self, partition: int) -> bool:
        """Whether the partition has state here."""
        return (self._partition(partition) / DATABASE).is_dir()

    def database(self, partition: int) -> Path:
        """Where the partition's database is or is to be made, in a folder of this format."""
        folder = self._partition(partition)
        with disk_errors_told(folder):
            folder.mkdir(exist_ok=True)
            found = format_of(folder)
            if found is None and not self.has_database(partition):
                write_whole(folder / FORMAT_FILE, f"{self._format}\n")
            elif found != self._format:
                raise BrokenEnvironmentError(_other_format(folder, found, self._format))
        return folder / DATABASE

    def scratch(self, partition: int, purpose: str) -> Path:
        """A path on the same disk where nothing stands yet, for one purpose: CHECKPOINT, RESTORING, RESTATING."""
        folder = self._partition(partition)
        with disk_errors_told(folder):
            folder.mkdir(exist_ok=True)
            remove_tree(folder / purpose)
        return folder / purpose

    def swap_in(self, partition: int, restored: Path) -> Path:
        """The database is the one in `restored` (a scratch of this partition); the one before is gone.

        Both must be closed.
        """
        database = self.database(partition)
        former = database.with_name(DATABASE + REMOVED)
        with disk_errors_told(database):
            remove_tree(former)
            if database.exists():
                database.rename(former)
            restored.rename(database)
            sync(database.parent)
            remove_tree(former)
        return database

    def remove(self, partition: int) -> None:
        """The partition has no state here, whatever its format. Its database must be closed."""
        folder = self._partition(partition)
        former = folder.with_name(folder.name + REMOVED)
        with disk_errors_told(folder):
            remove_tree(former)
            if folder.exists():
                folder.rename(former)
                sync(self.root)
            remove_tree(former)

    def _partition(self, partition: int) -> Path:
        return self.root / str(partition)

    def _sweep(self) -> None:
        leftovers = [f"*/{CHECKPOINT}", f"*/{RESTORING}", f"*/{RESTATING}", f"*/{DATABASE}{REMOVED}", f"*{REMOVED}"]
        with disk_errors_told(self.root):
            for leftover in leftovers:
                for path in self.root.glob(leftover):
                    remove_tree(path)


def _other_format(folder: Path, found: int | None, state_format: int) -> str:
    if found is not None and found > state_format:
        return (
            f"{folder} was written by a newer Evenhand (state format {found}, this one writes {state_format}): "
            "upgrade this one, or set another EVENHAND_STATE_DIR"
        )
    written = "without a format version" if found is None else f"in the older state format {found}"
    return (
        f"{folder} was written {written}, this Evenhand writes {state_format}: run `evenhand state reset --partition "
        f"{folder.name} --yes` and the worker makes the state anew, or set another EVENHAND_STATE_DIR"
    )
