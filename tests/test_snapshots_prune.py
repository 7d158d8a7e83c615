"""Pruning keeps the last snapshots, and never a file less than the kept ones name."""

import os
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streams.snapshots import Manifest, NewerSnapshotError, Position, SnapshotStore, restore_newest
from streams.snapshots.prune import GRACE_US
from tests.snapshot_examples import (
    NOW_US,
    SECOND_US,
    TOPIC_IDS,
    Crash,
    FailingFileSystem,
    at,
    checkpoint,
    failing_at,
    failing_store_in,
    files_in,
    manifests_in,
    store_in,
)


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return store_in(tmp_path / "kept", kept=2)


def save(store: SnapshotStore, folder: Path, position: Position) -> Manifest:
    """A snapshot with a file of its own and one that all share."""
    return store.save(checkpoint(folder / "c", rows=str(position), tables="shared"), position, NOW_US)


def lie_since(path: Path, at_us: int) -> None:
    os.utime(path, ns=(at_us * 1000, at_us * 1000))


def let_all_lie(kept: Path, at_us: int = NOW_US) -> None:
    for path in kept.glob("*/*/*/*/*"):
        lie_since(path, at_us)


LATER_US = NOW_US + GRACE_US + SECOND_US


def totals(store: SnapshotStore) -> list[int]:
    return [manifest.position.total for manifest in store.candidates()]


def test_the_last_snapshots_are_kept_and_the_files_of_the_others_go(store: SnapshotStore, tmp_path: Path) -> None:
    for position in (at(1, 0), at(2, 0), at(3, 0)):
        save(store, tmp_path, position)
    let_all_lie(tmp_path / "kept")

    store.prune(at(3, 0), LATER_US)

    assert totals(store) == [3, 2]
    assert sorted(files_in(tmp_path / "kept").values()) == [str(at(2, 0)), str(at(3, 0)), "shared"]


def test_a_file_stays_through_its_grace(store: SnapshotStore, tmp_path: Path) -> None:
    for position in (at(1, 0), at(2, 0), at(3, 0)):
        save(store, tmp_path, position)
    let_all_lie(tmp_path / "kept")

    store.prune(at(3, 0), NOW_US + GRACE_US)

    assert totals(store) == [3, 2]
    assert len(files_in(tmp_path / "kept")) == 4


def test_what_lies_ahead_of_the_owner_stays_until_it_has_been_passed(store: SnapshotStore, tmp_path: Path) -> None:
    for position in (at(50, 0), at(1, 0), at(2, 0), at(3, 0)):
        save(store, tmp_path, position)

    store.prune(at(3, 0), NOW_US)
    assert totals(store) == [50, 3, 2]

    for position in (at(60, 0), at(70, 0)):
        save(store, tmp_path, position)
    store.prune(at(70, 0), NOW_US)
    assert totals(store) == [70, 60]


def test_after_a_change_of_rules_the_further_snapshots_of_the_old_ones_do_not_push_out_the_new(
    store: SnapshotStore, tmp_path: Path
) -> None:
    for position in (at(90, 0), at(91, 0)):
        save(store, tmp_path, position)
    for position in (at(70, 0, rules="new"), at(80, 0, rules="new"), at(95, 0, rules="new")):
        save(store, tmp_path, position)

    store.prune(at(95, 0, rules="new"), NOW_US)

    assert totals(store) == [95, 80]


def test_snapshots_of_another_log_are_left_to_a_person(store: SnapshotStore, tmp_path: Path) -> None:
    former_log = TOPIC_IDS | {"touchpoints": "before it was made anew"}
    for position in (at(1, 0), at(2, 0), at(3, 0), at(90, 0, topic_ids=former_log)):
        save(store, tmp_path, position)
    let_all_lie(tmp_path / "kept")

    store.prune(at(3, 0), LATER_US)

    assert totals(store) == [90, 3, 2]
    assert len(files_in(tmp_path / "kept")) == 4


def test_a_broken_manifest_and_an_unfinished_one_go_after_the_grace(store: SnapshotStore, tmp_path: Path) -> None:
    save(store, tmp_path, at(1, 0))
    save(store, tmp_path, at(2, 0))
    broken = manifests_in(tmp_path / "kept")[0]
    broken.write_text("{")
    unfinished = broken.with_name(f"{broken.name}.0123abcd.part")
    unfinished.write_text("{")
    store = store_in(tmp_path / "kept", kept=2)

    let_all_lie(tmp_path / "kept")
    store.prune(at(3, 0), NOW_US + GRACE_US)
    assert broken.exists()
    assert unfinished.exists()

    store.prune(at(3, 0), LATER_US)
    assert not broken.exists()
    assert not unfinished.exists()
    assert totals(store) == [1]


def test_nothing_is_pruned_beside_a_manifest_of_a_newer_evenhand(store: SnapshotStore, tmp_path: Path) -> None:
    for position in (at(1, 0), at(2, 0), at(3, 0)):
        save(store, tmp_path, position)
    newer = Manifest(version=2, position=at(4, 0), created_us=NOW_US, files=())
    manifests_in(tmp_path / "kept")[0].with_name(newer.name).write_bytes(newer.encode())
    let_all_lie(tmp_path / "kept")

    with pytest.raises(NewerSnapshotError):
        store.prune(at(3, 0), LATER_US)

    assert totals(store) == [3, 2, 1]
    assert len(files_in(tmp_path / "kept")) == 4


