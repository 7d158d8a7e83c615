"""`evenhand state`: what it shows of state and snapshots, what it finds wrong, and what it removes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.state import command
from config.catalogue import load_catalogue
from config.errors import BrokenEnvironmentError, EvenhandError, UsageError
from streams.kept import Meta
from streams.rocks import RocksStore
from streams.rows import FORMAT_VERSION
from streams.snapshots import Manifest, Position, Scope, SnapshotStore
from streams.state import PartitionState
from streams.state_folder import CHECKPOINT, StateFolder
from tests.snapshot_examples import CLUSTER, NOW_US, TOPIC_IDS

GROUP = "evenhand.attribution"
CATALOGUE = load_catalogue(None)


class Installation:
    """A worker's local state and its snapshots, in folders."""

    def __init__(self, home: Path) -> None:
        self.state_dir = home / "state"
        self.url = f"file://{home}/kept"

    def read(self, partition: int, touchpoints: int, cluster_id: str = CLUSTER, group: str = GROUP) -> None:
        """The partition's worker has come so far, taken a snapshot, and stopped."""
        with StateFolder(self.state_dir, cluster_id, group) as folder:
            rocks = RocksStore(folder.database(partition))
            state = PartitionState(rocks)
            state.meta = Meta(
                cluster_id=cluster_id,
                topic_ids=TOPIC_IDS,
                rules=CATALOGUE.serialised(),
                offsets={"touchpoints": touchpoints, "conversions": 0},
                newest_us={"touchpoints": NOW_US},
            )
            state.commit()
            rocks.write({f"contact-{number}\0k".encode(): b"1" * 100 for number in range(1000)})
            checkpoint = folder.scratch(partition, CHECKPOINT)
            rocks.checkpoint(checkpoint)
            self._store(partition, cluster_id, group).save(checkpoint, Position.of(state.meta), NOW_US)
            rocks.close()

    def snapshots(self, partition: int) -> list[Manifest]:
        return list(self._store(partition, CLUSTER, GROUP).candidates())

    def partitions(self) -> list[int]:
        with StateFolder(self.state_dir, CLUSTER, GROUP) as folder:
            return folder.partitions()

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(
            command, [arguments[0], "--state-dir", str(self.state_dir), "--snapshot-url", self.url, *arguments[1:]]
        )

    def _store(self, partition: int, cluster_id: str, group: str) -> SnapshotStore:
        return SnapshotStore(self.url, Scope(cluster_id, group, partition), kept=3)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("installed")
    made = Installation(home)
    made.read(3, touchpoints=1000)
    made.read(3, touchpoints=2500)
    made.read(11, touchpoints=700)
    return home


@pytest.fixture
def installation(installed: Path, tmp_path: Path) -> Installation:
    shutil.copytree(installed, tmp_path, dirs_exist_ok=True)
    return Installation(tmp_path)


def failure(result: Result) -> EvenhandError:
    assert isinstance(result.exception, EvenhandError), result.output
    return result.exception


def found(result: Result) -> dict[str, list[dict[str, object]]]:
    decoded: dict[str, list[dict[str, object]]] = json.loads(result.stdout)
    return decoded


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_info_says_how_far_each_partition_and_each_snapshot_has_come(installation: Installation) -> None:
    seen = found(installation.run("info", "--json"))

    expected = {
        "cluster_id": CLUSTER,
        "group": GROUP,
        "partition": 3,
        "format": FORMAT_VERSION,
        "offsets": {"conversions": 0, "touchpoints": 2500},
        "newest": {"touchpoints": "2023-07-05T11:02:00Z"},
        "rules": CATALOGUE.fingerprint,
        "rows": None,
        "trouble": None,
    }
    first = seen["local"][0]
    assert int(str(first.pop("bytes"))) > 1000
    assert first == expected
    assert [(state["partition"], state["offsets"]) for state in seen["local"]] == [
        (3, {"conversions": 0, "touchpoints": 2500}),
        (11, {"conversions": 0, "touchpoints": 700}),
    ]
    assert [(one["partition"], one["offsets"], one["taken_at"]) for one in seen["snapshots"]] == [
        (3, {"conversions": 0, "touchpoints": 2500}, "2023-07-05T11:02:00Z"),
        (3, {"conversions": 0, "touchpoints": 1000}, "2023-07-05T11:02:00Z"),
        (11, {"conversions": 0, "touchpoints": 700}, "2023-07-05T11:02:00Z"),
    ]


