"""`evenhand dead-letters list|retry`, on a real broker."""

from __future__ import annotations

import base64
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from kafka import KafkaProducer, TopicPartition

from streams.admin.cluster import Cluster
from streams.admin.committed import committed_records, committed_spans
from streams.admin.failure import BrokersAwayError
from tests.commands import Ended, evenhand, on
from tests.kafka import Broker
from tests.kafka_log import Entry, input_topics, make_topics, read, write
from tests.sent_events import conversion, record, touchpoint

Fields = dict[str, object]


def test_nothing_refused_is_said(box: Box) -> None:
    assert box.list() == Ended(0, "0 dead letters, 0 of them shown\n", "")


def test_the_list_says_what_was_refused_and_why(box: Box) -> None:
    errors = [{"path": "/name", "message": "Field required"}, {"path": "/vaule", "message": "unknown"}]
    box.refuse(letter(reason="invalid_event", partition=1, offset=17, errors=errors))

    ended = box.list()

    [line] = [line for line in ended.out.splitlines() if "invalid_event" in line and "17" in line]
    assert re.split(" {2,}", line)[1:] == [
        "invalid_event",
        f"{box.prefix}touchpoints 1@17",
        "donor-7",
        "/name Field required; /vaule unknown",
    ]
    assert "1 dead letters, 1 of them shown" in ended.out


def test_json_has_every_byte_of_the_record(box: Box) -> None:
    plain = letter(payload="schön\n", received_at="2023-07-05T11:00:00Z")
    binary = letter(payload=base64.b64encode(b"\xff\x00").decode(), encoding="base64", offset=1)
    box.refuse(plain)
    box.refuse(binary, key=b"\xfe")

    told = [json.loads(line) for line in box.list("--json").out.splitlines()]

    assert [{name: told[n][name] for name in sent} for n, sent in enumerate([plain, binary])] == [
        plain | {"topic": f"{box.prefix}touchpoints"},
        binary | {"topic": f"{box.prefix}touchpoints"},
    ]
    assert [one["dead_letter"]["key"] for one in told] == ["donor-7", base64.b64encode(b"\xfe").decode()]
    assert "encoding" not in told[0]


def test_only_the_wanted_ones_are_listed(box: Box) -> None:
    box.refuse(letter(reason="too_late", offset=1))
    box.refuse(letter(reason="too_late", offset=2, topic="conversions"))
    box.refuse(letter(reason="key_mismatch", offset=3))

    assert box.offsets() == [1, 2, 3]
    assert box.offsets("--reason", "too_late") == [1, 2]
    assert box.offsets("--reason", "too_late", "--reason", "key_mismatch") == [1, 2, 3]
    assert box.offsets("--reason", "too_late", "--topic", "conversions") == [2]
    assert box.offsets("--reason", "never_matched") == []


def test_since_leaves_out_what_was_refused_before(box: Box) -> None:
    box.refuse(letter(offset=1), at_ms=1_700_000_000_000)
    box.refuse(letter(offset=2), at_ms=1_700_000_000_500)
    box.refuse(letter(offset=3))

    assert box.offsets("--since", "2023-11-14T22:13:20Z") == [1, 2, 3]
    assert box.offsets("--since", "2023-11-14T22:13:20.5Z") == [2, 3]
    assert box.offsets("--since", "PT1H") == [3]
    assert box.offsets("--since", "2199-01-01T00:00:00Z") == []


def test_the_newest_of_all_partitions_are_shown_oldest_first(box: Box) -> None:
    for offset, partition in enumerate([1, 0, 1, 0]):
        box.refuse(letter(offset=offset, partition=partition), at_ms=1_700_000_000_000 + offset)

    assert box.offsets("--limit", "3") == [1, 2, 3]
    assert box.offsets("--limit", "0") == [1, 3, 0, 2]
    assert "4 dead letters, 3 of them shown" in box.list("--limit", "3").out


def test_what_a_transaction_took_back_is_not_listed(box: Box) -> None:
    producer = KafkaProducer(bootstrap_servers=box.broker.bootstrap, transactional_id=box.prefix)
    producer.init_transactions()
    for offset, end in [
        (1, producer.commit_transaction),
        (2, producer.abort_transaction),
        (3, producer.commit_transaction),
    ]:
        producer.begin_transaction()
        value = record(letter(offset=offset))
        producer.send(box.topic, value, b"k", partition=0).get(timeout=20)
        end()
    producer.close()

    assert box.offsets() == [1, 3]


