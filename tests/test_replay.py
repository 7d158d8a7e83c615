"""Replay from end to end: a function of the events and the catalogue, in bytes and rows."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.main import main
from config.errors import BrokenEnvironmentError
from projections.sqlite import SqliteWriter
from projections.tables import DEAD_LETTERS
from streams.progress import Unwatched
from streams.replay import deciding
from streams.replay.run import replay
from streams.replay.workshop import BusyFolderError, workshop
from tests.acceptance import decide, donation, event, touchpoint
from tests.domain import catalogue
from tests.replaying import LINES, SHIPPED, dump, messages, output, replayed, rows, write_lines

DAY = 24
NAMES = ("google_ad_click", "organic_search_click", "newsletter_sign_up", "unheard_of")


def _at(hours: int) -> str:
    return f"2023-07-{5 + hours // DAY:02}T{hours % DAY:02}:00:00Z"


def _drawn(draw: st.DrawFn) -> bytes:
    contact = draw(st.sampled_from(["ann", "bob", "zoë"]))
    event_id = draw(st.sampled_from("abcdef"))
    at = _at(draw(st.integers(0, 100)) // 5)
    kind = draw(st.sampled_from(["touchpoint", "touchpoint", "conversion", "retraction", "refund", "cancellation"]))
    target = draw(st.sampled_from("abcdef"))
    match kind:
        case "touchpoint":
            return touchpoint(event_id, draw(st.sampled_from(NAMES)), at, contact)
        case "conversion":
            return donation(event_id, draw(st.sampled_from(["0.03", "10", "99.99"])), at, contact)
        case "retraction":
            return event("touchpoint.retracted", event_id, at, contact, touchpoint_id=target)
        case "refund":
            currency = draw(st.sampled_from(["GBP", "GBP", "USD"]))
            return event(
                "conversion.refunded", event_id, at, contact, conversion_id=target, value="5", currency=currency
            )
        case _:
            return event("conversion.cancelled", event_id, at, contact, conversion_id=target)


EVENTS = st.lists(st.composite(_drawn)(), max_size=25)
_RANK = (
    "touchpoint.recorded",
    "touchpoint.retracted",
    "conversion.recorded",
    "conversion.refunded",
    "conversion.cancelled",
)


def _in_order(events: list[bytes]) -> list[bytes]:
    """The contract's order, the facts of one identity and instant by their canonical JSON."""

    def place(value: bytes) -> tuple[Any, ...]:
        fields = json.loads(value)
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return fields["occurred_at"], _RANK.index(fields["type"]), fields["event_id"], fields["contact_id"], canonical

    return sorted(events, key=place)


def _at_most_one_type_a_moment(events: list[bytes]) -> list[bytes]:
    """Without events that share identity and instant with one of another type: `test_replay_copies` has those."""
    types: dict[tuple[str, ...], str] = {}
    kept = []
    for value in events:
        fields = json.loads(value)
        topic = fields["type"].split(".")[0]
        moment = (topic, fields["contact_id"], fields["event_id"], fields["occurred_at"])
        if types.setdefault(moment, fields["type"]) == fields["type"]:
            kept.append(value)
    return kept


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_events_in_any_order_give_the_credits_of_the_decider_that_takes_them_in_the_contracts(
    drawn: list[bytes], chance: Any
) -> None:
    events = _at_most_one_type_a_moment(drawn)
    shuffled = events[:]
    chance.shuffle(shuffled)
    ruling = decide(_in_order(events), SHIPPED)

    with TemporaryDirectory() as folder:
        out = Path(folder)
        outcome = replayed([write_lines(out / "events.jsonl", shuffled)], out)

        written = [line for name in LINES[:2] for line in (out / name).read_bytes().splitlines()]
        assert sorted(written) == sorted(ruling.messages)
        assert outcome.dead_letters == Counter(refusal.reason.value for refusal in ruling.refusals)
        assert outcome.accepted + outcome.duplicates + sum(outcome.dead_letters.values()) == len(events)
        key = "contact_id, conversion_id"
        earned = f"SELECT {key}, sum(credit_minor) AS c FROM credit_by_dimension GROUP BY {key}, dimension"
        wrong = f"SELECT * FROM ({earned}) JOIN conversions USING ({key}) WHERE c <> value_minor - refunded_minor"
        assert rows(out, wrong) == []


