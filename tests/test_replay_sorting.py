"""The external sort: the order of `sorted`, whatever fits in memory."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from streams.replay.sorting import ExternalSort, merge

ENTRIES = st.lists(st.tuples(st.integers(0, 9), st.text(max_size=2)), max_size=60)


def _sorted_by_spilling(pieces: list[list[tuple[int, str, int]]], budget_bytes: int) -> list[tuple[int, str, int]]:
    with TemporaryDirectory() as folder:
        order = ExternalSort[tuple[int, str, int]](Path(folder), "test", budget_bytes)
        for piece in pieces:
            order.extend(piece, 100 * len(piece))
        return [entry for batch in order.batches() for entry in batch]


@given(st.lists(ENTRIES, max_size=8), st.sampled_from([1, 1_000, 1_000_000]))
def test_entries_come_back_in_order_however_much_fits_in_memory(
    pieces: list[list[tuple[int, str]]], budget_bytes: int
) -> None:
    numbered = [[(*entry, 1000 * p + e) for e, entry in enumerate(piece)] for p, piece in enumerate(pieces)]

    entries = _sorted_by_spilling(numbered, budget_bytes)

    assert entries == sorted(entry for piece in numbered for entry in piece)


def test_many_runs_are_merged_into_fewer_on_the_way(tmp_path: Path) -> None:
    order = ExternalSort[tuple[int]](tmp_path, "test", 1)
    for number in range(2_000, 0, -1):
        order.extend([(number,)], 100)

    assert len(list(tmp_path.iterdir())) < 64
    assert [entry for batch in order.batches() for entry in batch] == [(number,) for number in range(1, 2_001)]


def test_what_is_cleared_takes_no_room(tmp_path: Path) -> None:
    order = ExternalSort[tuple[int]](tmp_path, "test", 1)
    order.extend([(1,), (2,)], 100)

    order.clear()

    assert list(tmp_path.iterdir()) == []
    assert list(order.batches()) == []


@given(st.lists(st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=5), max_size=6), max_size=6))
def test_merging_loses_none_and_keeps_the_order(runs: list[list[list[int]]]) -> None:
    in_blocks = []
    for run in runs:
        flat = sorted((number,) for block in run for number in block)
        in_blocks.append([flat[start : start + 3] for start in range(0, len(flat), 3)])

    merged = [entry for batch in merge([iter(run) for run in in_blocks]) for entry in batch]

    assert merged == sorted(entry for run in in_blocks for block in run for entry in block)
