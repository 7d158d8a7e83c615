"""A snapshot brings back the state that it was made of, or says that it cannot."""

import os
import sys
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import BrokenEnvironmentError, UsageError
from streams.kept import Meta
from streams.snapshots import (
    Manifest,
    NewerSnapshotError,
    Position,
    Scope,
    SnapshotError,
    SnapshotStore,
    SnapshotStoreError,
    scopes_at,
)
from streams.snapshots import checkpoint as checkpoint_files
from streams.snapshots.checkpoint import sha256_of
from streams.snapshots.manifest import SnapshotFile, decode_manifest
from streams.snapshots.shelf import Shelf
from tests.snapshot_examples import (
    CLUSTER,
    NOW_US,
    SCOPE,
    FailingFileSystem,
    at,
    checkpoint,
    contents_of,
    failing_store_in,
    files_in,
    manifests_in,
    store_in,
)


@pytest.fixture(params=["file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"file://{tmp_path}/kept" if request.param == "file" else f"memory://{uuid.uuid4().hex}"


def test_a_restored_state_is_the_saved_one(url: str, tmp_path: Path) -> None:
    store = SnapshotStore(url, SCOPE, kept=3)
    saved = store.save(checkpoint(tmp_path / "c", CURRENT="now", sub__a="1", sub__b="2", empty=""), at(10, 5), NOW_US)

    store.restore(saved, tmp_path / "restored")

    assert contents_of(tmp_path / "restored") == {"CURRENT": "now", "sub__a": "1", "sub__b": "2", "empty": ""}


def test_another_worker_finds_the_snapshot_and_its_position(url: str, tmp_path: Path) -> None:
    saved = SnapshotStore(url, SCOPE, kept=3).save(checkpoint(tmp_path / "c", a="1"), at(10, 5), NOW_US)

    found = list(SnapshotStore(url, SCOPE, kept=3).candidates())

    assert found == [saved]
    assert (saved.position, saved.created_us, saved.size) == (at(10, 5), NOW_US, 1)


def test_a_place_without_snapshots_offers_none(url: str) -> None:
    assert list(SnapshotStore(url, SCOPE, kept=3).candidates()) == []
    assert scopes_at(url) == []


def test_partitions_groups_and_clusters_keep_their_snapshots_apart(url: str, tmp_path: Path) -> None:
    scopes = [
        Scope(CLUSTER, "evenhand.attribution", 7),
        Scope(CLUSTER, "evenhand.attribution", 10),
        Scope(CLUSTER, "with/a slash", 7),
        Scope("another-cluster", "evenhand.attribution", 7),
    ]
    for scope in scopes:
        position = at(1, 1, cluster_id=scope.cluster_id)
        SnapshotStore(url, scope, kept=3).save(checkpoint(tmp_path / "c", a="1"), position, NOW_US)

    assert scopes_at(url) == sorted(scopes)
    assert [len(list(SnapshotStore(url, scope, kept=3).candidates())) for scope in scopes] == [1, 1, 1, 1]


def test_a_cleared_partition_has_nothing_and_its_neighbour_everything(url: str, tmp_path: Path) -> None:
    store, neighbour = SnapshotStore(url, SCOPE, kept=3), SnapshotStore(url, SCOPE._replace(partition=8), kept=3)
    store.save(checkpoint(tmp_path / "c", a="1"), at(10, 5), NOW_US)
    kept = neighbour.save(checkpoint(tmp_path / "c", a="1"), at(10, 5), NOW_US)

    store.clear()

    assert list(store.candidates()) == []
    neighbour.verify(kept)


def test_candidates_come_in_the_order_of_offsets_never_of_time(tmp_path: Path) -> None:
    store = store_in(tmp_path / "kept")
    for created_us, position in ((3, at(90, 5)), (1, at(1000, 5)), (2, at(90, 900))):
        store.save(checkpoint(tmp_path / "c", a="1"), position, created_us)

    assert [found.position.offsets["touchpoints"] for found in store.candidates()] == [1000, 90, 90]
    assert [found.position.offsets["conversions"] for found in store.candidates()] == [5, 900, 5]


# Only what is new is uploaded


def test_a_second_snapshot_uploads_only_new_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded: list[str] = []
    store = failing_store_in(tmp_path / "kept")
    first = checkpoint(tmp_path / "first", CURRENT="1", a="tables", b="more tables")
    second = checkpoint(tmp_path / "second", CURRENT="2", a="tables", b="more tables", c="new tables")
    store.save(first, at(10, 5), NOW_US)

    monkeypatch.setattr(FailingFileSystem, "before", uploaded.append)
    saved = store.save(second, at(20, 5), NOW_US)

    assert uploaded.count("put") == 2
    store.restore(saved, tmp_path / "restored")
    assert contents_of(tmp_path / "restored") == contents_of(second)


def test_files_of_one_name_and_different_content_do_not_meet(tmp_path: Path) -> None:
    one = store_in(tmp_path / "kept").save(checkpoint(tmp_path / "one", _000124="of one"), at(10, 5), NOW_US)
    other = store_in(tmp_path / "kept").save(checkpoint(tmp_path / "other", _000124="of other"), at(11, 5), NOW_US)

    store = store_in(tmp_path / "kept")
    store.restore(one, tmp_path / "restored one")
    store.restore(other, tmp_path / "restored other")

    assert contents_of(tmp_path / "restored one") == {"_000124": "of one"}
    assert contents_of(tmp_path / "restored other") == {"_000124": "of other"}


def test_a_file_that_was_uploaded_half_is_uploaded_again(tmp_path: Path) -> None:
    store = store_in(tmp_path / "kept")
    saved = store.save(checkpoint(tmp_path / "c", a="tables"), at(10, 5), NOW_US)
    damage_file(tmp_path / "kept", saved, "tab")

    store.verify(store.save(tmp_path / "c", at(11, 5), NOW_US))


def test_a_table_that_successive_checkpoints_share_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def noting_sha256_of(path: Path) -> str:
        read.append(path.name)
        return sha256_of(path)

    monkeypatch.setattr(checkpoint_files, "sha256_of", noting_sha256_of)
    first = checkpoint(tmp_path / "first", CURRENT="1", a="tables")
    second = checkpoint(tmp_path / "second", CURRENT="2")
    os.link(first / "a", second / "a")
    store = store_in(tmp_path / "kept")
    store.save(first, at(10, 5), NOW_US)
    saved = store.save(second, at(11, 5), NOW_US)

    assert read == ["CURRENT", "a", "CURRENT"]
    store.verify(saved)


def test_a_file_that_changes_between_checkpoints_is_read_again(tmp_path: Path) -> None:
    store = store_in(tmp_path / "kept")
    store.save(checkpoint(tmp_path / "c", CURRENT="1"), at(10, 5), NOW_US)
    os.utime(tmp_path / "c" / "CURRENT", ns=(1, 1))
    checkpoint(tmp_path / "c", CURRENT="2")

    saved = store.save(tmp_path / "c", at(11, 5), NOW_US)

    store.restore(saved, tmp_path / "restored")
    assert contents_of(tmp_path / "restored") == {"CURRENT": "2"}


def test_equal_files_are_stored_once_and_restored_each(tmp_path: Path) -> None:
    store = store_in(tmp_path / "kept")
    saved = store.save(checkpoint(tmp_path / "c", a="same", b="same"), at(10, 5), NOW_US)

    store.restore(saved, tmp_path / "restored")

    assert list(files_in(tmp_path / "kept").values()) == ["same"]
    assert contents_of(tmp_path / "restored") == {"a": "same", "b": "same"}


def test_a_file_that_another_worker_has_removed_already_is_removed(url: str, tmp_path: Path) -> None:
    shelf = Shelf(url, SCOPE)
    (tmp_path / "file").write_text("content")
    shelf.put_file(tmp_path / "file", "hash")

    for _ in range(2):
        shelf.drop_file("hash")

    assert shelf.file_sizes() == {}


# What is broken is known


def damage_file(kept: Path, manifest: Manifest, content: str) -> None:
    (stored,) = kept.glob(f"*/*/*/files/{manifest.files[0].sha256}")
    stored.write_text(content)


@pytest.mark.parametrize("content", ["Tables", "tab", "tables and more", ""])
def test_a_changed_file_is_found_by_restore_and_by_verify(tmp_path: Path, content: str) -> None:
    store = store_in(tmp_path / "kept")
    saved = store.save(checkpoint(tmp_path / "c", a="tables"), at(10, 5), NOW_US)
    store.verify(saved)
    damage_file(tmp_path / "kept", saved, content)

    expected = f"snapshot {saved.name}: the stored content of a is no longer what it was"
    with pytest.raises(SnapshotError, match=expected):
        store.restore(saved, tmp_path / "restored")
    with pytest.raises(SnapshotError, match=expected):
        store.verify(saved)


def test_a_missing_file_is_found_by_restore_and_by_verify(url: str, tmp_path: Path) -> None:
    store = SnapshotStore(url, SCOPE, kept=3)
    saved = store.save(checkpoint(tmp_path / "c", a="tables"), at(10, 5), NOW_US)
    store.clear()

    expected = f"files/{saved.files[0].sha256} is missing"
    with pytest.raises(SnapshotError, match=expected) as found:
        store.verify(saved)
    with pytest.raises(SnapshotError, match=expected):
        store.restore(saved, tmp_path / "restored")
    assert not isinstance(found.value, SnapshotStoreError)


@given(st.data())
def test_a_manifest_that_is_cut_short_or_changed_is_no_candidate(data: st.DataObject) -> None:
    manifest = Manifest(position=at(10, 5), created_us=NOW_US, files=(SnapshotFile("a", 1, "0" * 64),))
    text = manifest.encode()
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + bytes([text[place] ^ data.draw(st.integers(1, 255))]) + text[place + 1 :]

    assert decode_manifest(manifest.name, text) == manifest
    for broken in (text[:place], changed):
        with pytest.raises(SnapshotError, match="cut short or changed"):
            decode_manifest(manifest.name, broken)


def test_a_newer_manifest_is_told_from_a_broken_one() -> None:
    manifest = Manifest(version=2, position=at(10, 5), created_us=NOW_US, files=())

    with pytest.raises(NewerSnapshotError, match=r"a newer Evenhand wrote it \(manifest 2, this one reads 1\)"):
        decode_manifest(manifest.name, manifest.encode())


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside", "sub/../../outside"])
def test_a_manifest_cannot_write_outside_the_state(path: str) -> None:
    manifest = Manifest(position=at(10, 5), created_us=NOW_US, files=(SnapshotFile(path, 1, "0" * 64),))

    with pytest.raises(SnapshotError, match="lies outside the state"):
        decode_manifest(manifest.name, manifest.encode())


# What a person must mend


def test_an_unknown_kind_of_url_is_a_wrong_setting() -> None:
    with pytest.raises(UsageError, match=r"^EVENHAND_SNAPSHOT_URL carrier-pigeon://loft: Protocol not known"):
        SnapshotStore("carrier-pigeon://loft", SCOPE, kept=3)


def test_a_kind_of_url_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)

    expected = r"^EVENHAND_SNAPSHOT_URL s3://bucket: Install s3fs to access S3; for S3: pip install 'evenhand\[s3\]'$"
    with pytest.raises(UsageError, match=expected):
        SnapshotStore("s3://bucket", SCOPE, kept=3)


def test_a_password_in_the_url_is_never_told() -> None:
    with pytest.raises(UsageError) as refused:
        SnapshotStore("carrier-pigeon://ann:secret@loft", SCOPE, kept=3)

    assert "secret" not in str(refused.value)
    assert "carrier-pigeon://loft" in str(refused.value)


def test_a_place_that_refuses_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    store = store_in(tmp_path / "kept")

    expected = f"^file://{tmp_path}/kept/.*Not a directory.*: mend the place of the snapshots.*EVENHAND_SNAPSHOT_URL"
    with pytest.raises(SnapshotStoreError, match=expected):
        store.save(checkpoint(tmp_path / "c", a="1"), at(10, 5), NOW_US)
    with pytest.raises(SnapshotStoreError, match=expected):
        list(store.candidates())


def test_a_local_disk_without_room_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    store = store_in(tmp_path / "kept")
    saved = store.save(checkpoint(tmp_path / "c", a="1"), at(10, 5), NOW_US)
    huge = Manifest(
        position=saved.position, created_us=NOW_US, files=(SnapshotFile("a", 10**18, saved.files[0].sha256),)
    )

    with pytest.raises(BrokenEnvironmentError, match="1,000,000,000,000,000,000 bytes are needed") as told:
        store.restore(huge, tmp_path / "restored")

    assert not isinstance(told.value, SnapshotError)
    assert contents_of(tmp_path / "restored") == {}


def test_a_position_is_that_of_the_state_at_the_time() -> None:
    meta = Meta(cluster_id=CLUSTER, topic_ids={"touchpoints": "x"}, rules="{}", offsets={"touchpoints": 10})
    position = Position.of(meta)
    meta.offsets["touchpoints"] = 20

    assert position.offsets == {"touchpoints": 10}
    assert (position.cluster_id, position.topic_ids, position.rules) == (CLUSTER, {"touchpoints": "x"}, "{}")


def test_the_stored_layout_is_one_that_a_person_can_check_with_sha256sum(tmp_path: Path) -> None:
    saved = store_in(tmp_path / "kept").save(checkpoint(tmp_path / "c", a="hello\n"), at(10, 5), NOW_US)

    sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    assert files_in(tmp_path / "kept") == {sha256: "hello\n"}
    (manifest,) = manifests_in(tmp_path / "kept")
    assert manifest == tmp_path / "kept" / CLUSTER / "evenhand.attribution" / "7" / "manifests" / saved.name
    assert saved.name.startswith("00000000000000000015-")