@settings(max_examples=30, deadline=None)
@given(EVENTS)
def test_a_contact_too_large_for_memory_gets_the_same_credits(events: list[bytes]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        file = write_lines(Path(folder) / "events.jsonl", events)
        replayed([file], Path(folder) / "whole")

        patch.setattr(deciding, "_STRETCH", 3)
        patch.setattr(deciding, "_CACHED_TOUCHES", 1)
        replayed([file], Path(folder) / "stretched")

        assert output(Path(folder) / "stretched") == output(Path(folder) / "whole")
        assert dump(Path(folder) / "stretched") == dump(Path(folder) / "whole")


@settings(max_examples=30, deadline=None)
@given(EVENTS)
def test_every_version_ends_with_the_last_one(events: list[bytes]) -> None:
    with TemporaryDirectory() as folder:
        file = write_lines(Path(folder) / "events.jsonl", events)
        replayed([file], Path(folder) / "last")
        replayed([file], Path(folder) / "all", all_versions=True)

        versions: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for name in LINES[:2]:
            for message in messages(Path(folder) / "all", name):
                key = (message["contact_id"], message["conversion_id"], message["model"])
                versions.setdefault(key, []).append(message)
        for said in versions.values():
            numbers = [message["version"] for message in said]
            assert numbers == sorted(set(numbers))
        last = [m for name in LINES[:2] for m in messages(Path(folder) / "last", name)]
        assert {key: said[-1] for key, said in versions.items()} == {
            (message["contact_id"], message["conversion_id"], message["model"]): message for message in last
        }
        assert dump(Path(folder) / "all") == dump(Path(folder) / "last")


def test_all_versions_come_as_they_arise_over_all_contacts(tmp_path: Path) -> None:
    events = [
        event("conversion.refunded", "r1", _at(9), "ann", conversion_id="c1", value="1", currency="GBP"),
        event("touchpoint.retracted", "x1", _at(8), "bob", touchpoint_id="t1"),
        donation("c2", "3", _at(7), "bob"),
        donation("c1", "2", _at(7), "bob"),
        donation("c1", "1", _at(6), "ann"),
        touchpoint("t1", "google_ad_click", _at(5), "bob"),
    ]

    replayed([write_lines(tmp_path / "e.jsonl", events)], tmp_path, all_versions=True)

    said = [(m["contact_id"], m["conversion_id"], m["version"], m["value"]) for m in messages(tmp_path)]
    assert said == [
        ("ann", "c1", 1, "1.00"),
        ("bob", "c1", 2, "2.00"),
        ("bob", "c2", 2, "3.00"),
        ("bob", "c1", 3, "2.00"),
        ("bob", "c2", 3, "3.00"),
        ("ann", "c1", 2, "1.00"),
    ]


def test_credits_are_ordered_by_time_then_conversion_then_contact(tmp_path: Path) -> None:
    gifts = [("c2", 1, "ann"), ("c1", 1, "bob"), ("c1", 1, "ann"), ("c9", 0, "zoë")]
    events = [donation(conversion, "1", _at(hours), contact) for conversion, hours, contact in gifts]

    replayed([write_lines(tmp_path / "e.jsonl", events)], tmp_path)

    ordered = [(m["conversion_id"], m["contact_id"]) for m in messages(tmp_path)]
    assert ordered == [("c9", "zoë"), ("c1", "ann"), ("c1", "bob"), ("c2", "ann")]
    shadow = [(m["conversion_id"], m["contact_id"], m["model"]) for m in messages(tmp_path, "credits-shadow.jsonl")]
    assert shadow == [(*key, model) for key in ordered for model in ("first", "last", "position_based")]
    assert rows(tmp_path, "SELECT contact_id, conversion_id FROM conversions ORDER BY 1, 2") == [
        ("ann", "c1"), ("ann", "c2"), ("bob", "c1"), ("zoë", "c9"),
    ]  # fmt: skip


def test_dead_letters_are_in_input_order_whenever_they_were_refused(tmp_path: Path) -> None:
    events = [
        touchpoint("t1", "unheard_of", _at(9)),
        b"nonsense",
        touchpoint("t2", "google_ad_click", _at(1)),
        touchpoint("t2", "google_ad_click", _at(2)),
        event("conversion.refunded", "r1", _at(0), conversion_id="c1", value="1", currency="USD"),
        donation("c1", "1", _at(3)),
    ]

    outcome = replayed([write_lines(tmp_path / "e.jsonl", events)], tmp_path)

    assert [(letter["offset"], letter["reason"]) for letter in messages(tmp_path, "dead-letters.jsonl")] == [
        (1, "unknown_touchpoint"),
        (2, "malformed_json"),
        (4, "conflicting_duplicate"),
        (5, "currency_mismatch"),
    ]
    assert (outcome.events, outcome.accepted, outcome.duplicates) == (6, 2, 0)


def test_nothing_is_too_late_or_from_the_future_or_gives_up_waiting(tmp_path: Path) -> None:
    far = catalogue('attribution_horizon = "P1D"\nconversion_retention = "P1D"\ndefault_lifetime = "P400D"\n')
    events = [
        donation("c1", "10.00", "1950-01-01T00:00:00Z"),
        event("conversion.refunded", "r1", "2190-01-01T00:00:00Z", conversion_id="c1", value="4", currency="GBP"),
        event("touchpoint.retracted", "r2", "1901-01-01T00:00:00Z", touchpoint_id="nowhere"),
        touchpoint("t1", "poster", "1949-12-31T00:00:00Z"),
        touchpoint("t2", "poster", "2199-12-31T00:00:00Z"),
    ]

    outcome = replayed([write_lines(tmp_path / "e.jsonl", events)], tmp_path, far)

    assert outcome.dead_letters == {}
    [credit] = messages(tmp_path)
    assert (credit["refunded"], [t["credit"] for t in credit["touchpoints"]]) == ("4.00", ["6.00"])


def test_everything_is_written_also_when_there_is_nothing_to_say(tmp_path: Path) -> None:
    outcome = replayed([write_lines(tmp_path / "e.jsonl", [b"", b"  "])], tmp_path / "out")

    assert output(tmp_path / "out") == dict.fromkeys(LINES, b"")
    assert rows(tmp_path / "out", "SELECT count(*) FROM conversions") == [(0,)]
    assert rows(tmp_path / "out", "SELECT value FROM meta WHERE name = 'as_of'") == [("",)]
    assert (outcome.events, outcome.as_of_us) == (0, None)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*LINES, "evenhand.db"])


