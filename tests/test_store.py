"""The store's contract, on the memory double and on RocksDB; and what RocksDB alone promises."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.rocks import RocksMemory, RocksStore, StateDamagedError
from streams.store import MemoryStore, Store

MEMORY = RocksMemory(1 << 20, 1 << 20)
ROWS = st.dictionaries(st.binary(min_size=1, max_size=4), st.none() | st.binary(max_size=4), max_size=8)


@pytest.fixture(params=["memory", "rocks"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else RocksStore(tmp_path / "db", MEMORY)
    yield store
    store.close()


def test_a_row_reads_as_it_was_written(store: Store) -> None:
    rows: dict[bytes, bytes | None] = {b"a": b"1", b"\0": b"", b"\xff\xfe": bytes(range(256))}

    store.write(rows)

    assert {key: store.get(key) for key in rows} == rows


def test_a_row_that_was_never_written_is_none(store: Store) -> None:
    store.write({b"aa": b"1"})

    assert store.get(b"a") is None


def test_the_last_write_of_a_row_holds(store: Store) -> None:
    store.write({b"a": b"1"})
    store.write({b"a": b"2"})

    assert store.get(b"a") == b"2"


def test_none_removes_a_row(store: Store) -> None:
    store.write({b"a": b"1", b"b": b"2"})

    store.write({b"a": None, b"never there": None})

    assert store.get(b"a") is None
    assert list(store.scan(b"", b"\xff")) == [(b"b", b"2")]


def test_many_rows_read_in_the_order_asked_for(store: Store) -> None:
    store.write({b"a": b"1", b"b": b"2"})

    assert store.get_many([b"b", b"c", b"a", b"b"]) == [b"2", None, b"1", b"2"]
    assert store.get_many([]) == []


def test_a_scan_has_its_start_and_not_its_end(store: Store) -> None:
    store.write(dict.fromkeys([b"a", b"b", b"ba", b"c", b"d"], b""))

    assert [key for key, _ in store.scan(b"b", b"d")] == [b"b", b"ba", b"c"]
    assert list(store.scan(b"bb", b"bz")) == []
    assert list(store.scan(b"x", b"z")) == []


def test_a_scan_goes_by_unsigned_bytes(store: Store) -> None:
    keys = [b"\0", b"\0\0", b"a", b"a\0", b"a\x01", b"b", b"\x7f", b"\x80", b"\xff"]
    store.write(dict.fromkeys(reversed(keys), b""))

    assert [key for key, _ in store.scan(b"", b"\xff\xff")] == keys


def test_a_scan_shows_the_rows_as_they_stood_when_it_began(store: Store) -> None:
    store.write({b"a": b"1", b"b": b"2", b"c": b"3"})

    scan = store.scan(b"a", b"z")
    first = next(scan)
    store.write({b"b": None, b"c": b"4", b"d": b"5"})

    assert [first, *scan] == [(b"a", b"1"), (b"b", b"2"), (b"c", b"3")]


def test_two_scans_at_once_do_not_disturb_each_other(store: Store) -> None:
    store.write({b"a": b"1", b"b": b"2"})

    outer = [(key, list(store.scan(b"a", b"z"))) for key, _ in store.scan(b"a", b"z")]

    both = [(b"a", b"1"), (b"b", b"2")]
    assert outer == [(b"a", both), (b"b", both)]


def test_the_size_follows_what_is_held(store: Store) -> None:
    before = store.size_bytes()

    store.write({b"%d" % i: bytes(1000) for i in range(1000)})

    assert store.size_bytes() - before > 500_000


def test_any_writes_leave_what_a_plain_mapping_would(store: Store) -> None:
    held: dict[bytes, bytes] = {}

    @given(ROWS, st.binary(max_size=4), st.binary(max_size=4))
    def check(rows: dict[bytes, bytes | None], start: bytes, end: bytes) -> None:
        store.write(rows)
        for key, value in rows.items():
            if value is None:
                held.pop(key, None)
            else:
                held[key] = value
        assert list(store.scan(start, end)) == sorted((key, held[key]) for key in held if start <= key < end)
        assert store.get_many(list(rows)) == list(rows.values())

    check()


# RocksDB


Open: TypeAlias = Callable[[str], RocksStore]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the store of a name, after closing the one that had it open."""
    stores: dict[str, RocksStore] = {}

    def open_store(name: str) -> RocksStore:
        if name in stores:
            stores[name].close()
        stores[name] = RocksStore(tmp_path / name, MEMORY)
        return stores[name]

    yield open_store
    for store in stores.values():
        store.close()


