"""A crash or a fault at any step of saving leaves every earlier snapshot as it was, and the next one whole."""

import errno
import os
from pathlib import Path

import pytest

from streams.snapshots import SnapshotStore, SnapshotStoreError, restore_newest
from tests.snapshot_examples import (
    NOW_US,
    Crash,
    FailingFileSystem,
    at,
    checkpoint,
    contents_of,
    failing_at,
    failing_store_in,
    store_in,
)

FIRST = {"CURRENT": "1", "a": "tables", "b": "more tables"}
SECOND = {"CURRENT": "2", "a": "tables", "c": "new tables"}
STEPS_OF_SECOND = [
    *("make folder", "put", "move"),  # CURRENT
    *("make folder", "put", "move"),  # c
    *("make folder", "write", "move"),  # the manifest
]


@pytest.fixture
def first_kept(tmp_path: Path) -> SnapshotStore:
    store = failing_store_in(tmp_path / "kept")
    store.save(checkpoint(tmp_path / "first", **FIRST), at(10, 5), NOW_US)
    checkpoint(tmp_path / "second", **SECOND)
    return store


def test_the_steps_of_a_save_are_those_that_the_crashes_below_hit(
    first_kept: SnapshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    monkeypatch.setattr(FailingFileSystem, "before", steps.append)

    first_kept.save(tmp_path / "second", at(20, 5), NOW_US)

    assert steps == STEPS_OF_SECOND


@pytest.mark.parametrize("step", range(len(STEPS_OF_SECOND)))
def test_a_crash_at_any_step_of_a_save_leaves_the_one_before_and_the_next_save_is_whole(
    first_kept: SnapshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(FailingFileSystem, "before", failing_at(step, Crash()))
        with pytest.raises(Crash):
            first_kept.save(tmp_path / "second", at(20, 5), NOW_US)

    successor = store_in(tmp_path / "kept")
    assert restore_newest(successor, tmp_path / "restored", accepts=lambda _: None) == at(10, 5)
    assert contents_of(tmp_path / "restored") == FIRST

    successor.save(tmp_path / "second", at(20, 5), NOW_US)
    assert restore_newest(successor, tmp_path / "restored", accepts=lambda _: None) == at(20, 5)
    assert contents_of(tmp_path / "restored") == SECOND


@pytest.mark.parametrize("step", range(len(STEPS_OF_SECOND)))
def test_a_fault_at_any_step_of_a_save_is_told_and_leaves_the_one_before(
    first_kept: SnapshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with monkeypatch.context() as patched:
        patched.setattr(FailingFileSystem, "before", failing_at(step, full))
        with pytest.raises(SnapshotStoreError, match="No space left on device: mend"):
            first_kept.save(tmp_path / "second", at(20, 5), NOW_US)

    assert restore_newest(first_kept, tmp_path / "restored", accepts=lambda _: None) == at(10, 5)

    first_kept.save(tmp_path / "second", at(20, 5), NOW_US)
    assert restore_newest(first_kept, tmp_path / "restored", accepts=lambda _: None) == at(20, 5)
