"""Snapshots of real databases: the state that comes back is the state that was, and only new tables travel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.kept import Meta
from streams.rocks import RocksStore
from streams.snapshots import Manifest, Position, SnapshotStore, restore_newest
from streams.state import PartitionState
from streams.state_folder import CHECKPOINT, RESTORING, StateFolder
from tests.snapshot_examples import CLUSTER, NOW_US, SCOPE, TOPIC_IDS, store_in


class Worker:
    """Owns one partition's database and snapshots it, as the loop does."""

    def __init__(self, folder: StateFolder, snapshots: SnapshotStore) -> None:
        self._folder = folder
        self._snapshots = snapshots
        self.rocks = RocksStore(folder.database(SCOPE.partition))

    def read(self, touchpoints: int, rows: dict[bytes, bytes]) -> None:
        """The rows and the offset that they come from become true together."""
        state = PartitionState(self.rocks)
        state.meta = Meta(cluster_id=CLUSTER, topic_ids=TOPIC_IDS, offsets={"touchpoints": touchpoints})
        state.commit()
        self.rocks.write(dict(rows))

    def snapshot(self) -> Manifest:
        checkpoint = self._folder.scratch(SCOPE.partition, CHECKPOINT)
        self.rocks.checkpoint(checkpoint)
        return self._snapshots.save(checkpoint, Position.of(PartitionState(self.rocks).meta), NOW_US)

    def restore(self) -> Position | None:
        self.rocks.close()
        scratch = self._folder.scratch(SCOPE.partition, RESTORING)
        position = restore_newest(self._snapshots, scratch, accepts=lambda _: None)
        self.rocks = RocksStore(self._folder.swap_in(SCOPE.partition, scratch))
        return position

    def rows(self) -> dict[bytes, bytes]:
        return dict(self.rocks.scan(b"contact", b"contacu"))


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[list[Worker]]:
    names = ("one", "other")
    folders = [StateFolder(tmp_path / name, SCOPE.cluster_id, SCOPE.group) for name in names]
    made = [Worker(folder, store_in(tmp_path / "kept")) for folder in folders]
    yield made
    for worker, folder in zip(made, folders, strict=True):
        worker.rocks.close()
        folder.close()


def table(prefix: str, value: bytes = b"v" * 200) -> dict[bytes, bytes]:
    return {f"contact-{prefix}-{number:05}".encode(): value for number in range(2000)}


def test_a_worker_without_state_goes_on_where_the_snapshot_ends(workers: list[Worker]) -> None:
    one, other = workers
    one.read(1000, table("a"))
    saved = one.snapshot()

    assert other.restore() == saved.position
    assert PartitionState(other.rocks).meta.offsets == {"touchpoints": 1000}
    assert other.rows() == table("a")


def test_a_second_snapshot_of_a_database_adds_little_more_than_what_is_new(
    workers: list[Worker], tmp_path: Path
) -> None:
    one, other = workers
    for prefix in "abcdef":
        one.read(1000, table(prefix, value=prefix.encode() * 200))
    one.snapshot()
    before = stored(tmp_path)

    one.read(1001, {b"contact-new": b"1"})
    saved = one.snapshot()

    tables = {file.sha256 for file in saved.files if file.path.endswith(".sst")}
    assert len(tables & before.keys()) == len(tables) - 1
    assert other.restore() == saved.position
    assert len(other.rows()) == 6 * 2000 + 1


def stored(tmp_path: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in (tmp_path / "kept").glob("*/*/*/files/*")}


def test_two_workers_that_restored_one_snapshot_write_different_tables_of_one_name(
    workers: list[Worker], tmp_path: Path
) -> None:
    one, other = workers
    one.read(1000, table("a"))
    one.snapshot()
    for worker in workers:
        worker.restore()

    one.read(1001, {b"contact-of": b"one"})
    of_one = one.snapshot()
    other.read(1002, {b"contact-of": b"other"})
    of_other = other.snapshot()

    tables = [{file.path: file.sha256 for file in saved.files} for saved in (of_one, of_other)]
    assert any(tables[0][name] != tables[1][name] for name in tables[0].keys() & tables[1].keys() if ".sst" in name)
    for saved, content in ((of_one, b"one"), (of_other, b"other")):
        store_in(tmp_path / "kept").restore(saved, tmp_path / content.decode() / "restored")
        database = RocksStore(tmp_path / content.decode() / "restored")
        assert database.get(b"contact-of") == content
        database.close()


def test_a_worker_whose_newest_snapshot_is_damaged_goes_on_from_the_one_before(
    workers: list[Worker], tmp_path: Path
) -> None:
    one, other = workers
    one.read(1000, table("a"))
    first = one.snapshot()
    one.read(2000, table("b"))
    newest = one.snapshot()
    only_newest = {file.sha256 for file in newest.files} - {file.sha256 for file in first.files}
    for path in (tmp_path / "kept").glob("*/*/*/files/*"):
        if path.name in only_newest and path.stat().st_size:
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)

    assert other.restore() == first.position
    assert other.rows() == table("a")
