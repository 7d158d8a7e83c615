"""`evenhand topics create|check`, on a real broker."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from tests.commands import Ended, evenhand, on
from tests.kafka import PASSWORD, USERNAME, Broker, Security
from tests.kafka_log import make_topics

FACTS = ("touchpoints", "conversions", "interactions", "contacts")
LATEST = ("credits", "credits.shadow", "scores", "followups")
LOGS = ("score-changes", "reminders", "rejections", "dead-letters")
NAMES = (*FACTS, "definitions", *LATEST, *LOGS)
LARGE = {"max.message.bytes": "16777216"}
COMPACTED = {"cleanup.policy": "compact", **LARGE}
FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1"}
BROKER_TIME = {"message.timestamp.type": "LogAppendTime"}


def test_create_makes_every_topic_as_the_contract_has_it(kafka: Broker, topic_prefix: str) -> None:
    ended = evenhand("topics", "create", "--partitions", "3", *on(kafka, topic_prefix))

    assert (ended.code, ended.err) == (0, "")
    assert {name: kafka_says(kafka, topic_prefix + name) for name in NAMES} == {
        **dict.fromkeys(FACTS, (3, FOR_EVER | BROKER_TIME)),
        "definitions": (1, COMPACTED | BROKER_TIME),
        **dict.fromkeys(LATEST, (3, COMPACTED)),
        **dict.fromkeys(LOGS, (3, FOR_EVER | LARGE)),
    }


def test_what_create_made_passes_the_check(installed: tuple[str, ...]) -> None:
    ended = evenhand("topics", "check", *installed)

    assert (ended.code, ended.err) == (0, "")


def test_create_again_leaves_all_as_it_is(installed: tuple[str, ...]) -> None:
    ended = evenhand("topics", "create", "--json", *installed)

    assert (ended.code, ended.err) == (0, "")
    assert [topic["created"] for topic in json.loads(ended.out)["topics"]] == [False] * len(NAMES)


def test_twelve_partitions_where_nobody_says_how_many(kafka: Broker, topic_prefix: str) -> None:
    ended = evenhand("topics", "create", "--json", *on(kafka, topic_prefix))

    assert partitions(ended) == dict.fromkeys(NAMES, 12) | {"definitions": 1}


def test_the_environment_says_how_many(kafka: Broker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_PARTITIONS", "2")
    monkeypatch.setenv("EVENHAND_TOPIC_PREFIX", topic_prefix)
    monkeypatch.setenv("EVENHAND_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap)

    ended = evenhand("topics", "create", "--json")

    assert partitions(ended) == dict.fromkeys(NAMES, 2) | {"definitions": 1}


def test_a_topic_that_is_missing_gets_as_many_partitions_as_the_others(
    kafka: Broker, topic_prefix: str, installed: tuple[str, ...]
) -> None:
    delete(kafka, topic_prefix + "credits.shadow")

    ended = evenhand("topics", "create", *installed)

    assert ended.code == 0
    assert kafka_says(kafka, topic_prefix + "credits.shadow")[0] == 2


def test_no_topic_is_made_beside_others_with_another_number_of_partitions(
    kafka: Broker, topic_prefix: str, installed: tuple[str, ...]
) -> None:
    delete(kafka, topic_prefix + "credits.shadow")

    ended = evenhand("topics", "create", "--partitions", "5", "--json", *installed)

    assert ended.code == 3
    assert topic_prefix + "credits.shadow" not in [topic["topic"] for topic in json.loads(ended.out)["topics"]]


def test_the_check_names_the_topics_that_are_missing(kafka: Broker, topic_prefix: str) -> None:
    ended = evenhand("topics", "check", *on(kafka, topic_prefix))

    assert ended.code == 3
    assert [topic_prefix + name in ended.err for name in NAMES] == [True] * len(NAMES)
    assert "evenhand topics create" in ended.out


def test_the_check_names_the_topic_with_another_number_of_partitions(kafka: Broker, topic_prefix: str) -> None:
    make_topics(kafka, {topic_prefix + "credits": 1})
    evenhand("topics", "create", "--partitions", "1", *on(kafka, topic_prefix))
    delete(kafka, topic_prefix + "conversions")
    make_topics(kafka, {topic_prefix + "conversions": 4})

    wrong = differences(evenhand("topics", "check", "--json", *on(kafka, topic_prefix)))

    assert ("conversions", "partitions", "1", "4") in wrong


def test_the_check_wants_one_partition_of_definitions(
    kafka: Broker, topic_prefix: str, installed: tuple[str, ...]
) -> None:
    delete(kafka, topic_prefix + "definitions")
    make_topics(kafka, {topic_prefix + "definitions": 2}, **COMPACTED, **BROKER_TIME)

    assert differences(evenhand("topics", "check", "--json", *installed)) == [("definitions", "partitions", "1", "2")]


def test_the_check_names_each_setting_that_differs(
    kafka: Broker, topic_prefix: str, installed: tuple[str, ...]
) -> None:
    alter(kafka, topic_prefix + "touchpoints", **{"retention.ms": "60000", "message.timestamp.type": "CreateTime"})
    alter(kafka, topic_prefix + "credits", **{"cleanup.policy": "delete"})

    ended = evenhand("topics", "check", "--json", *installed)

    assert ended.code == 3
    assert differences(ended) == [
        ("touchpoints", "retention.ms", "-1", "60000"),
        ("touchpoints", "message.timestamp.type", "LogAppendTime", "CreateTime"),
        ("credits", "cleanup.policy", "compact", "delete"),
    ]


def test_inputs_are_kept_as_long_as_told(kafka: Broker, topic_prefix: str) -> None:
    kept = ("--input-retention", "P400D")

    created = evenhand("topics", "create", "--partitions", "1", *kept, *on(kafka, topic_prefix))

    assert created.code == 0
    assert evenhand("topics", "check", *kept, *on(kafka, topic_prefix)).code == 0
    assert differences(evenhand("topics", "check", "--json", *on(kafka, topic_prefix))) == [
        (name, "retention.ms", "-1", "34560000000") for name in FACTS
    ]


def test_more_replicas_than_brokers_is_refused_in_the_brokers_words(kafka: Broker, topic_prefix: str) -> None:
    ended = evenhand(
        "topics", "create", "--replication-factor", "3", "--kafka-timeout", "PT1S", *on(kafka, topic_prefix)
    )

    assert ended.code == 3
    assert f"{topic_prefix}touchpoints" in ended.err
    assert "only 1 broker" in ended.err


def test_wrong_usage_ends_with_2(kafka: Broker) -> None:
    assert evenhand("topics", "create", "--partitions", "0", *on(kafka, "x.")).code == 2
    assert evenhand("topics", "create", "--input-retention", "400 days", *on(kafka, "x.")).code == 2
    assert evenhand("topics", "check", *on(kafka, "no good")).code == 2


def test_a_broker_that_is_away_is_named_within_the_timeout(kafka: Broker, topic_prefix: str) -> None:
    kafka.stop()

    ended = evenhand("topics", "check", "--kafka-timeout", "PT1S", *on(kafka, topic_prefix))

    assert (ended.code, ended.out) == (3, "")
    assert one_line(ended)
    assert f"no Kafka broker answers at {kafka.bootstrap} (connection refused)" in ended.err


def test_a_broker_that_hangs_is_named_within_the_timeout(kafka: Broker, topic_prefix: str) -> None:
    kafka.freeze()

    ended = evenhand("topics", "check", "--kafka-timeout", "PT1S", *on(kafka, topic_prefix))

    assert (ended.code, ended.out) == (3, "")
    assert one_line(ended)
    assert f"no Kafka broker answers at {kafka.bootstrap}" in ended.err


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that asks for a password and lets nobody do anything."""
    properties = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    home = tmp_path_factory.mktemp("guarded")
    with Broker(home, security=Security.SASL_PLAINTEXT, properties=properties) as broker:
        yield broker