def test_an_old_file_that_no_snapshot_names_is_made_young_before_a_new_one_counts_on_it(
    store: SnapshotStore, tmp_path: Path
) -> None:
    save(store, tmp_path, at(1, 0))
    manifests_in(tmp_path / "kept")[0].unlink()
    let_all_lie(tmp_path / "kept")

    saved = store.save(tmp_path / "c", at(1, 0), NOW_US + GRACE_US)
    # Another worker, which has read the manifests before this one was added, prunes now.
    manifests_in(tmp_path / "kept")[0].rename(tmp_path / "not seen")
    store_in(tmp_path / "kept").prune(at(9, 0), LATER_US)

    store.verify(saved)


# Two workers, of which one may be about to learn that it is not the owner any more

STEPS_OF_A_SAVE = 12  # make a folder, write, move; for each of three files and the manifest


@pytest.mark.parametrize("step", range(STEPS_OF_A_SAVE))
def test_pruning_at_any_step_of_another_workers_save_does_not_harm_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    kept = tmp_path / "kept"
    saving, pruning = failing_store_in(kept, kept=1), store_in(kept, kept=1)
    saving.save(checkpoint(tmp_path / "one", tables="orphaned"), at(1, 0), NOW_US)
    manifests_in(kept)[0].unlink()
    pruning.save(checkpoint(tmp_path / "other", rows="named"), at(2, 0), NOW_US)
    let_all_lie(kept, at_us=0)
    checkpoint(tmp_path / "one", rows="named", more="new", CURRENT="3")
    steps: list[str] = []

    def prune_at_step(name: str) -> None:
        if len(steps) == step:
            pruning.prune(at(2, 0), time.time_ns() // 1000)
        steps.append(name)

    monkeypatch.setattr(FailingFileSystem, "before", prune_at_step)
    saved = saving.save(tmp_path / "one", at(3, 0), time.time_ns() // 1000)

    assert len(steps) == STEPS_OF_A_SAVE
    saving.verify(saved)


class SnapshotsOfTwoWorkers(RuleBasedStateMachine):
    """Two workers save what they have come to or crash at it, either prunes as the owner, and time goes by."""

    @initialize(kept=st.integers(1, 3))
    def start(self, kept: int) -> None:
        self.kept = kept
        self.home = TemporaryDirectory()
        self.folder = Path(self.home.name) / "kept"
        self.stores = [failing_store_in(self.folder, kept) for _ in range(2)]
        self.read = [[0, 0], [0, 0]]
        self.now_us = NOW_US

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self.home.cleanup()

    @rule(worker=st.integers(0, 1), topic=st.integers(0, 1), table=st.sampled_from("abcd"))
    def save(self, worker: int, topic: int, table: str) -> None:
        self.read[worker][topic] += 1
        self._save(worker, table)

    @rule(worker=st.integers(0, 1), table=st.sampled_from("abcd"), step=st.integers(0, 11))
    def crash_while_saving(self, worker: int, table: str, step: int) -> None:
        with pytest.MonkeyPatch.context() as patched, suppress(Crash):
            patched.setattr(FailingFileSystem, "before", failing_at(step, Crash()))
            self._save(worker, table)
        self._stamp_what_is_new()

    @rule(worker=st.integers(0, 1))
    def prune(self, worker: int) -> None:
        owned = at(*self.read[worker])
        before = self._offered()
        self.stores[worker].prune(owned, self.now_us)
        after = self._offered()

        behind = sorted((one.total for one in before if owned.reaches(one)), reverse=True)
        assert sorted((one.total for one in after if owned.reaches(one)), reverse=True) == behind[: self.kept]
        assert [one for one in after if not owned.reaches(one)] == [one for one in before if not owned.reaches(one)]

    @rule(worker=st.integers(0, 1))
    def restore(self, worker: int) -> None:
        with TemporaryDirectory() as folder:
            position = restore_newest(self.stores[worker], Path(folder) / "restored", accepts=lambda _: None)
            if position is not None:
                self.read[worker] = list(position.offsets.values())

    @rule(seconds=st.sampled_from([1, GRACE_US // SECOND_US // 2, GRACE_US // SECOND_US + 1]))
    def wait(self, seconds: int) -> None:
        self.now_us += seconds * SECOND_US

    @invariant()
    def every_snapshot_that_is_offered_is_whole(self) -> None:
        if hasattr(self, "stores"):
            for manifest in self.stores[0].candidates():
                self.stores[0].verify(manifest)

    def _offered(self) -> list[Position]:
        return [manifest.position for manifest in self.stores[0].candidates()]

    def _save(self, worker: int, table: str) -> None:
        with TemporaryDirectory() as folder:
            files = checkpoint(Path(folder), CURRENT=f"{worker} {self.read[worker]}", table=table, shared="all have it")
            self.stores[worker].save(files, at(*self.read[worker]), self.now_us)
        self._stamp_what_is_new()

    def _stamp_what_is_new(self) -> None:
        """The file system writes with the real clock; this machine's clock stands years before it."""
        for path in self.folder.glob("*/*/*/*/*"):
            if path.stat().st_mtime_ns // 1000 > LAST_YEAR_OF_THE_MACHINE_US:
                lie_since(path, self.now_us)


LAST_YEAR_OF_THE_MACHINE_US = NOW_US + 365 * 24 * 3600 * SECOND_US

TestSnapshotsOfTwoWorkers = SnapshotsOfTwoWorkers.TestCase
TestSnapshotsOfTwoWorkers.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
