"""The pages for whoever writes events and reads credits: what they show is run as it stands there."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.partitioner import murmur2

from events.codec import decode
from events.facts import key_of
from events.refusal import Refusal
from tests.kafka import Broker
from tests.kafka_log import make_topics, read

DOCS = Path(__file__).parents[1] / "docs"
SUBSCRIBER = DOCS / "examples" / "subscriber.py"
PARTITIONS = 12

Said = tuple[str, str, int]
"""Contact, conversion and version of a credit."""


def test_the_subscriber_keeps_the_highest_version(kafka: Broker, topic_prefix: str) -> None:
    make_topics(kafka, {f"{topic_prefix}credits": 1})
    said = [("donor-7", "c1", 1), ("donor-7", "c1", 3), ("donor-7", "c1", 2), ("donor-7", "c1", 3)]

    say_credits(kafka, topic_prefix, said, taken_back=[("donor-7", "c1", 9)], last=[("donor-8", "c1", 1)])

    assert subscriber_prints(kafka, topic_prefix, lines=3) == [
        ("donor-7", "c1", 1),
        ("donor-7", "c1", 3),
        ("donor-8", "c1", 1),
    ]


def test_the_page_shows_that_subscriber() -> None:
    assert blocks("subscriber.md", "python") == [SUBSCRIBER.read_text()]


def test_the_statement_keeps_the_highest_version_in_any_order() -> None:
    [statement] = blocks("subscriber.md", "sql")
    for order in set(permutations([1, 2, 2, 3])):
        with closing(sqlite3.connect(":memory:")) as database:
            key = "PRIMARY KEY (contact_id, conversion_id)"
            database.execute(f"CREATE TABLE credit (contact_id, conversion_id, version, message, {key})")
            for version in order:
                database.execute(statement, credit("donor-7", "c1", version) | {"message": f"credit {version}"})
            assert database.execute("SELECT * FROM credit").fetchall() == [("donor-7", "c1", 3, "credit 3")]


@pytest.mark.parametrize("number", [0, 1])
def test_the_producers_in_python_write_what_is_accepted(kafka: Broker, topic_prefix: str, number: int) -> None:
    names = ("touchpoints", "conversions")
    make_topics(kafka, {topic_prefix + name: PARTITIONS for name in names})
    script = blocks("producers.md", "python")[number]
    script = script.replace("localhost:9092", kafka.bootstrap).replace('"evenhand.', f'"{topic_prefix}')

    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=60)

    [(name, entry)] = [(name, entry) for name in names for entry in read(kafka, topic_prefix + name)]
    fact = decode(name, entry.value)
    assert not isinstance(fact, Refusal)
    assert (entry.key, entry.partition) == (key_of(fact).encode(), java_partition(key_of(fact)))


def test_the_page_gives_the_right_values_of_murmur2() -> None:
    rows = re.findall(r"^\| `(\S+)` \| (−?\d+) \| (\d+) \|$", (DOCS / "producers.md").read_text(), re.MULTILINE)

    assert len(rows) == 4
    assert rows == [
        (key, str(signed(murmur2(key.encode()))).replace("-", "−"), str(java_partition(key))) for key, _, _ in rows
    ]


def say_credits(
    broker: Broker, prefix: str, committed: list[Said], *, taken_back: list[Said], last: list[Said]
) -> None:
    """Credits on the topic: some for good, some of a transaction that is taken back, and some after that."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id=f"{prefix}subscriber")
    producer.init_transactions()
    for end, said in (
        (producer.commit_transaction, committed),
        (producer.abort_transaction, taken_back),
        (producer.commit_transaction, last),
    ):
        producer.begin_transaction()
        for one in said:
            producer.send(f"{prefix}credits", json.dumps(credit(*one) | {"dimensions": {}}).encode())
        producer.flush()
        end()
    producer.close()


def subscriber_prints(broker: Broker, prefix: str, lines: int) -> list[Said]:
    """The first lines that the example prints, as it stands in the docs."""
    where = {"EVENHAND_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap, "EVENHAND_TOPIC_PREFIX": prefix}
    command = [sys.executable, "-W", "ignore", str(SUBSCRIBER)]
    with subprocess.Popen(command, env=os.environ | where, stdout=subprocess.PIPE, text=True) as subscriber:
        assert subscriber.stdout is not None
        printed = [subscriber.stdout.readline().split("\t") for _ in range(lines)]
        subscriber.terminate()
    return [(contact, conversion, int(version)) for contact, conversion, version, _ in printed]


def credit(contact: str, conversion: str, version: int) -> dict[str, object]:
    return {"contact_id": contact, "conversion_id": conversion, "version": version}


def blocks(page: str, language: str) -> list[str]:
    """The blocks of code in a language on a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def java_partition(key: str) -> int:
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS


def signed(unsigned: int) -> int:
    return unsigned - 2**32 if unsigned >= 2**31 else unsigned
