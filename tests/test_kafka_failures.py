"""What Kafka's errors mean for people."""

from __future__ import annotations

import logging

import pytest
from kafka.errors import (
    ClusterAuthorizationFailedError,
    IllegalSaslStateError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
)

from config.errors import BrokenEnvironmentError
from streams.admin.attempts import failed_attempts
from streams.admin.failure import broken_cluster
from tests.errors_logged import ErrorsLogged

TIMED_OUT = KafkaTimeoutError("Unable to bootstrap from ['kafka:9092']")
REFUSED = KafkaConnectionError("111 ECONNREFUSED")
HUNG_UP = KafkaConnectionError("socket disconnected")


@pytest.mark.parametrize(
    ("error", "causes", "said"),
    [
        (TIMED_OUT, [REFUSED], "no Kafka broker answers at kafka:9092 (connection refused): start it"),
        (TIMED_OUT, [KafkaConnectionError("DNS Resolution failure"), TIMED_OUT], "(DNS Resolution failure)"),
        (TIMED_OUT, [], "no Kafka broker answers at kafka:9092"),
        (TIMED_OUT, [FileNotFoundError(2, "No such file or directory", "ca.pem")], "No such file or directory: ca.pem"),
        (TIMED_OUT, [HUNG_UP], "hangs up at once: check EVENHAND_KAFKA_SECURITY_PROTOCOL"),
        (
            TIMED_OUT,
            [SaslAuthenticationFailedError("no"), HUNG_UP],
            "refuses the login: check EVENHAND_KAFKA_SASL_USERN",
        ),
        (TIMED_OUT, [UnsupportedSaslMechanismError(), HUNG_UP], "set EVENHAND_KAFKA_SASL_MECHANISM"),
        (TIMED_OUT, [IllegalSaslStateError(), HUNG_UP], "takes no login here: set EVENHAND_KAFKA_SECURITY_PROTOCOL"),
        (TopicAuthorizationFailedError("x"), [], "does not allow this user to do that (topic authorization failed)"),
        (ClusterAuthorizationFailedError("x"), [REFUSED], "(cluster authorization failed): grant it"),
        (InvalidTopicError("a b"), [REFUSED], "fails (invalid topic: a b): see the brokers' log"),
        (
            UnknownTopicOrPartitionError(),
            [],
            "lacks a topic (unknown topic or partition): run `evenhand topics create`",
        ),
        (UnknownTopicOrPartitionError("credits"), [], "lacks a topic (credits): run `evenhand topics create`"),
    ],
)
def test_each_failure_says_what_to_do(error: KafkaError, causes: list[Exception], said: str) -> None:
    told = broken_cluster("kafka:9092", error, causes)

    assert isinstance(told, BrokenEnvironmentError)
    assert "kafka:9092" in str(told)
    assert said in str(told)


def test_the_clients_own_log_is_kept_and_goes_no_further(errors_logged: ErrorsLogged) -> None:
    with failed_attempts() as attempts:
        logging.getLogger("kafka.net.manager").error("Connection failed: %s", REFUSED)
        logging.getLogger("kafka.net.manager").info("Attempting bootstrap to %s", HUNG_UP)
        logging.getLogger("kafka.cluster").warning("no arguments")

    assert attempts.causes == [REFUSED]
    assert errors_logged.unexpected() == []


def test_what_the_clients_threads_log_afterwards_goes_nowhere(errors_logged: ErrorsLogged) -> None:
    with failed_attempts():
        pass

    logging.getLogger("kafka.net.manager").error("Connection failed")

    assert errors_logged.unexpected() == []
