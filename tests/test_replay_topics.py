"""`evenhand replay --from-topics`: the topics up to now, on a real broker, as a file of the same events."""

from pathlib import Path

import pytest

from cli.main import main
from config.errors import BrokenEnvironmentError
from streams.admin.cluster import Cluster
from tests.acceptance import donation, event, touchpoint
from tests.kafka import Broker
from tests.replaying import messages, output, replayed, rows, write_lines
from tests.test_replay_people import EVERY_TYPE, asked_of

EVENTS = [
    event("conversion.refunded", "r0", "2023-07-04T11:00:00Z", conversion_id="c1", value="1", currency="USD"),
    *(touchpoint(f"t{n}", "google_ad_click", f"2023-07-05T11:{n:02}:00Z", f"donor-{n % 5}") for n in range(40)),
    *(donation(f"c{n}", "50", "2023-07-05T12:00:00Z", f"donor-{n}") for n in range(5)),
    donation("c1", "7", "2023-07-06T12:00:00Z"),
]
DEFINITION = b'{"type":"user.saved","event_id":"u1","occurred_at":"2023-07-05T11:00:00Z","user_id":"u9","name":"Nia"}'


@pytest.fixture
def topics(kafka: Broker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Empty topics, which the environment names; their prefix."""
    monkeypatch.setenv("EVENHAND_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap)
    monkeypatch.setenv("EVENHAND_TOPIC_PREFIX", topic_prefix)
    assert main(["topics", "create", "--partitions", "3", "--replication-factor", "1"]) == 0
    return topic_prefix


def test_the_topics_give_what_a_file_of_their_events_gives(topics: str, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "e.jsonl", EVENTS)
    assert main(["produce", str(file)]) == 0

    assert main(["replay", "--from-topics", "--out", str(tmp_path / "topics")]) == 0

    replayed([file], tmp_path / "file")
    assert messages(tmp_path / "topics") == messages(tmp_path / "file")
    query = "SELECT * FROM touchpoints"
    assert rows(tmp_path / "topics", query) == rows(tmp_path / "file", query)
    [letter] = messages(tmp_path / "topics", "dead-letters.jsonl")
    assert (letter["topic"], letter["reason"]) == (f"{topics}conversions", "currency_mismatch")
    assert letter["received_at"].startswith("20")


def test_the_topics_tell_of_people_what_a_file_tells(topics: str, kafka: Broker, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "e.jsonl", EVERY_TYPE[:-1])
    assert main(["produce", "--keep-order", str(file)]) == 0
    with Cluster(kafka.bootstrap).producer(30) as producer:
        producer.send(f"{topics}definitions", key=b'["user","u9"]', value=DEFINITION)
        producer.flush()
    asked = asked_of(tmp_path)
    profiles = ["--profiles", str(tmp_path / "definitions.toml")]

    assert main(["replay", "--from-topics", "--out", str(tmp_path / "topics"), *profiles]) == 0

    replayed([file], tmp_path / "file", asked=asked)
    assert output(tmp_path / "topics") == output(tmp_path / "file")
    known = "SELECT * FROM contacts"
    assert rows(tmp_path / "topics", known) == rows(tmp_path / "file", known)
    places = 'SELECT DISTINCT subject, "partition" FROM interaction_history'
    assert len(rows(tmp_path / "topics", places)) == 2


def test_a_record_is_judged_with_its_key_and_nothing_is_from_the_future(
    topics: str, kafka: Broker, tmp_path: Path
) -> None:
    future = donation("c2", "1", "2199-01-01T00:00:00Z", "donor-8")
    with Cluster(kafka.bootstrap).producer(30) as producer:
        producer.send(f"{topics}conversions", key=b"someone else", value=donation("c1", "1", "2023-07-05T12:00:00Z"))
        producer.send(f"{topics}conversions", key=b"donor-8", value=future)
        producer.flush()

    assert main(["replay", "--from-topics", "--out", str(tmp_path)]) == 0

    [letter] = messages(tmp_path, "dead-letters.jsonl")
    assert (letter["topic"], letter["offset"], letter["reason"]) == (f"{topics}conversions", 0, "key_mismatch")
    assert [message["conversion_id"] for message in messages(tmp_path)] == ["c2"]


def test_without_a_broker_it_ends_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EVENHAND_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")

    assert main(["replay", "--from-topics", "--out", str(tmp_path)]) == BrokenEnvironmentError.exit_code

    assert "no Kafka broker answers at 127.0.0.1:1" in capsys.readouterr().err
