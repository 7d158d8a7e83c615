"""Which snapshot a worker gets: the furthest that is whole, of its own log and lineage, and good for it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from structlog.typing import EventDict

from config.errors import BrokenEnvironmentError
from streams.rows import FORMAT_VERSION
from streams.snapshots import Manifest, Position, SnapshotStore, SnapshotStoreError, restore_newest
from streams.snapshots.storage import Storage
from tests.snapshot_examples import NOW_US, TOPIC_IDS, at, checkpoint, contents_of, manifests_in, store_in


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return store_in(tmp_path / "kept")


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


def warnings(logged: list[EventDict]) -> list[str]:
    return [f"{entry['event']}: {entry['why']}" for entry in logged if entry["log_level"] == "warning"]


def save(store: SnapshotStore, folder: Path, position: Position) -> Manifest:
    """A snapshot whose one file says how far it came."""
    return store.save(checkpoint(folder / "c", rows=str(position.offsets)), position, NOW_US)


def damage(kept: Path, manifest: Manifest) -> None:
    (stored,) = kept.glob(f"*/*/*/files/{manifest.files[0].sha256}")
    stored.write_text("damaged")


def accept_all(_position: Position) -> None:
    return None


def test_the_furthest_snapshot_is_restored(store: SnapshotStore, tmp_path: Path, logged: list[EventDict]) -> None:
    for position in (at(20, 5), at(30, 5), at(10, 5)):
        save(store, tmp_path, position)

    assert restore_newest(store, tmp_path / "restored", accept_all) == at(30, 5)
    assert contents_of(tmp_path / "restored") == {"rows": str(at(30, 5).offsets)}
    assert warnings(logged) == []


def test_without_snapshots_nothing_is_restored(store: SnapshotStore, tmp_path: Path) -> None:
    assert restore_newest(store, tmp_path / "restored", accept_all) is None
    assert not (tmp_path / "restored").exists()


def test_a_damaged_snapshot_is_skipped_with_a_warning_for_the_one_before(
    store: SnapshotStore, tmp_path: Path, logged: list[EventDict]
) -> None:
    save(store, tmp_path, at(10, 5))
    damage(tmp_path / "kept", save(store, tmp_path, at(20, 5)))

    assert restore_newest(store, tmp_path / "restored", accept_all) == at(10, 5)
    assert contents_of(tmp_path / "restored") == {"rows": str(at(10, 5).offsets)}
    (warning,) = warnings(logged)
    assert warning.startswith("snapshot skipped: snapshot 00000000000000000025-")
    assert warning.endswith("the stored content of rows is no longer what it was")


def test_a_snapshot_with_a_missing_file_is_skipped_with_a_warning_for_the_one_before(
    store: SnapshotStore, tmp_path: Path, logged: list[EventDict]
) -> None:
    save(store, tmp_path, at(10, 5))
    (stored,) = (tmp_path / "kept").glob(f"*/*/*/files/{save(store, tmp_path, at(20, 5)).files[0].sha256}")
    stored.unlink()

    assert restore_newest(store, tmp_path / "restored", accept_all) == at(10, 5)
    (warning,) = warnings(logged)
    assert warning == f"snapshot skipped: file://{stored} is missing"


def test_a_truncated_manifest_is_skipped_with_a_warning_for_the_one_before(
    store: SnapshotStore, tmp_path: Path, logged: list[EventDict]
) -> None:
    for position in (at(10, 5), at(20, 5)):
        save(store, tmp_path, position)
    newest = manifests_in(tmp_path / "kept")[0]
    newest.write_bytes(newest.read_bytes()[:100])

    assert restore_newest(store_in(tmp_path / "kept"), tmp_path / "restored", accept_all) == at(10, 5)
    assert warnings(logged) == [f"snapshot skipped: snapshot {newest.name}: the manifest was cut short or changed"]


def test_when_every_snapshot_is_damaged_nothing_is_restored(store: SnapshotStore, tmp_path: Path) -> None:
    for position in (at(10, 5), at(20, 5)):
        damage(tmp_path / "kept", save(store, tmp_path, position))

    assert restore_newest(store, tmp_path / "restored", accept_all) is None
    assert not (tmp_path / "restored").exists()


def test_what_the_worker_does_not_accept_is_skipped_with_its_reason(
    store: SnapshotStore, tmp_path: Path, logged: list[EventDict]
) -> None:
    save(store, tmp_path, at(10, 5))
    save(store, tmp_path, at(20, 5, topic_ids=TOPIC_IDS | {"touchpoints": "id-of-touchpoints-made-anew"}))

    def accepts(position: Position) -> str | None:
        return None if position.topic_ids == TOPIC_IDS else "touchpoints was made anew since"

    assert restore_newest(store, tmp_path / "restored", accepts) == at(10, 5)
    assert warnings(logged) == ["snapshot skipped: touchpoints was made anew since"]


def test_a_snapshot_of_another_cluster_is_skipped_with_a_warning(
    store: SnapshotStore, tmp_path: Path, logged: list[EventDict]
) -> None:
    save(store, tmp_path, at(10, 5))
    foreign = save(store, tmp_path, at(20, 5, cluster_id="another-cluster"))

    assert restore_newest(store, tmp_path / "restored", accept_all) == at(10, 5)
    assert warnings(logged) == [f"snapshot skipped: snapshot {foreign.name} is of another Kafka cluster"]


def test_a_snapshot_of_another_state_format_is_skipped_with_a_warning(
    store: SnapshotStore, tmp_path: Path, logged: list[EventDict]
) -> None:
    save(store, tmp_path, at(10, 5))
    save(store, tmp_path, at(20, 5, format_version=FORMAT_VERSION + 1))

    assert restore_newest(store, tmp_path / "restored", accept_all) == at(10, 5)
    assert warnings(logged) == [
        f"snapshot skipped: it is of state format {FORMAT_VERSION + 1}, this Evenhand reads {FORMAT_VERSION}"
    ]


# Lineages: where neither of two states has read all that the other has


def test_a_snapshot_to_the_side_of_the_furthest_is_skipped_even_if_the_furthest_is_damaged(
    store: SnapshotStore, tmp_path: Path, logged: list[EventDict]
) -> None:
    save(store, tmp_path, at(10, 5))
    save(store, tmp_path, at(5, 20))
    damage(tmp_path / "kept", save(store, tmp_path, at(30, 10)))

    assert restore_newest(store, tmp_path / "restored", accept_all) == at(10, 5)
    assert [warning.partition(" of ")[2] for warning in warnings(logged)] == [
        "rows is no longer what it was",
        "another lineage than the furthest snapshot: neither has read all that the other has",
    ]


def test_local_state_is_left_where_no_snapshot_is_ahead_of_it(
    store: SnapshotStore, tmp_path: Path, logged: list[EventDict]
) -> None:
    for position in (at(10, 5), at(20, 5)):
        save(store, tmp_path, position)

    for local in (at(20, 5), at(20, 6)):
        assert restore_newest(store, tmp_path / "restored", accept_all, local) is None
    assert warnings(logged) == []


def test_local_state_gives_way_to_a_snapshot_ahead_of_it(store: SnapshotStore, tmp_path: Path) -> None:
    save(store, tmp_path, at(20, 5))

    assert restore_newest(store, tmp_path / "restored", accept_all, local=at(19, 5)) == at(20, 5)


def test_local_state_is_left_beside_a_snapshot_of_another_lineage(
    store: SnapshotStore, tmp_path: Path, logged: list[EventDict]
) -> None:
    save(store, tmp_path, at(20, 5))

    assert restore_newest(store, tmp_path / "restored", accept_all, local=at(10, 6)) is None
    (warning,) = warnings(logged)
    assert warning.startswith("snapshot skipped: it is of another lineage than the local state")


READ = st.integers(0, 3)
POSITIONS = st.builds(at, READ, READ)


@given(POSITIONS, POSITIONS, POSITIONS)
def test_positions_of_one_log_are_partially_ordered_and_totals_follow(a: Position, b: Position, c: Position) -> None:
    assert a.reaches(a)
    assert not (a.reaches(b) and b.reaches(a)) or a.offsets == b.offsets
    assert not (a.reaches(b) and b.reaches(c)) or a.reaches(c)
    assert not a.reaches(b) or a.total >= b.total


@pytest.mark.parametrize(
    "other",
    [
        at(1, 1, cluster_id="another-cluster"),
        at(1, 1, topic_ids=TOPIC_IDS | {"touchpoints": "made anew"}),
        at(1, 1, topic_ids=TOPIC_IDS | {"credits": "made anew"}),
    ],
)
def test_offsets_of_different_logs_are_not_compared(other: Position) -> None:
    assert not at(9, 9).reaches(other)
    assert not other.reaches(at(0, 0))


def test_a_topic_of_which_nothing_was_read_counts_as_read_up_to_its_begin() -> None:
    only_touchpoints = msgspec.structs.replace(at(2, 0), offsets={"touchpoints": 2})

    assert only_touchpoints.reaches(at(2, 0))
    assert at(2, 0).reaches(only_touchpoints)
    assert not only_touchpoints.reaches(at(2, 1))


def test_an_output_topic_that_is_new_makes_no_other_log() -> None:
    assert at(2, 2, topic_ids=TOPIC_IDS | {"credits.shadow": "new"}).reaches(at(1, 1))


# When the place does not answer


@pytest.fixture
def out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise SnapshotStoreError("s3://bucket/…: timed out")

    monkeypatch.setattr(Storage, "fetch", refuse)


@pytest.mark.usefixtures("out_of_reach")
def test_an_outage_is_told_rather_than_the_state_made_anew(store: SnapshotStore, tmp_path: Path) -> None:
    save(store, tmp_path, at(10, 5))

    with pytest.raises(SnapshotStoreError, match="timed out"):
        restore_newest(store, tmp_path / "restored", accept_all)


@pytest.mark.usefixtures("out_of_reach")
def test_in_an_outage_the_state_at_hand_will_do(store: SnapshotStore, tmp_path: Path, logged: list[EventDict]) -> None:
    save(store, tmp_path, at(10, 5))

    assert restore_newest(store, tmp_path / "restored", accept_all, local=at(9, 5)) is None
    assert warnings(logged)[-1] == "snapshots out of reach, the state at hand will do: s3://bucket/…: timed out"


def test_a_local_disk_that_refuses_is_not_taken_for_a_broken_snapshot(store: SnapshotStore, tmp_path: Path) -> None:
    save(store, tmp_path, at(10, 5))
    (tmp_path / "a file").write_text("")

    with pytest.raises(BrokenEnvironmentError, match="a file/restored: Not a directory"):
        restore_newest(store, tmp_path / "a file" / "restored", accept_all)
