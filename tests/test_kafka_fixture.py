"""The broker and log fixtures themselves: every other test relies on what these say."""

import asyncio
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError
from aiokafka.helpers import create_ssl_context
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from tests.errors_logged import ErrorsLogged, recording_errors
from tests.kafka import PASSWORD, USERNAME, Broker, BrokerError, MissingBrokerError, Security, classpath


def test_a_record_outlives_a_restart_and_a_kill(kafka: Broker, topic_prefix: str) -> None:
    topic = make_topic(kafka, f"{topic_prefix}kept")
    produce(kafka, topic, b"before")
    kafka.restart()
    produce(kafka, topic, b"between")
    kafka.kill()
    kafka.start()
    produce(kafka, topic, b"after")
    assert consume(kafka, topic, 3) == [b"before", b"between", b"after"]


def test_a_frozen_broker_answers_only_once_thawed(kafka: Broker, errors_logged: ErrorsLogged) -> None:
    errors_logged.allow("kafka.net")
    kafka.freeze()
    with pytest.raises(KafkaError):
        list_topics(kafka, bootstrap_timeout_ms=300)
    kafka.thaw()
    assert isinstance(list_topics(kafka), list)


def test_every_test_has_a_prefix_of_its_own(topic_prefix: str, request: pytest.FixtureRequest) -> None:
    assert topic_prefix.endswith(".")
    assert topic_prefix != request.getfixturevalue("another_prefix")


@pytest.fixture
def another_prefix() -> str:
    return "test-0."


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that asks for a password over an encrypted connection."""
    with Broker(tmp_path_factory.mktemp("guarded"), security=Security.SASL_SSL) as broker:
        yield broker


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_guarded_broker_takes_the_right_password(guarded: Broker, mechanism: str) -> None:
    assert list_topics(guarded, **credentials(guarded, mechanism, PASSWORD)) == []


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_guarded_broker_refuses_a_wrong_password(
    guarded: Broker, mechanism: str, errors_logged: ErrorsLogged
) -> None:
    errors_logged.expect("SaslAuthenticationFailed")
    with pytest.raises(KafkaConnectionError):
        asyncio.run(connect(guarded, mechanism, "wrong"))


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    broker = Broker(tmp_path, properties={"process.roles": "nonsense"})
    with pytest.raises(BrokerError, match="nonsense"):
        broker.start()


def test_missing_jars_name_the_command_that_fetches_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classpath, "LIBS", tmp_path)
    with pytest.raises(MissingBrokerError, match="make setup-tests"):
        Broker(tmp_path / "broker").start()


def test_a_broker_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from tests.kafka import Broker\n"
        "broker = Broker(pathlib.Path(sys.argv[1]))\n"
        "broker.start()\n"
        "print(broker.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    broker = Path("/proc", owner.stdout.readline().strip())
    assert broker.exists()
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 10
    while is_alive(broker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(broker)


def test_an_error_logged_by_either_library_is_collected(errors_logged: ErrorsLogged) -> None:
    errors_logged.allow("node 1")
    errors_logged.allow("broker away")
    structlog.reset_defaults()
    with recording_errors() as errors:
        logging.getLogger("aiokafka").error("lost %s", "node 1")
        structlog.get_logger().error("broker away", bootstrap="localhost:9092")
        logging.getLogger("aiokafka").warning("slow")
    assert errors.unexpected() == ["aiokafka: lost node 1", "bootstrap=localhost:9092 event=broker away"]


def test_a_foreseen_error_does_not_count(errors_logged: ErrorsLogged) -> None:
    errors_logged.allow("broker away")
    with recording_errors() as errors:
        errors.expect("broker away")
        errors.allow("node 1")
        structlog.get_logger().error("broker away")
    assert (errors.unexpected(), errors.missing()) == ([], [])


def test_an_error_expected_in_vain_is_named(errors_logged: ErrorsLogged) -> None:
    errors_logged.expect("this one comes")
    logging.getLogger().error("this one comes")
    with recording_errors() as errors:
        errors.expect("this one never does")
    assert errors.missing() == ["this one never does"]


def make_topic(broker: Broker, name: str) -> str:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    admin.close()
    return name


def list_topics(broker: Broker, **settings: object) -> list[str]:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap, **settings)
    try:
        return list(admin.list_topics())
    finally:
        admin.close()


async def connect(broker: Broker, mechanism: str, password: str) -> None:
    """Try once, where kafka-python would try again until its time is up."""
    settings = credentials(broker, mechanism, password)
    context = create_ssl_context(cafile=settings.pop("ssl_cafile"))
    client = AIOKafkaClient(bootstrap_servers=broker.bootstrap, ssl_context=context, **settings)
    try:
        await client.bootstrap()
    finally:
        await client.close()


def produce(broker: Broker, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    producer.send(topic, value).get(timeout=20)
    producer.close()


def consume(broker: Broker, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", group_id=None)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    values: list[bytes] = []
    deadline = time.monotonic() + 20
    while len(values) < count and time.monotonic() < deadline:
        records = consumer.poll(timeout_ms=500)
        values += [record.value for record in records.get(partition, [])]
    consumer.close()
    return values


def credentials(broker: Broker, mechanism: str, password: str) -> dict[str, object]:
    return {
        "security_protocol": str(broker.security),
        "sasl_mechanism": mechanism,
        "sasl_plain_username": USERNAME,
        "sasl_plain_password": password,
        "ssl_cafile": str(broker.certificate),
    }


def is_alive(process: Path) -> bool:
    try:
        return "\nState:\tZ" not in (process / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
