"""The state folder: one worker at a time, one format, and changes that are whole or absent."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.errors import BrokenEnvironmentError
from streams import state_folder
from streams.disk import require_room
from streams.state_folder import CHECKPOINT, RESTORING, StateFolder

CLUSTER = "MkU3OEVBNTcwNTJENDM2Qk"
GROUP = "evenhand.attribution"

HOLD_UNTIL_INPUT_ENDS = """
import sys
from pathlib import Path
from streams.state_folder import StateFolder
with StateFolder(Path(sys.argv[1]), sys.argv[2], sys.argv[3]):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold_in_another_process(state_dir: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD_UNTIL_INPUT_ENDS, str(state_dir), CLUSTER, GROUP]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def fill(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "000001.sst").write_text(text)
    return folder


def test_a_second_worker_is_told_the_folder_the_holder_and_what_to_do(tmp_path: Path) -> None:
    with hold_in_another_process(tmp_path) as holder:
        with pytest.raises(BrokenEnvironmentError) as refused:
            StateFolder(tmp_path, CLUSTER, GROUP)
        holder.communicate()

    expected = (
        f"{tmp_path}/{CLUSTER}/{GROUP} is in use by the process {holder.pid}: stop it, or give this worker another "
        "EVENHAND_STATE_DIR"
    )
    assert str(refused.value) == expected
    assert refused.value.exit_code == 3


def test_the_lock_ends_with_a_killed_holder(tmp_path: Path) -> None:
    with hold_in_another_process(tmp_path) as holder:
        holder.kill()

    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        assert (folder.root / "lock").read_text() == f"{os.getpid()}\n"


def test_groups_and_clusters_do_not_share_a_lock(tmp_path: Path) -> None:
    with (
        StateFolder(tmp_path, CLUSTER, GROUP),
        StateFolder(tmp_path, CLUSTER, "evenhand.scores"),
        StateFolder(tmp_path, "another-cluster", GROUP),
    ):
        pass


def test_a_refused_worker_leaves_the_lock_to_its_holder(tmp_path: Path) -> None:
    with StateFolder(tmp_path, CLUSTER, GROUP):
        for _ in range(2):
            with pytest.raises(BrokenEnvironmentError, match=f"in use by the process {os.getpid()}"):
                StateFolder(tmp_path, CLUSTER, GROUP)


def test_a_group_may_have_any_name_and_stays_below_the_state_folder(tmp_path: Path) -> None:
    with StateFolder(tmp_path, CLUSTER, "../../etc/passwd") as folder:
        assert folder.root == tmp_path / CLUSTER / "..%2F..%2Fetc%2Fpasswd"


def test_a_partition_database_lies_under_cluster_group_and_partition(tmp_path: Path) -> None:
    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        database = folder.database(7)

        assert database == tmp_path / CLUSTER / GROUP / "7" / "db"
        assert not folder.has_database(7)
        database.mkdir()
        assert folder.has_database(7)
        assert folder.partitions() == [7]


def test_partitions_are_listed_by_number(tmp_path: Path) -> None:
    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        for partition in (10, 9, 0):
            folder.database(partition)

        assert folder.partitions() == [0, 9, 10]


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        (1, "was written in the older state format 1, this Evenhand writes 2: run `evenhand state reset --partition 4"),
        (3, r"was written by a newer Evenhand \(state format 3, this one writes 2\): upgrade this one"),
    ],
)
def test_state_of_another_format_is_refused_with_what_to_do(tmp_path: Path, written: int, advice: str) -> None:
    with StateFolder(tmp_path, CLUSTER, GROUP, state_format=written) as folder:
        folder.database(4).mkdir()

    with StateFolder(tmp_path, CLUSTER, GROUP, state_format=2) as folder:
        with pytest.raises(BrokenEnvironmentError, match=advice):
            folder.database(4)
        assert folder.database(5).name == "db"


def test_state_without_a_format_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / CLUSTER / GROUP / "4" / "db", "of unknown origin")

    with (
        StateFolder(tmp_path, CLUSTER, GROUP) as folder,
        pytest.raises(BrokenEnvironmentError, match="written without a format version"),
    ):
        folder.database(4)


