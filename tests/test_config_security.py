"""A secured Kafka: what its settings need, what the client libraries are given, and that no secret comes out."""

import inspect
import io
import json
import logging
import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaConsumer

from config.errors import UsageError
from config.kafka_security import aiokafka_security, kafka_python_security
from config.logging import configure_logging
from config.settings import load_settings
from tests.logging_kept import logging_kept

TLS = Path(__file__).parent / "tls"
"""Made once with openssl for these tests; they open no door."""
PASSWORD = 'hush "é\\'
SASL = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "KAFKA_SASL_USERNAME": "evenhand",
    "KAFKA_SASL_PASSWORD": PASSWORD,
}
CLIENT = {
    "KAFKA_SECURITY_PROTOCOL": "SSL",
    "KAFKA_SSL_CAFILE": str(TLS / "authority.pem"),
    "KAFKA_SSL_CERTFILE": str(TLS / "client.pem"),
    "KAFKA_SSL_KEYFILE": str(TLS / "client.key"),
    "KAFKA_SSL_KEY_PASSWORD": "only-for-tests",
}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting comes from whoever runs the tests."""
    for variable in [variable for variable in os.environ if variable.startswith("EVENHAND_")]:
        monkeypatch.delenv(variable)


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    """What a test reveals or configures stays its own."""
    with logging_kept():
        yield


def _given(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for variable, text in variables.items():
        monkeypatch.setenv(f"EVENHAND_{variable}", text)


def test_by_default_nothing_is_secured() -> None:
    assert aiokafka_security(load_settings()) == {"security_protocol": "PLAINTEXT"}


def test_credentials_go_to_both_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, SASL | {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"})

    expected = {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "evenhand",
        "sasl_plain_password": PASSWORD,
    }

    assert aiokafka_security(load_settings()) == expected
    assert kafka_python_security(load_settings()) == expected


def test_both_libraries_know_the_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, SASL)

    security = kafka_python_security(load_settings())

    assert security.keys() <= KafkaAdminClient.DEFAULT_CONFIG.keys()
    assert security.keys() <= KafkaConsumer.DEFAULT_CONFIG.keys()
    assert security.keys() <= inspect.signature(AIOKafkaConsumer).parameters.keys()
    assert security.keys() <= inspect.signature(AIOKafkaProducer).parameters.keys()


def test_tls_trusts_the_authorities_named_and_checks_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, CLIENT)

    context = aiokafka_security(load_settings())["ssl_context"]

    assert [dict(pair[0] for pair in ca["subject"]) for ca in context.get_ca_certs()] == [
        {"commonName": "test authority"}
    ]
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_a_wrong_key_password_is_refused_without_asking_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, {name: text for name, text in CLIENT.items() if name != "KAFKA_SSL_KEY_PASSWORD"})

    with pytest.raises(UsageError, match="check the files and EVENHAND_KAFKA_SSL_KEY_PASSWORD"):
        aiokafka_security(load_settings())


def test_a_file_without_authorities_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": __file__})

    with pytest.raises(UsageError, match=f"EVENHAND_KAFKA_SSL_CAFILE: {__file__} holds no authorities"):
        aiokafka_security(load_settings())


@pytest.mark.parametrize("absent", ["KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"])
def test_a_sasl_protocol_needs_mechanism_user_and_password(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    _given(monkeypatch, {name: text for name, text in SASL.items() if name != absent})

    with pytest.raises(UsageError, match=r"^EVENHAND_KAFKA_SECURITY_PROTOCOL: SASL_SSL needs EVENHAND_KAFKA_SASL_MECH"):
        load_settings()


def test_credentials_that_would_not_be_sent_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, {"KAFKA_SASL_PASSWORD": PASSWORD})

    with pytest.raises(UsageError, match=r"^EVENHAND_KAFKA_SECURITY_PROTOCOL: PLAINTEXT would send no") as refusal:
        load_settings()

    assert PASSWORD not in str(refusal.value)


def test_a_key_without_its_certificate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, {"KAFKA_SSL_KEYFILE": CLIENT["KAFKA_SSL_KEYFILE"]})

    with pytest.raises(UsageError, match=r"^EVENHAND_KAFKA_SSL_KEYFILE: a key needs its EVENHAND_KAFKA_SSL_CERTFILE"):
        load_settings()


def test_settings_never_show_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, SASL | {"KAFKA_SSL_KEY_PASSWORD": "another"})

    shown = f"{load_settings()!r} {load_settings()} {load_settings().model_dump_json()}"

    assert "hush" not in shown
    assert "another" not in shown


def test_a_bad_value_beside_a_secret_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, SASL | {"WEB_PORT": "x"})

    with pytest.raises(UsageError) as refusal:
        load_settings()

    assert "hush" not in repr(refusal.value)
    assert refusal.value.__cause__ is None


def test_what_a_library_logs_of_its_arguments_is_free_of_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, SASL)
    monkeypatch.setattr(logging.getLogger("kafka"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("kafka.admin.client"), "level", logging.DEBUG)
    stream = io.StringIO()
    configure_logging("DEBUG", stream)

    security = kafka_python_security(load_settings())
    logging.getLogger("kafka.admin.client").debug("Starting KafkaAdminClient with configuration: %s", security)
    structlog.get_logger("ours").info("connecting", security=security, password=PASSWORD)

    logged = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [entry["logger"] for entry in logged] == ["kafka.admin.client", "ours"]
    assert "'sasl_plain_password': '[withheld]'" in logged[0]["event"]
    assert (logged[1]["security"]["sasl_plain_password"], logged[1]["password"]) == ("[withheld]", "[withheld]")
    assert "hush" not in stream.getvalue()