def test_info_shows_people_a_table_of_each(installation: Installation) -> None:
    lines = installation.run("info").stdout.splitlines()

    heading = "CLUSTER GROUP PARTITION FORMAT READ UP TO NEWEST EVENTS RULES BYTES ROWS TROUBLE"
    assert " ".join(lines[0].split()) == heading
    assert "conversions 0, touchpoints 2500  touchpoints 2023-07-05T11:02:00Z" in lines[1]
    assert lines[4].split()[:5] == ["CLUSTER", "GROUP", "PARTITION", "SNAPSHOT", "TAKEN"]
    assert lines[-1] == "partitions here: 2, snapshots: 3"


def test_info_of_nothing_is_no_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["info", "--state-dir", str(tmp_path / "none")])

    assert (result.exit_code, result.stdout) == (0, "partitions here: 0, snapshots: 0\n")


def test_info_beside_a_running_worker_shows_the_size_and_who_is_in_the_way(installation: Installation) -> None:
    with StateFolder(installation.state_dir, CLUSTER, GROUP):
        seen = found(installation.run("info", "--json"))

    assert [(state["format"], state["offsets"]) for state in seen["local"]] == [(FORMAT_VERSION, None)] * 2
    assert f"is in use by the process {os.getpid()}" in str(seen["local"][0]["trouble"])
    assert len(seen["snapshots"]) == 3


def test_another_group_and_another_cluster_are_left_out(installation: Installation) -> None:
    installation.read(5, touchpoints=1, group="evenhand.test.attribution")
    installation.read(6, touchpoints=1, cluster_id="another-cluster")

    everywhere = found(installation.run("info", "--json"))
    there = found(installation.run("info", "--json", "--cluster", "another-cluster"))
    other = found(installation.run("info", "--json", "--group", "evenhand.test"))

    assert [state["partition"] for state in everywhere["local"]] == [3, 11, 6]
    assert [state["partition"] for state in there["local"] + there["snapshots"]] == [6, 6]
    assert [state["partition"] for state in other["local"] + other["snapshots"]] == [5, 5]


# verify


def test_verify_reads_every_row_of_sound_state(installation: Installation) -> None:
    result = installation.run("verify", "--json")

    assert result.exit_code == 0
    assert [state["rows"] for state in found(result)["local"]] == [1001, 1001]


def test_verify_finds_a_damaged_table(installation: Installation) -> None:
    for table in (installation.state_dir / CLUSTER / GROUP / "3" / "db").glob("*.sst"):
        flip_a_byte(table)

    result = installation.run("verify", "--json")

    assert "1 of 5 cannot be used: the list says why" in str(failure(result))
    sound, damaged = found(result)["local"][1], found(result)["local"][0]
    assert sound["trouble"] is None
    assert "the state cannot be read (Corruption" in str(damaged["trouble"])


@pytest.mark.parametrize(
    ("meta", "trouble"),
    [
        (Meta(cluster_id="another"), f"it is of cluster another, its folder of {CLUSTER}"),
        (Meta(cluster_id=CLUSTER, waiting=2), "it counts 2 waiting facts and holds 0"),
        (Meta(cluster_id=CLUSTER, offsets={"touchpoints": -1}), "it has read less than nothing"),
        (Meta(cluster_id=CLUSTER, format_version=99), "it is of state format 99"),
    ],
)
def test_verify_finds_state_that_contradicts_itself(installation: Installation, meta: Meta, trouble: str) -> None:
    with StateFolder(installation.state_dir, CLUSTER, GROUP) as folder:
        rocks = RocksStore(folder.database(3))
        state = PartitionState(rocks)
        state.meta = meta
        state.commit()
        rocks.close()

    result = installation.run("verify", "--json")

    assert failure(result).exit_code == 3
    assert trouble in str(found(result)["local"][0]["trouble"])


def test_verify_finds_state_whose_description_is_garbled(installation: Installation) -> None:
    with StateFolder(installation.state_dir, CLUSTER, GROUP) as folder:
        rocks = RocksStore(folder.database(3))
        rocks.write({b"\0meta": b"garbled"})
        rocks.close()

    result = installation.run("verify", "--json")

    assert failure(result).exit_code == 3
    assert "the state's own description cannot be read" in str(found(result)["local"][0]["trouble"])