def test_what_was_written_is_there_when_the_store_is_opened_again(opened: Open) -> None:
    store = opened("db")
    store.write({b"a": b"1", b"b": b"2"})
    store.write({b"b": None})

    assert list(opened("db").scan(b"", b"\xff")) == [(b"a", b"1")]


WRITE_PAIRS_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
from streams.rocks import RocksStore
store = RocksStore(Path(sys.argv[1]))
for number in count():
    store.write({b"first": b"%d" % number, b"other": bytes(100_000), b"second": b"%d" % number})
    print(number, flush=True)
"""


def test_the_rows_of_a_write_are_all_there_or_none_when_the_process_is_killed(opened: Open, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITE_PAIRS_FOR_EVER, str(tmp_path / "db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        written = [int(writer.stdout.readline()) for _ in range(20)][-1]
        writer.kill()

    store = opened("db")

    first = store.get(b"first")
    assert first is not None
    assert store.get(b"second") == first
    assert int(first) >= written


def test_a_checkpoint_is_a_store_of_its_own_as_of_its_moment(opened: Open, tmp_path: Path) -> None:
    store = opened("db")
    store.write({b"a": b"1"})
    store.checkpoint(tmp_path / "checkpoint")
    store.write({b"a": b"2"})

    checkpoint = opened("checkpoint")
    checkpoint.write({b"b": b"3"})

    assert list(checkpoint.scan(b"", b"\xff")) == [(b"a", b"1"), (b"b", b"3")]
    assert list(store.scan(b"", b"\xff")) == [(b"a", b"2")]


def test_compacting_keeps_every_row(opened: Open) -> None:
    store = opened("db")
    store.write({b"%03d" % i: b"x" for i in range(100)})
    store.write({b"%03d" % i: None for i in range(50)})

    store.compact()

    assert [key for key, _ in store.scan(b"", b"\xff")] == [b"%03d" % i for i in range(50, 100)]


@pytest.fixture
def damaged(tmp_path: Path) -> Callable[[str], Path]:
    """A closed store of which every file of a kind was overwritten."""

    def damage(pattern: str) -> Path:
        path = tmp_path / "db"
        store = RocksStore(path, MEMORY)
        store.write({b"%04d" % i: b"%04d" % i * 100 for i in range(1000)})
        store.compact()
        store.close()
        files = list(path.glob(pattern))
        assert files
        for file in files:
            file.write_bytes(b"\xa5" * file.stat().st_size)
        return path

    return damage


def read_whole(path: Path) -> None:
    store = RocksStore(path, MEMORY)
    try:
        list(store.scan(b"", b"\xff"))
    finally:
        store.close()


@pytest.mark.parametrize("pattern", ["MANIFEST-*", "CURRENT", "*.sst"])
def test_a_damaged_store_is_told_with_its_place_and_what_to_do(damaged: Callable[[str], Path], pattern: str) -> None:
    path = damaged(pattern)

    with pytest.raises(StateDamagedError) as error:
        read_whole(path)

    assert str(error.value).startswith(f"{path}: the state cannot be read (")
    assert "run `evenhand state reset`" in str(error.value)
    assert error.value.exit_code == 3


def test_a_block_that_rots_is_told_and_not_read_as_another(tmp_path: Path) -> None:
    path = tmp_path / "db"
    store = RocksStore(path, MEMORY)
    store.write({b"%04d" % i: b"%04d" % i * 100 for i in range(1000)})
    store.compact()
    store.close()
    [table] = path.glob("*.sst")
    rotten = bytearray(table.read_bytes())
    rotten[100] ^= 1
    table.write_bytes(rotten)

    store = RocksStore(path, MEMORY)
    try:
        with pytest.raises(StateDamagedError):
            store.get(b"0000")
        with pytest.raises(StateDamagedError):
            store.get_many([b"0000"])
        with pytest.raises(StateDamagedError):
            list(store.scan(b"", b"\xff"))
    finally:
        store.close()


def test_a_folder_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("not a folder")

    with pytest.raises(StateDamagedError):
        RocksStore(tmp_path / "db", MEMORY)
