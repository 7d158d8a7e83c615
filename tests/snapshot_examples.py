"""Checkpoints, positions and stores to snapshot, and a file system that fails at a chosen step."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import fsspec  # type: ignore[import-untyped]
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from streams.rows import FORMAT_VERSION
from streams.snapshots import Position, Scope, SnapshotStore

CLUSTER = "MkU3OEVBNTcwNTJENDM2Qk"
SCOPE = Scope(CLUSTER, "evenhand.attribution", 7)
SECOND_US = 1_000_000
NOW_US = 1_688_554_920 * SECOND_US  # 2023-07-05T11:02:00Z
TOPIC_IDS = {"touchpoints": "id-of-touchpoints", "conversions": "id-of-conversions", "credits": "id-of-credits"}


def at(
    touchpoints: int,
    conversions: int,
    *,
    cluster_id: str = CLUSTER,
    topic_ids: dict[str, str] = TOPIC_IDS,
    rules: str = "{}",
    format_version: int = FORMAT_VERSION,
) -> Position:
    """The position of a state that has read so many records of each input."""
    return Position(
        format_version=format_version,
        cluster_id=cluster_id,
        topic_ids=topic_ids,
        rules=rules,
        offsets={"touchpoints": touchpoints, "conversions": conversions},
        output_ends={"credits": 2 * conversions},
        newest_us={"touchpoints": NOW_US, "conversions": NOW_US},
    )


def checkpoint(folder: Path, **contents: str) -> Path:
    """A folder with these files, as a checkpoint of a database is one. A name may say `sub__name` for `sub/name`."""
    for name, content in contents.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def contents_of(folder: Path) -> dict[str, str]:
    """What `checkpoint` was given."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)).replace("/", "__"): path.read_text() for path in files}


def store_in(folder: Path, kept: int = 3, scope: Scope = SCOPE) -> SnapshotStore:
    """A store over real files below the folder."""
    return SnapshotStore(f"file://{folder}", scope, kept)


def failing_store_in(folder: Path, kept: int = 3) -> SnapshotStore:
    """A store over the same files as `store_in`, which fails when `FailingFileSystem.before` does."""
    return SnapshotStore(f"failing://{folder}", SCOPE, kept)


def manifests_in(folder: Path) -> list[Path]:
    """The manifests that a store over the folder holds, the furthest position first."""
    return sorted(folder.glob("*/*/*/manifests/*.json"), reverse=True)


def files_in(folder: Path) -> dict[str, str]:
    """The content of each stored file, by the name that it is stored under."""
    return {path.name: path.read_text() for path in folder.glob("*/*/*/files/*")}


class Crash(BaseException):
    """The process is gone: nothing in the code under test may take it for an error."""


def failing_at(step: int, error: BaseException) -> Callable[[str], None]:
    """For `FailingFileSystem.before`: the error comes once, before that step (counted from 0)."""
    steps = iter(range(1000))

    def before(_step: str) -> None:
        if next(steps) == step:
            raise error

    return before


class FailingFileSystem(LocalFileSystem):  # type: ignore[misc]  # fsspec has no type hints
    """Real local files under `failing://`. `before` runs before each step that changes the disk, and may raise.

    A file whose copy or write fails stands there half, as after a crash.
    """

    protocol = "failing"
    cachable = False
    before: ClassVar[Callable[[str], None]] = staticmethod(lambda _step: None)

    def put_file(self, path1: str, path2: str, **kwargs: object) -> None:
        self._step("put", Path(path2), Path(path1).read_bytes())
        super().put_file(path1, path2, **kwargs)

    def pipe_file(self, path: str, value: bytes, **kwargs: object) -> None:
        self._step("write", Path(path), value)
        super().pipe_file(path, value, **kwargs)

    def mv(self, path1: str, path2: str, **kwargs: object) -> None:
        FailingFileSystem.before("move")
        super().mv(path1, path2, **kwargs)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        FailingFileSystem.before("make folder")
        super().makedirs(path, exist_ok)

    def rm_file(self, path: str) -> None:
        FailingFileSystem.before("remove")
        super().rm_file(path)

    def _step(self, step: str, target: Path, content: bytes) -> None:
        try:
            FailingFileSystem.before(step)
        except BaseException:
            target.write_bytes(content[: len(content) // 2])
            raise


fsspec.register_implementation("failing", FailingFileSystem, clobber=True)
