"""`evenhand produce`, on a real broker."""

from __future__ import annotations

import gzip
import io
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from streams.admin.production import Outgoing
from streams.admin.time_order import in_order_of_time
from tests.commands import evenhand, on
from tests.kafka import Broker
from tests.kafka_log import Entry, input_topics, make_topics, read
from tests.sent_events import cancellation, conversion, record, refund, retraction, touchpoint

OF_JAVA = {"21": 0, "abc": 3, "foobar": 6, "a-little-bit-long-string": 8}
"""Keys of Kafka's own tests of murmur2, and the partition of twelve that its default partitioner gives them."""


def test_events_of_all_files_go_to_their_topics_in_order_of_time(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, tmp_path: Path
) -> None:
    first = lines(tmp_path / "first.jsonl", [at("11:04", touchpoint), at("11:01", touchpoint), at("11:05", conversion)])
    second = lines(tmp_path / "second.jsonl", [at("11:03", touchpoint), at("11:02", conversion)])

    ended = evenhand("produce", first, second, *installed)

    assert (ended.code, ended.err) == (0, "")
    assert values(kafka, topic_prefix + "touchpoints") == [
        record(at(time_of_day, touchpoint)) for time_of_day in ("11:01", "11:03", "11:04")
    ]
    assert values(kafka, topic_prefix + "conversions") == [
        record(at(time_of_day, conversion)) for time_of_day in ("11:02", "11:05")
    ]


def test_keep_order_leaves_the_lines_as_they_come(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, tmp_path: Path
) -> None:
    first = lines(tmp_path / "first.jsonl", [at("11:04", touchpoint), at("11:01", touchpoint)])
    second = lines(tmp_path / "second.jsonl", [at("11:03", touchpoint)])

    assert evenhand("produce", "--keep-order", first, second, *installed).code == 0

    assert values(kafka, topic_prefix + "touchpoints") == [
        record(at(time_of_day, touchpoint)) for time_of_day in ("11:04", "11:01", "11:03")
    ]


def test_each_type_of_event_goes_to_its_topic(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, tmp_path: Path
) -> None:
    made = [touchpoint(), retraction(), conversion(), refund(), cancellation()]
    file = lines(tmp_path / "events.jsonl", made)

    assert evenhand("produce", file, *installed).code == 0

    assert values(kafka, topic_prefix + "touchpoints") == [record(touchpoint()), record(retraction())]
    assert values(kafka, topic_prefix + "conversions") == [record(event) for event in made[2:]]


def test_the_key_is_the_contact_and_the_partition_is_javas(kafka: Broker, topic_prefix: str, tmp_path: Path) -> None:
    make_topics(kafka, input_topics(topic_prefix, 12))
    file = lines(tmp_path / "events.jsonl", [touchpoint(contact_id=contact) for contact in OF_JAVA])

    assert evenhand("produce", file, *on(kafka, topic_prefix)).code == 0

    placed = {entry.key: entry.partition for entry in read(kafka, topic_prefix + "touchpoints")}
    assert placed == {contact.encode(): partition for contact, partition in OF_JAVA.items()}


def test_a_key_beyond_ascii_is_utf_8(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(record(touchpoint(contact_id="dönor")).decode().encode("ascii", "backslashreplace").decode())
    escaped = file.read_text().replace("\\xf6", "\\u00f6")
    file.write_text(escaped)

    assert evenhand("produce", str(file), *installed).code == 0

    assert read(kafka, topic_prefix + "touchpoints") == [Entry(0, "dönor".encode(), escaped.encode())]


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".jsonl.gz", gzip.compress), (".jsonl.zst", zstandard.ZstdCompressor().compress)]
)
def test_packed_files_are_read_as_they_are(
    kafka: Broker,
    installed: tuple[str, ...],
    topic_prefix: str,
    tmp_path: Path,
    suffix: str,
    pack: Callable[[bytes], bytes],
) -> None:
    file = tmp_path / f"events{suffix}"
    file.write_bytes(pack(record(touchpoint()) + b"\n"))

    assert evenhand("produce", str(file), *installed).code == 0

    assert values(kafka, topic_prefix + "touchpoints") == [record(touchpoint())]