def test_a_replay_that_fails_leaves_the_former_one_as_it_was(tmp_path: Path) -> None:
    replayed([write_lines(tmp_path / "e.jsonl", [donation("c1", "1", _at(0))])], tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    (tmp_path / "broken.jsonl.gz").write_bytes(b"\x1f\x8b no gzip")

    assert main(["replay", str(tmp_path / "broken.jsonl.gz"), "--out", str(tmp_path / "out")]) == 2

    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_two_replays_cannot_write_to_one_folder_at_a_time(tmp_path: Path) -> None:
    with workshop(tmp_path), pytest.raises(BusyFolderError, match="another replay"):
        replay([], tmp_path, SHIPPED, Unwatched())


def test_what_a_killed_replay_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".replay" / "state").mkdir(parents=True)
    (tmp_path / ".replay" / "facts-000000.run").write_bytes(b"half")

    replayed([write_lines(tmp_path / "e.jsonl", [])], tmp_path)

    assert not (tmp_path / ".replay").exists()


@pytest.mark.parametrize("strict", [[], ["--strict"]])
def test_dead_letters_end_a_strict_replay_with_1_and_others_with_0(
    tmp_path: Path, strict: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_lines(tmp_path / "e.jsonl", [b"nonsense", donation("c1", "1", _at(0))])

    assert main(["replay", str(file), "--out", str(tmp_path / "out"), *strict]) == len(strict)

    assert "dead letters: malformed_json       1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay", "--out", "out"], "name files of events, or --from-topics"),
        (["replay", "e.jsonl", "--from-topics", "--out", "out"], "name files of events, or --from-topics"),
        (["replay", "-", "-", "--out", "out"], "standard input (-) can be read once only"),
        (["replay", "nowhere.jsonl", "--out", "out"], "nowhere.jsonl: there is no such file"),
        (["replay", "e.jsonl"], "Missing option '--out'"),
        (["replay", "e.jsonl", "--out", "out", "--catalogue", "nowhere.toml"], "nowhere.toml"),
        (["replay", "e.jsonl", "--out", "e.jsonl"], "e.jsonl"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "e.jsonl", [])

    assert main(arguments) == 2

    assert said in capsys.readouterr().err


def _write_to_a_full_disk(out: Path) -> None:
    with workshop(out) as folder, (folder / "some").open("wb") as file, Path("/dev/full").open("wb", 0) as full:
        file.write(b"half")
        full.write(b"the rest")


def _write_more_rows_than_fit(out: Path) -> None:
    with workshop(out) as folder, closing(SqliteWriter(folder / "evenhand.db")) as model:
        model.execute("PRAGMA max_page_count = 80")
        model.write(
            DEAD_LETTERS, [(0, n, "t", 0, n, "oversized", "[]", None, "x" * 999, None, None) for n in range(9_999)]
        )


@pytest.mark.parametrize("work", [_write_to_a_full_disk, _write_more_rows_than_fit])
def test_a_full_disk_is_told_with_where_and_leaves_nothing_behind(tmp_path: Path, work: Callable[[Path], None]) -> None:
    with pytest.raises(BrokenEnvironmentError, match=f"{tmp_path}: the disk is full; free some space"):
        work(tmp_path)

    assert list(tmp_path.iterdir()) == []