def test_removal_takes_a_partition_of_any_format_and_no_other(tmp_path: Path) -> None:
    with StateFolder(tmp_path, CLUSTER, GROUP, state_format=99) as folder:
        for partition in (4, 5):
            folder.database(partition).mkdir()

    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        folder.remove(4)
        folder.remove(6)

        assert folder.partitions() == [5]
        assert not folder.database(4).exists()


def test_a_restored_database_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        fill(folder.database(4), "old")
        restored = fill(folder.scratch(4, RESTORING), "new")

        database = folder.swap_in(4, restored)

        assert (database / "000001.sst").read_text() == "new"
        assert sorted(path.name for path in (folder.root / "4").iterdir()) == ["FORMAT", "db"]


def test_a_scratch_is_empty_however_the_last_attempt_ended(tmp_path: Path) -> None:
    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        fill(folder.scratch(4, CHECKPOINT), "left over")

        assert not folder.scratch(4, CHECKPOINT).exists()


@pytest.mark.parametrize("crash_at", range(4))
def test_a_crash_during_a_swap_leaves_the_old_database_none_or_the_new_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: int
) -> None:
    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        fill(folder.database(4), "old")
        restored = fill(folder.scratch(4, RESTORING), "new")
        crash_at_step(monkeypatch, crash_at)
        with pytest.raises(KeyboardInterrupt):
            folder.swap_in(4, restored)
        monkeypatch.undo()

    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        found = (folder.root / "4/db/000001.sst").read_text() if folder.has_database(4) else None
        assert found == ["old", None, "new", "new"][crash_at]
        assert {path.name for path in (folder.root / "4").iterdir()} <= {"FORMAT", "db"}


@pytest.mark.parametrize("crash_at", [0, 1, 2])
def test_a_crash_during_a_removal_leaves_the_old_database_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: int
) -> None:
    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        fill(folder.database(4), "old")
        crash_at_step(monkeypatch, crash_at)
        with pytest.raises(KeyboardInterrupt):
            folder.remove(4)
        monkeypatch.undo()

    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        assert folder.partitions() == ([4] if crash_at == 0 else [])
        assert sorted(path.name for path in folder.root.iterdir()) == (["4", "lock"] if crash_at == 0 else ["lock"])


def crash_at_step(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """The step-th rename, sync or removal of a tree that does something is not done, and nothing after it."""
    steps = iter(range(100))

    def unless_crashing(name: str, owner: object) -> None:
        real = getattr(owner, name)

        def instead(path: Path, *others: object) -> object:
            if next(steps) == step:
                raise KeyboardInterrupt
            return real(path, *others)

        monkeypatch.setattr(owner, name, instead)

    unless_crashing("rename", Path)
    unless_crashing("sync", state_folder)
    unless_crashing("rmtree", shutil)


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        (errno.ENOSPC, "the disk is full: free some space, or set EVENHAND_STATE_DIR"),
        (errno.EDQUOT, "the disk is full: free some space, or set EVENHAND_STATE_DIR"),
        (errno.EACCES, "Permission denied: give this user the right to write there"),
        (errno.EROFS, "Read-only file system: give this user the right to write there"),
        (errno.EIO, "Input/output error: check the disk"),
    ],
)
def test_a_disk_fault_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int, advice: str
) -> None:
    def refuse(path: Path, *_args: object, **_options: object) -> None:
        raise OSError(fault, os.strerror(fault), str(path))

    with StateFolder(tmp_path, CLUSTER, GROUP) as folder:
        monkeypatch.setattr(Path, "mkdir", refuse)
        with pytest.raises(BrokenEnvironmentError, match=f"^{folder.root}/4: {advice}"):
            folder.database(4)


def test_a_state_folder_that_is_a_file_is_told_in_words(tmp_path: Path) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("")

    with pytest.raises(BrokenEnvironmentError, match=r"Not a directory: check the disk, or set EVENHAND_STATE_DIR"):
        StateFolder(in_the_way, CLUSTER, GROUP)


def test_too_little_room_is_told_before_any_work(tmp_path: Path) -> None:
    require_room(tmp_path, 1)

    with pytest.raises(BrokenEnvironmentError, match=r"1,000,000,000,000,000,000 bytes are needed and .* are free"):
        require_room(tmp_path, 10**18)