def test_a_wrong_password_is_said_and_not_shown(guarded: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(monkeypatch, password="open sesame")

    ended = evenhand("topics", "check", "--kafka-timeout", "PT4S", *on(guarded, "x."))

    assert ended.code == 3
    assert one_line(ended)
    assert "password" in ended.err.lower()
    assert "sesame" not in ended.err


def test_whoever_may_not_make_topics_is_told_so(guarded: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(monkeypatch, password=PASSWORD)

    ended = evenhand("topics", "create", *on(guarded, "x."))

    assert ended.code == 3
    assert one_line(ended)
    assert "does not allow this user to do that (topic authorization failed)" in ended.err


def test_no_login_where_one_is_asked_for_is_said(guarded: Broker) -> None:
    ended = evenhand("topics", "check", "--kafka-timeout", "PT1S", *on(guarded, "x."))

    assert ended.code == 3
    assert one_line(ended)
    assert "EVENHAND_KAFKA_SECURITY_PROTOCOL" in ended.err


@pytest.fixture
def installed(kafka: Broker, topic_prefix: str) -> tuple[str, ...]:
    """The options that name an installation whose topics have two partitions."""
    assert evenhand("topics", "create", "--partitions", "2", *on(kafka, topic_prefix)).code == 0
    return on(kafka, topic_prefix)


def differences(ended: Ended) -> list[tuple[str, str, str, str]]:
    found = json.loads(ended.out)["differences"]
    return [(entry["topic"].partition(".")[2], entry["setting"], entry["wanted"], entry["found"]) for entry in found]


def partitions(ended: Ended) -> dict[str, int]:
    return {topic["topic"].partition(".")[2]: topic["partitions"] for topic in json.loads(ended.out)["topics"]}


def one_line(ended: Ended) -> bool:
    return ended.err.startswith("error: ") and ended.err.count("\n") == 1


def kafka_says(broker: Broker, topic: str) -> tuple[int, dict[str, str]]:
    """How many partitions it has, and the settings that are its own."""
    admin = KafkaAdminClient(bootstrap_servers=broker.internal)
    [described] = admin.describe_topics([topic])
    settings = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])["topic"][topic]
    admin.close()
    own = {name: entry["value"] for name, entry in settings.items() if entry["config_source"] == "DYNAMIC_TOPIC_CONFIG"}
    own.pop("retention.bytes", None)
    return len(described["partitions"]), own


def delete(broker: Broker, topic: str) -> None:
    """The topic is gone, also for whoever asks the broker now."""
    admin = KafkaAdminClient(bootstrap_servers=broker.internal)
    admin.delete_topics([topic])
    deadline = time.monotonic() + 10
    while not admin.describe_topics([topic])[0]["error_code"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    admin.close()


def alter(broker: Broker, topic: str, **settings: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.internal)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])
    admin.close()


def log_in(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setenv("EVENHAND_KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("EVENHAND_KAFKA_SASL_MECHANISM", "PLAIN")
    monkeypatch.setenv("EVENHAND_KAFKA_SASL_USERNAME", USERNAME)
    monkeypatch.setenv("EVENHAND_KAFKA_SASL_PASSWORD", password)
