"""How to reach a secured Kafka, in the words of each client library: only here do secrets leave their wrapper."""

from __future__ import annotations

import ssl
from typing import Any

from pydantic import SecretStr

from config.errors import UsageError
from config.logging import withhold
from config.settings import Settings


def aiokafka_security(settings: Settings) -> dict[str, Any]:
    """Give the keyword arguments of aiokafka's clients. UsageError: a TLS file does not do."""
    security: dict[str, Any] = {"security_protocol": settings.kafka_security_protocol}
    if settings.kafka_security_protocol in {"SSL", "SASL_SSL"}:
        security["ssl_context"] = _ssl_context(settings)
    if settings.kafka_security_protocol.startswith("SASL"):
        security["sasl_mechanism"] = settings.kafka_sasl_mechanism
        security["sasl_plain_username"] = settings.kafka_sasl_username
        security["sasl_plain_password"] = _reveal(settings.kafka_sasl_password)
    return security


def kafka_python_security(settings: Settings) -> dict[str, Any]:
    """Give the keyword arguments of kafka-python's clients: version 3 takes the same as aiokafka."""
    return aiokafka_security(settings)


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ssl_cafile)
    except OSError as error:
        raise UsageError(
            f"EVENHAND_KAFKA_SSL_CAFILE: {settings.kafka_ssl_cafile} holds no authorities: {error}"
        ) from error
    if settings.kafka_ssl_certfile is None:
        return context
    # Without a password OpenSSL would stop and ask the terminal for one.
    password = _reveal(settings.kafka_ssl_key_password)
    try:
        context.load_cert_chain(settings.kafka_ssl_certfile, settings.kafka_ssl_keyfile, password=lambda: password)
    except OSError as error:
        raise UsageError(
            f"EVENHAND_KAFKA_SSL_CERTFILE: {settings.kafka_ssl_certfile} and its key cannot be used: {error}; "
            "check the files and EVENHAND_KAFKA_SSL_KEY_PASSWORD"
        ) from error
    return context


def _reveal(secret: SecretStr | None) -> str:
    if secret is None:
        return ""
    withhold(secret.get_secret_value())
    return secret.get_secret_value()
