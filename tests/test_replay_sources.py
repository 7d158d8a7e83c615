"""What replay reads: the same events give the same answers, however the file holds them."""

import gzip
import io
import json
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from pyarrow import parquet

from streams.replay.sources import DamagedFileError, MissingFileError, open_source
from tests.acceptance import donation, touchpoint
from tests.replaying import messages, output, replayed, rows, write_lines

EVENTS = [
    touchpoint("t1", "google_ad_click", "2023-07-05T11:00:00Z", dimensions={"campaign": "spring"}),
    touchpoint("t2", "billboard", "2023-07-05T11:01:00.5Z", lifetime="P3D", properties={"rows": [1, None, {"a": "b"}]}),
    donation("c1", "50.00", "2023-07-05T11:02:00Z"),
]
OBJECTS: list[dict[str, Any]] = [json.loads(event) for event in EVENTS]
NAMES = ("type", "event_id", "contact_id", "occurred_at", "name", "lifetime", "value", "currency")


def _plain(path: Path) -> Path:
    return write_lines(path.with_suffix(".jsonl"), EVENTS)


def _gzipped(path: Path) -> Path:
    file = path.with_suffix(".jsonl.gz")
    file.write_bytes(gzip.compress(EVENTS[0] + b"\n") + gzip.compress(b"\n".join(EVENTS[1:])))
    return file


def _zstandard(path: Path) -> Path:
    file = path.with_suffix(".jsonl.zst")
    compress = zstandard.ZstdCompressor().compress
    file.write_bytes(compress(EVENTS[0] + b"\n") + compress(b"\n".join(EVENTS[1:])))
    return file


def _nested(path: Path) -> Path:
    file = path.with_suffix(".parquet")
    flat = {name: [event.get(name) for event in OBJECTS] for name in NAMES}
    nested = {name: [event.get(name) for event in OBJECTS] for name in ("dimensions", "properties")}
    nested["properties"][1] = {"rows": [1, None, 3]}
    kinds = {"dimensions": pa.map_(pa.string(), pa.string()), "properties": pa.struct({"rows": pa.list_(pa.int64())})}
    parquet.write_table(pa.table(flat | {name: pa.array(cells, kinds[name]) for name, cells in nested.items()}), file)
    return file


def _json_text(path: Path) -> Path:
    file = path.with_suffix(".parquet")
    texts = {
        name: [json.dumps(event[name]) if name in event else None for event in OBJECTS]
        for name in ("dimensions", "properties")
    }
    parquet.write_table(pa.table({name: [event.get(name) for event in OBJECTS] for name in NAMES} | texts), file)
    return file


def _typed(path: Path) -> Path:
    file = path.with_suffix(".parquet")
    flat: dict[str, Any] = {name: [event.get(name) for event in OBJECTS] for name in NAMES}
    instants = [datetime.fromisoformat(text) for text in flat["occurred_at"]]
    flat["occurred_at"] = pa.array(instants, pa.timestamp("ns", "UTC"))
    flat["value"] = pa.array([None, None, Decimal("50.00")], pa.decimal128(20, 2))
    flat["dimensions"] = [event.get("dimensions") for event in OBJECTS]
    parquet.write_table(pa.table(flat), file)
    return file


@pytest.mark.parametrize("written", [_plain, _gzipped, _zstandard, _nested, _json_text, _typed])
def test_the_same_events_in_any_kind_of_file_give_the_same_credits(tmp_path: Path, written: Any) -> None:
    expected = replayed([_plain(tmp_path / "expected")], tmp_path / "plain")

    outcome = replayed([written(tmp_path / "events")], tmp_path / "out")

    assert outcome == expected
    assert output(tmp_path / "out") == output(tmp_path / "plain")
    assert len(messages(tmp_path / "out")[0]["touchpoints"]) == 2


@pytest.mark.parametrize("nested", [True, False])
def test_rows_of_parquet_tell_of_contacts_and_interactions(tmp_path: Path, nested: bool) -> None:
    who = {"contact_id": "ann", "occurred_at": datetime(2023, 7, 5, 11, tzinfo=UTC)}
    about = {"interaction_id": "i1", "actor": "u1"}
    events: list[dict[str, Any]] = [
        who | {"type": "contact.updated", "event_id": "a1", "attributes": {"name": "Ann", "groups": ["choir"]}},
        who | about | {"type": "interaction.scheduled", "event_id": "e1", "kind": "customer", "tags": ["b", "a"],
                       "due_on": date(2023, 7, 6)},
        who | about | {"type": "interaction.edited", "event_id": "e2", "changes": {"title": "Call"}},
    ]  # fmt: skip
    names = {name: None for each in events for name in each}
    rows_of = [
        {
            name: json.dumps(each[name]) if not nested and isinstance(each.get(name), dict | list) else each.get(name)
            for name in names
        }
        for each in events
    ]
    parquet.write_table(pa.Table.from_pylist(rows_of), tmp_path / "e.parquet")

    outcome = replayed([tmp_path / "e.parquet"], tmp_path / "out")

    assert (outcome.accepted, outcome.dead_letters) == (3, {})
    assert rows(tmp_path / "out", "SELECT attributes FROM contacts") == [('{"groups":["choir"],"name":"Ann"}',)]
    [followup] = messages(tmp_path / "out", "followups.jsonl")
    assert (followup["title"], followup["tags"], followup["due_on"]) == ("Call", ["a", "b"], "2023-07-06")