def test_rows_of_parquet_are_events(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, tmp_path: Path
) -> None:
    file = tmp_path / "events.parquet"
    parquet.write_table(pa.Table.from_pylist([touchpoint()]), file)

    assert evenhand("produce", str(file), *installed).code == 0

    assert values(kafka, topic_prefix + "touchpoints") == [record(touchpoint())]


def test_standard_input_is_a_file(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(record(touchpoint()))))

    assert evenhand("produce", "-", *installed).code == 0

    assert values(kafka, topic_prefix + "touchpoints") == [record(touchpoint())]


def test_what_is_no_event_is_named_with_file_and_line_and_left_out(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join([b'{"type": "touchpoint', b"", record(touchpoint(name=3)), record(touchpoint())]))

    ended = evenhand("produce", str(file), *installed)

    assert ended.code == 0
    assert re.findall(r"^(\S+): (\S+): (?:/(\w+))?", ended.err, re.MULTILINE) == [
        ("events.jsonl:1", "malformed_json", ""),
        ("events.jsonl:3", "invalid_event", "name"),
    ]
    assert values(kafka, topic_prefix + "touchpoints") == [record(touchpoint())]


def test_strict_ends_with_1_where_a_line_is_no_event(installed: tuple[str, ...], tmp_path: Path) -> None:
    good, bad = lines(tmp_path / "good.jsonl", [touchpoint()]), lines(tmp_path / "bad.jsonl", [{"type": "hello"}])

    assert evenhand("produce", "--strict", good, *installed).code == 0
    assert evenhand("produce", "--strict", good, bad, *installed).code == 1


def test_only_the_first_refused_lines_are_named(installed: tuple[str, ...], tmp_path: Path) -> None:
    ended = evenhand("produce", lines(tmp_path / "bad.jsonl", [{"type": "hello"}] * 500), *installed)

    assert ended.err.count("bad.jsonl:") == 20
    assert re.search(r"unknown_type +500", ended.out)


def test_a_refused_line_cannot_move_the_cursor(installed: tuple[str, ...], tmp_path: Path) -> None:
    bad = lines(tmp_path / "bad.jsonl", [touchpoint(**{"\x1b[2J": 1})])

    assert "\x1b" not in evenhand("produce", bad, *installed).err


def test_invalid_lines_can_be_sent_as_they_are(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, tmp_path: Path
) -> None:
    torn, misspelt = b'{"type": "touchpoint', record(conversion(vaule="1.00"))
    unkeyed, alien = record(conversion(contact_id=7)), record(touchpoint(type="hello"))
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join([torn, misspelt, unkeyed, alien, record(touchpoint())]))

    ended = evenhand("produce", "--invalid", "send", str(file), *installed)

    assert ended.code == 0
    assert keyed_values(kafka, topic_prefix + "conversions") == {(b"donor-7", misspelt), (None, unkeyed)}
    assert keyed_values(kafka, topic_prefix + "touchpoints") == {
        (None, torn),
        (b"donor-7", alien),
        (b"donor-7", record(touchpoint())),
    }


def test_an_invalid_line_stays_behind_the_line_before_it(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, tmp_path: Path
) -> None:
    later, earlier = record(at("11:04", touchpoint)), record(at("11:01", touchpoint))
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join([later, b"torn", earlier]))

    assert evenhand("produce", "--invalid", "send", str(file), *installed).code == 0

    assert values(kafka, topic_prefix + "touchpoints") == [earlier, later, b"torn"]


def test_a_line_that_kafka_cannot_take_stops_nothing(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, tmp_path: Path
) -> None:
    file = lines(tmp_path / "events.jsonl", [touchpoint(properties={"x": "y" * 1_200_000}), touchpoint()])

    ended = evenhand("produce", "--invalid", "send", file, *installed)

    assert ended.code == 0
    assert "1 lines left out" in ended.out
    assert values(kafka, topic_prefix + "touchpoints") == [record(touchpoint())]


def test_the_summary_counts_by_topic(installed: tuple[str, ...], topic_prefix: str, tmp_path: Path) -> None:
    file = lines(tmp_path / "events.jsonl", [touchpoint(), touchpoint(event_id="t2"), conversion()])

    out = evenhand("produce", file, *installed).out

    assert re.search(rf"{topic_prefix}touchpoints +2\n", out)
    assert re.search(rf"{topic_prefix}conversions +1\n", out)
    assert "3 records delivered" in out