def test_a_record_that_is_no_dead_letter_is_passed_over(box: Box) -> None:
    poison = [b"poison", b"{}", b"\xff", None]
    write(box.broker, box.topic, [Entry(0, b"k", value) for value in poison])
    box.refuse(letter(offset=1))

    ended = box.list("--json")

    assert [json.loads(line)["offset"] for line in ended.out.splitlines()] == [1]
    assert ended.err.startswith("4 records of that topic are no dead letters")


def test_a_dead_letter_cannot_move_the_cursor(box: Box) -> None:
    box.refuse(letter(errors=[{"path": "/\x1b[2J", "message": "\r\n"}]), key=b"\x1b[2J")

    assert "\x1b" not in box.list().out
    assert "\r" not in box.list().out


def test_retry_sends_each_payload_back_where_it_came_from(box: Box) -> None:
    binary = base64.b64encode(b"\xff\x00").decode()
    box.refuse(letter(payload=record(touchpoint()).decode()))
    box.refuse(letter(payload=record(conversion()).decode(), topic="conversions"))
    box.refuse(letter(payload=binary, encoding="base64"), key=b"\xfe")

    ended = box.retry()

    assert (ended.code, ended.err) == (0, "")
    assert box.sent_back("touchpoints") == {(b"donor-7", record(touchpoint())), (b"\xfe", b"\xff\x00")}
    assert box.sent_back("conversions") == {(b"donor-7", record(conversion()))}


def test_retry_keeps_the_order_of_a_contacts_records(box: Box) -> None:
    box.refuse(*(letter(offset=number, payload=str(number)) for number in range(300)))

    assert box.retry().code == 0

    assert box.values("touchpoints") == [b"%d" % n for n in range(300)]


def test_retry_puts_a_record_from_a_wrong_partition_right(box: Box) -> None:
    of_its_key = 0  # what murmur2 says of b"donor-7" and two partitions
    box.refuse(letter(reason="wrong_partition", partition=1 - of_its_key, payload="back"))

    assert box.retry().code == 0

    assert read(box.broker, f"{box.prefix}touchpoints") == [Entry(of_its_key, b"donor-7", b"back")]


def test_what_cannot_be_sent_back_is_said_and_counted(box: Box) -> None:
    box.refuse(letter(reason="invalid_event", payload=None, offset=1))
    box.refuse(letter(offset=2, topic="credits"))
    box.refuse(letter(offset=3))

    out = box.retry().out

    assert [re.split(" {2,}", line) for line in out.splitlines()] == [
        [f"{box.prefix}touchpoints 0@1", "invalid_event", "not sent: the record had no value"],
        [f"{box.prefix}credits 0@2", "unknown_touchpoint", "not sent: no input topic of this installation"],
        [f"{box.prefix}touchpoints 0@3", "unknown_touchpoint", "sent"],
        [""],
        ["REASON", "WHAT WAS DONE", "HOW MANY"],
        ["invalid_event", "not sent: the record had no value", "1"],
        ["unknown_touchpoint", "not sent: no input topic of this installation", "1"],
        ["unknown_touchpoint", "sent", "1"],
    ]
    assert len(box.sent_back("touchpoints")) == 1


def test_a_dry_run_sends_nothing(box: Box) -> None:
    box.refuse(letter())

    ended = box.retry("--dry-run")

    assert ended.code == 0
    assert re.search("unknown_touchpoint +would be sent +1", ended.out)
    assert box.sent_back("touchpoints") == set()


def test_retry_sends_only_the_wanted_ones(box: Box) -> None:
    box.refuse(letter(payload="old"), at_ms=1_700_000_000_000)
    box.refuse(letter(reason="malformed_json", payload="torn"))
    box.refuse(letter(payload="new"))

    box.retry("--reason", "unknown_touchpoint", "--since", "PT1H")

    assert box.sent_back("touchpoints") == {(b"donor-7", b"new")}