def test_standard_input_is_read_as_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n".join([*EVENTS, b"oh"]))))

    outcome = replayed([Path("-")], tmp_path)

    assert (outcome.accepted, outcome.dead_letters) == (3, {"malformed_json": 1})
    assert [(letter["topic"], letter["offset"]) for letter in messages(tmp_path, "dead-letters.jsonl")] == [("-", 4)]


def test_a_row_of_parquet_is_refused_as_the_line_it_stands_for(tmp_path: Path) -> None:
    naive = {"type": "touchpoint.recorded", "event_id": "t1", "contact_id": "k", "name": "google_ad_click"}
    at = pa.array([datetime(2023, 7, 5, 11, tzinfo=UTC)], pa.timestamp("us"))
    parquet.write_table(pa.table({**{k: [v] for k, v in naive.items()}, "occurred_at": at}), tmp_path / "e.parquet")

    replayed([tmp_path / "e.parquet"], tmp_path / "out")

    [letter] = messages(tmp_path / "out", "dead-letters.jsonl")
    assert (letter["topic"], letter["offset"], letter["reason"]) == ("e.parquet", 1, "invalid_event")
    assert json.loads(letter["payload"]) == naive | {"occurred_at": "2023-07-05T11:00:00"}
    assert letter["errors"][0]["path"] == "/occurred_at"


def test_json_text_that_is_none_stays_text_and_smuggles_nothing_in(tmp_path: Path) -> None:
    row = OBJECTS[0] | {"dimensions": None, "properties": '{}, "name": "organic_search_click"'}
    parquet.write_table(pa.table({name: [value] for name, value in row.items()}), tmp_path / "e.parquet")

    replayed([tmp_path / "e.parquet"], tmp_path / "out")

    [letter] = messages(tmp_path / "out", "dead-letters.jsonl")
    assert (letter["reason"], letter["errors"][0]["path"]) == ("invalid_event", "/properties")


def test_a_file_is_named_by_its_base_name_and_its_lines_by_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    one = write_lines(tmp_path / "deep" / "one.jsonl", [b"", b"first", b" ", b"second"])
    two = write_lines(tmp_path / "two.jsonl", [b"third"])

    replayed([one, two], tmp_path / "out")

    letters = messages(tmp_path / "out", "dead-letters.jsonl")
    assert [(letter["topic"], letter["partition"], letter["offset"], letter["payload"]) for letter in letters] == [
        ("one.jsonl", 0, 2, "first"),
        ("one.jsonl", 0, 4, "second"),
        ("two.jsonl", 0, 1, "third"),
    ]
    assert {letter["received_at"] for letter in letters} == {None}
    assert rows(tmp_path / "out", 'SELECT letter_offset, "offset", payload FROM dead_letters') == [
        (1, 2, "first"),
        (2, 4, "second"),
        (3, 1, "third"),
    ]


def test_an_oversized_line_is_kept_up_to_a_mebibyte(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "e.jsonl", [b"x" * 40_000, b"y" * (1 << 21), EVENTS[2]])

    outcome = replayed([file], tmp_path / "out")

    letters = messages(tmp_path / "out", "dead-letters.jsonl")
    assert [(letter["reason"], letter["payload"]) for letter in letters] == [
        ("oversized", "x" * 40_000),
        ("oversized", None),
    ]
    assert outcome.accepted == 1


@pytest.mark.parametrize("name", ["e.jsonl.gz", "e.jsonl.zst", "e.parquet"])
def test_a_damaged_file_is_named_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    whole = {"gz": _gzipped, "zst": _zstandard, "parquet": _json_text}[name.rsplit(".", 1)[1]](tmp_path / "whole")
    (tmp_path / name).write_bytes(whole.read_bytes()[:-20])

    with pytest.raises(DamagedFileError, match=name):
        replayed([tmp_path / name], tmp_path / "out")

    assert list((tmp_path / "out").iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="nowhere"):
        open_source(str(tmp_path / "nowhere.jsonl"))
    with pytest.raises(MissingFileError, match=str(tmp_path)):
        open_source(str(tmp_path))