def test_verify_finds_a_damaged_snapshot_and_a_manifest_cut_short(installation: Installation, tmp_path: Path) -> None:
    newest, before = installation.snapshots(3)
    for name in {file.sha256 for file in newest.files} - {file.sha256 for file in before.files}:
        for path in (tmp_path / "kept").glob(f"*/*/3/files/{name}"):
            path.unlink()
    (manifest,) = (tmp_path / "kept").glob("*/*/11/manifests/*")
    manifest.write_bytes(manifest.read_bytes()[:50])

    result = installation.run("verify", "--json")

    assert "2 of 5 cannot be used" in str(failure(result))
    troubles = [str(one["trouble"]) for one in found(result)["snapshots"]]
    assert troubles[0].endswith("is missing")
    assert troubles[1] == "None"
    assert troubles[2].endswith("the manifest was cut short or changed")


# reset


def test_reset_removes_the_named_partitions_and_nothing_else(installation: Installation) -> None:
    result = installation.run("reset", "--partition", "3", "--yes")

    assert result.stdout == "Removed (partitions here: 1, partitions with snapshots: 0).\n"
    assert installation.partitions() == [11]
    assert len(installation.snapshots(3)) == 2


def test_reset_with_snapshots_removes_theirs_too(installation: Installation) -> None:
    result = installation.run("reset", "--partition", "3", "--snapshots", "--yes")

    assert result.stdout == "Removed (partitions here: 1, partitions with snapshots: 1).\n"
    assert installation.snapshots(3) == []
    assert len(installation.snapshots(11)) == 1


def test_reset_of_all_removes_every_partition(installation: Installation) -> None:
    installation.run("reset", "--all", "--yes")

    assert installation.partitions() == []


def test_reset_of_nothing_is_no_error(installation: Installation) -> None:
    result = installation.run("reset", "--partition", "99")

    assert (result.exit_code, result.stdout) == (0, "Removed (partitions here: 0, partitions with snapshots: 0).\n")


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ([], "say which partitions: --partition NUMBER, as often as needed, or --all"),
        (["--all", "--partition", "3"], "say which partitions: --partition NUMBER, as often as needed, or --all"),
        (["--all"], "nothing was removed, since there is nobody to ask: run it again with --yes"),
        (["--all", "--snapshots", "--snapshot-url", ""], "--snapshots: there is no EVENHAND_SNAPSHOT_URL"),
    ],
)
def test_reset_removes_nothing_unless_it_is_told_plainly(
    installation: Installation, arguments: list[str], advice: str
) -> None:
    error = failure(installation.run("reset", *arguments))

    assert isinstance(error, UsageError)
    assert str(error).startswith(advice)
    assert installation.partitions() == [3, 11]


def test_reset_beside_a_running_worker_removes_nothing(installation: Installation) -> None:
    installation.read(3, touchpoints=1, group="evenhand.scores")

    with StateFolder(installation.state_dir, CLUSTER, "evenhand.scores"):
        error = failure(installation.run("reset", "--all", "--snapshots", "--yes"))

    assert isinstance(error, BrokenEnvironmentError)
    assert f"evenhand.scores is in use by the process {os.getpid()}" in str(error)
    assert installation.partitions() == [3, 11]
    assert len(installation.snapshots(3)) == 2


def test_reset_asks_which_cluster_where_there_are_several(installation: Installation) -> None:
    installation.read(3, touchpoints=1, cluster_id="another-cluster")

    error = failure(installation.run("reset", "--all", "--yes"))
    assert f"there is state of several Kafka clusters, {CLUSTER}, another-cluster: say which" in str(error)

    installation.run("reset", "--all", "--yes", "--cluster", "another-cluster")
    assert installation.partitions() == [3, 11]


def test_state_of_another_format_can_be_reset(installation: Installation) -> None:
    (installation.state_dir / CLUSTER / GROUP / "3" / "FORMAT").write_text("99\n")

    assert "written by a newer Evenhand" in str(found(installation.run("info", "--json"))["local"][0]["trouble"])
    installation.run("reset", "--partition", "3", "--yes")
    assert installation.partitions() == [11]


def test_the_command_ends_with_3_and_one_line_when_state_is_unsound(installation: Installation) -> None:
    (installation.state_dir / CLUSTER / GROUP / "3" / "FORMAT").write_text("99\n")
    environment = {"EVENHAND_STATE_DIR": str(installation.state_dir), "EVENHAND_SNAPSHOT_URL": installation.url}

    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", "state", "verify"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 3
    assert ended.stderr.startswith("error: 1 of 5 cannot be used: the list says why;")
    assert ended.stderr.count("\n") == 1