def test_a_second_run_sends_again_and_since_the_first_only_what_is_new(box: Box) -> None:
    box.refuse(letter(payload="first"), at_ms=1_700_000_000_000)
    box.retry()
    box.refuse(letter(payload="second"), at_ms=1_700_000_001_000)

    box.retry("--since", "2023-11-14T22:13:20.5Z")
    assert Counter(box.values("touchpoints")) == {b"first": 1, b"second": 1}

    box.retry()
    assert Counter(box.values("touchpoints")) == {b"first": 2, b"second": 2}


def test_what_is_refused_while_a_run_reads_waits_for_the_next(box: Box) -> None:
    box.refuse(letter(offset=1))
    with Cluster(box.broker.bootstrap).consumer() as consumer:
        spans = committed_spans(consumer, [TopicPartition(box.topic, number) for number in range(2)])
        box.refuse(letter(offset=2))

        found = [json.loads(entry.value)["offset"] for entry in committed_records(consumer, spans, 10)]

    assert found == [1]


def test_a_broker_that_hangs_while_it_is_read_is_given_up(box: Box) -> None:
    box.refuse(letter())
    started = time.monotonic()

    with pytest.raises(BrokersAwayError, match=box.broker.bootstrap):
        freeze_and_read(box)

    assert time.monotonic() - started < 10


def test_topics_that_are_missing_are_said(kafka: Broker, topic_prefix: str) -> None:
    for command in ("list", "retry"):
        ended = evenhand("dead-letters", command, *on(kafka, topic_prefix))
        assert ended.code == 3
        assert "run `evenhand topics create`" in ended.err


def test_wrong_usage_ends_with_2(box: Box) -> None:
    assert box.list("--reason", "bad_weather").code == 2
    assert box.list("--since", "yesterday").code == 2
    assert box.list("--topic", "credits").code == 2


@dataclass(frozen=True)
class Box:
    """The dead letters of an installation whose topics have two partitions."""

    broker: Broker
    prefix: str

    @property
    def topic(self) -> str:
        return f"{self.prefix}dead-letters"

    def refuse(self, *letters: Fields, key: bytes = b"donor-7", at_ms: int | None = None) -> None:
        """These dead letters have been written, each to the partition of its record."""
        producer = KafkaProducer(bootstrap_servers=self.broker.bootstrap, acks="all", linger_ms=5)
        written = []
        for sent in letters:
            value = record(sent | {"topic": self.prefix + str(sent["topic"])})
            written.append(producer.send(self.topic, value, key, partition=sent["partition"], timestamp_ms=at_ms))
        for future in written:
            future.get(timeout=20)
        producer.close()

    def list(self, *options: str) -> Ended:
        return evenhand("dead-letters", "list", *options, *on(self.broker, self.prefix))

    def retry(self, *options: str) -> Ended:
        return evenhand("dead-letters", "retry", *options, *on(self.broker, self.prefix))

    def offsets(self, *options: str) -> Sequence[int]:
        """The offsets of the records whose dead letters are listed."""
        return [json.loads(line)["offset"] for line in self.list("--json", *options).out.splitlines()]

    def values(self, topic: str) -> Sequence[bytes | None]:
        return [entry.value for entry in read(self.broker, self.prefix + topic)]

    def sent_back(self, topic: str) -> set[tuple[bytes | None, bytes | None]]:
        return {(entry.key, entry.value) for entry in read(self.broker, self.prefix + topic)}


@pytest.fixture
def box(kafka: Broker, topic_prefix: str) -> Box:
    make_topics(kafka, {**input_topics(topic_prefix, 2), topic_prefix + "dead-letters": 2})
    return Box(kafka, topic_prefix)


def freeze_and_read(box: Box) -> None:
    with Cluster(box.broker.bootstrap, patience_s=1).consumer() as consumer:
        spans = committed_spans(consumer, [TopicPartition(box.topic, 0)])
        assert spans[0].end == 1
        box.broker.freeze()
        list(committed_records(consumer, spans, 1))


def letter(**changes: object) -> Fields:
    """A dead letter's fields, `topic` still without its prefix."""
    return {
        "topic": "touchpoints",
        "partition": 0,
        "offset": 0,
        "reason": "unknown_touchpoint",
        "errors": [{"path": "/name", "message": "the catalogue has no such touchpoint"}],
        "received_at": "2023-07-05T11:00:00Z",
        "payload": "{}",
        **changes,
    }
