"""The benchmarks' own ground: a dataset is always the same, and its oracle agrees with Evenhand."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import datasets, oracle, wire
from benchmarks.datasets import Dataset
from benchmarks.report import table
from tests.commands import evenhand

TINY = Dataset("tiny", 2_000, contacts=50, cap=0.05)
HOT = datasets.hot(1_000, 200)


def lines_of(dataset: Dataset) -> list[bytes]:
    return [json.dumps(event, separators=(",", ":")).encode() for event in datasets.events(dataset)]


def test_a_dataset_is_the_same_every_time() -> None:
    assert lines_of(TINY) == lines_of(TINY)


def test_the_oracle_and_a_replay_give_the_same_answers(tmp_path: Path) -> None:
    for dataset in (TINY, HOT):
        source, catalogue = tmp_path / f"{dataset.name}.jsonl", tmp_path / f"{dataset.name}.toml"
        source.write_bytes(b"".join(wire.contract_event(line) + b"\n" for line in lines_of(dataset)))
        catalogue.write_text(wire.catalogue(dataset))

        ended = evenhand(
            "replay", str(source), "--out", str(tmp_path / "out"), "--catalogue", str(catalogue), "--strict"
        )

        assert ended.code == 0, ended.err
        said = map(wire.answered, (tmp_path / "out" / "credits.jsonl").read_bytes().splitlines())
        expected = oracle.answers(datasets.events(dataset))
        assert {conversion: answer.digest() for conversion, _, answer in said} == expected


def test_one_penny_elsewhere_is_another_answer() -> None:
    right = oracle.split(100, [("t1", _dimensions("a")), ("t2", _dimensions("b")), ("t3", _dimensions("c"))])
    moved = right._replace(credits=[("t1", 33), ("t2", 34), ("t3", 33)])

    assert list(right.credits) == [("t1", 34), ("t2", 33), ("t3", 33)]
    assert right.digest() != moved.digest()


def test_a_table_is_markdown() -> None:
    assert table(("a", "b"), [("x", 1)]) == "| a | b |\n| --- | --: |\n| x | 1 |"


def _dimensions(value: str) -> dict[str, str]:
    return dict.fromkeys(oracle.DIMENSIONS, value)