def test_missing_topics_are_not_made_by_the_way(kafka: Broker, topic_prefix: str, tmp_path: Path) -> None:
    ended = evenhand("produce", lines(tmp_path / "events.jsonl", [touchpoint()]), *on(kafka, topic_prefix))

    assert ended.code == 3
    assert f"lacks a topic ({topic_prefix}touchpoints): run `evenhand topics create`" in ended.err
    assert evenhand("topics", "check", *on(kafka, topic_prefix)).out.count("missing") == 13


def test_unequal_partitions_are_refused_before_anything_is_sent(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    make_topics(kafka, {**input_topics(topic_prefix, 1), topic_prefix + "conversions": 2})

    ended = evenhand("produce", lines(tmp_path / "events.jsonl", [touchpoint()]), *on(kafka, topic_prefix))

    assert ended.code == 3
    assert "unequal numbers of partitions" in ended.err
    assert values(kafka, topic_prefix + "touchpoints") == []


def test_a_missing_file_is_wrong_usage(kafka: Broker, installed: tuple[str, ...]) -> None:
    ended = evenhand("produce", "nowhere.jsonl", *installed)

    assert ended.code == 2
    assert "nowhere.jsonl" in ended.err


def test_a_broker_lost_on_the_way_ends_with_3_and_how_many_it_took(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Interrupted(kafka.freeze, lambda: len(read(kafka, topic_prefix + "touchpoints"))))
    options = ("--keep-order", "--delivery-timeout", "PT2S", "--kafka-timeout", "PT1S")

    ended = evenhand("produce", *options, "-", *installed)

    assert ended.code == 3
    assert ended.err.count("\n") == 1
    assert "took 1,000 records and no more" in ended.err


def test_a_broker_that_comes_again_has_each_record_once(
    kafka: Broker, installed: tuple[str, ...], topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = topic_prefix + "touchpoints"
    monkeypatch.setattr(sys, "stdin", Interrupted(kafka.restart, lambda: len(read(kafka, topic))))

    ended = evenhand("produce", "--keep-order", "-", *installed)

    assert (ended.code, ended.err) == (0, "")
    assert values(kafka, topic) == [*some(1_000).splitlines(), *some(1_000).splitlines()]


class Interrupted:
    """A standard input that gives 1,000 events, waits until Kafka has them, lets something happen, gives them again."""

    def __init__(self, happening: Callable[[], None], arrived: Callable[[], int]) -> None:
        self.buffer = self
        self._chunks = self._script(happening, arrived)

    def read(self, _size: int) -> bytes:
        return next(self._chunks, b"")

    def _script(self, happening: Callable[[], None], arrived: Callable[[], int]) -> Iterator[bytes]:
        yield some(1_000)
        deadline = time.monotonic() + 20
        while arrived() < 1_000:
            assert time.monotonic() < deadline
        happening()
        yield some(1_000)


@given(
    st.lists(
        st.builds(Outgoing, st.integers(-5, 5), st.sampled_from("tc"), st.none() | st.binary(), st.binary()),
        max_size=50,
    )
)
def test_equal_times_keep_the_order_of_reading(records: list[Outgoing]) -> None:
    ordered = in_order_of_time(records, Path("/nowhere"))

    assert list(ordered) == sorted(records, key=lambda outgoing: outgoing.occurred_us)


@pytest.fixture
def installed(kafka: Broker, topic_prefix: str) -> tuple[str, ...]:
    """The options that name an installation whose input topics have one partition."""
    make_topics(kafka, input_topics(topic_prefix, 1))
    return on(kafka, topic_prefix)


def at(time_of_day: str, event: Callable[..., dict[str, object]]) -> dict[str, object]:
    return event(event_id=time_of_day, occurred_at=f"2023-07-05T{time_of_day}:00Z")


def lines(path: Path, events: Sequence[dict[str, object]]) -> str:
    path.write_bytes(b"".join(record(event) + b"\n" for event in events))
    return str(path)


def some(count: int) -> bytes:
    return b"".join(record(touchpoint(event_id=f"t{number}")) + b"\n" for number in range(count))


def values(broker: Broker, topic: str) -> list[bytes | None]:
    return [entry.value for entry in read(broker, topic)]


def keyed_values(broker: Broker, topic: str) -> set[tuple[bytes | None, bytes | None]]:
    return {(entry.key, entry.value) for entry in read(broker, topic)}
