"""What state stands below a state folder, and whether it is sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote

import msgspec

from config.errors import BrokenEnvironmentError
from streams.disk import disk_errors_told
from streams.kept import Meta
from streams.rocks import RocksStore, StateDamagedError
from streams.rows import FORMAT_VERSION
from streams.snapshots import Position, Scope
from streams.state import PartitionState
from streams.state_folder import DATABASE, StateFolder, format_of, group_folder, partitions_in

_WAITING_ROWS: Final = (b"\0x", b"\0y")
_ALL_ROWS: Final = (b"", b"\xff" * 64)  # above every key: contacts are UTF-8, which has no byte FF


class LocalState(NamedTuple):
    """The state of one partition on this machine."""

    scope: Scope
    format_version: int | None
    size: int
    """Bytes on the disk."""
    position: Position | None = None
    """None: it has read nothing yet, or could not be looked at."""
    rows: int | None = None
    """How many rows were read and found whole; None: they were not looked at."""
    trouble: str | None = None
    """What is wrong with it, or why it could not be looked at."""


def local_scopes(state_dir: Path) -> list[Scope]:
    """Every partition that has a folder below the state folder. Needs no lock."""
    with disk_errors_told(state_dir):
        groups = [path for path in state_dir.glob("*/*") if path.is_dir()]
    return sorted(
        Scope(unquote(folder.parent.name), unquote(folder.name), partition)
        for folder in groups
        for partition in partitions_in(folder)
    )


def survey(state_dir: Path, scopes: Iterable[Scope], *, thorough: bool) -> Iterator[LocalState]:
    """Look at partitions on this machine; thoroughly: at every row, against its checksum.

    Each group's folder is held meanwhile; where a worker holds it, only what the disk shows from outside is seen.
    """
    for (cluster_id, group), members in groupby(sorted(scopes), key=lambda scope: scope[:2]):
        partitions = [_from_outside(state_dir, scope) for scope in members]
        try:
            with StateFolder(state_dir, cluster_id, group) as folder:
                for partition in partitions:
                    yield _look_inside(folder, partition, thorough=thorough)
        except BrokenEnvironmentError as error:
            yield from (partition._replace(trouble=str(error)) for partition in partitions)


def _from_outside(state_dir: Path, scope: Scope) -> LocalState:
    folder = group_folder(state_dir, scope.cluster_id, scope.group) / str(scope.partition)
    with disk_errors_told(folder):
        return LocalState(scope, format_of(folder), _bytes_in(folder / DATABASE))


def _bytes_in(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        # A running worker's database drops files as we look.
        with suppress(FileNotFoundError):
            size += path.lstat().st_size
    return size


def _look_inside(folder: StateFolder, seen: LocalState, *, thorough: bool) -> LocalState:
    partition = seen.scope.partition
    if not folder.has_database(partition):
        return seen
    try:
        with closing(RocksStore(folder.database(partition))) as store:
            meta = _meta(store)
            _require_consistent(store, meta, seen.scope)
            rows = sum(1 for _ in store.scan(*_ALL_ROWS)) if thorough else None
    except BrokenEnvironmentError as error:
        return seen._replace(trouble=str(error))
    return seen._replace(position=Position.of(meta) if meta.cluster_id else None, rows=rows)


def _meta(store: RocksStore) -> Meta:
    try:
        return PartitionState(store).meta
    except msgspec.MsgspecError as error:
        raise StateDamagedError(f"{store.path}: the state's own description cannot be read: {error}") from error


def _require_consistent(store: RocksStore, meta: Meta, scope: Scope) -> None:
    waiting = sum(1 for _ in store.scan(*_WAITING_ROWS))
    checks = {
        f"it is of state format {meta.format_version}, this Evenhand reads {FORMAT_VERSION}": (
            meta.format_version == FORMAT_VERSION
        ),
        f"it is of cluster {meta.cluster_id}, its folder of {scope.cluster_id}": (
            meta.cluster_id in {"", scope.cluster_id}
        ),
        f"it counts {meta.waiting} waiting facts and holds {waiting}": meta.waiting == waiting,
        "it has read less than nothing": min(meta.offsets.values(), default=0) >= 0,
    }
    for fault, is_right in checks.items():
        if not is_right:
            raise StateDamagedError(f"{store.path}: {fault}; run `evenhand state reset --partition {scope.partition}`")
