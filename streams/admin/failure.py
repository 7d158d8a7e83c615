"""What Kafka's errors mean for whoever runs the command: one line that says what, where and what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from kafka.errors import (
    AuthorizationError,
    BrokerResponseError,
    IllegalSaslStateError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    UnknownBrokerIdError,
    UnknownError,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
)

from config.errors import BrokenEnvironmentError

# Where one of these is among the causes, it explains the others: a refused login also looks like a lost connection.
_TELLING = (
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
    IllegalSaslStateError,
    AuthorizationError,
    UnknownTopicOrPartitionError,
)

# Not retriable in the library's eyes, yet they pass: a partition that has no leader now, a broker that is going down.
_PASSING = (UnknownBrokerIdError, UnknownError)


class BrokersAwayError(BrokenEnvironmentError):
    """No broker answers, now. A command gives up; a worker waits."""


def broken_cluster(where: str, error: Exception, causes: Sequence[Exception]) -> BrokenEnvironmentError:
    """The error for people, exit code 3, that stands for `error` at the brokers `where`.

    `causes` are what went wrong on the way to it, oldest first.
    """
    known = (error, *causes)
    telling = next((cause for kind in _TELLING for cause in reversed(known) if isinstance(cause, kind)), None)
    if telling:
        return BrokenEnvironmentError(_sentence(where, telling))
    if isinstance(error, KafkaError) and not error.retriable and not isinstance(error, _PASSING):
        return BrokenEnvironmentError(f"Kafka at {where} fails ({reason(error)}): see the brokers' log")
    # "Timed out" is true of every attempt in vain; what it met until then says more.
    met = [cause for cause in known if not isinstance(cause, KafkaTimeoutError)]
    return BrokersAwayError(_unreachable(where, met[-1] if met else error))


def reason(error: Exception) -> str:
    """What happened, in a few words."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    text = str(error.args[0]) if error.args else ""
    if text and isinstance(error, UnknownTopicOrPartitionError):
        return text
    if isinstance(error, BrokerResponseError) or not text:
        return ": ".join(filter(None, [_words(error), text]))
    os_error = re.fullmatch(r"(\d+) E[A-Z]+", text)
    return os.strerror(int(os_error[1])).lower() if os_error else text


def _sentence(where: str, error: Exception) -> str:
    match error:
        case SaslAuthenticationFailedError():
            variables = "EVENHAND_KAFKA_SASL_USERNAME and EVENHAND_KAFKA_SASL_PASSWORD"
            return f"Kafka at {where} refuses the login: check {variables}"
        case UnsupportedSaslMechanismError():
            return f"Kafka at {where} does not know this kind of login: set EVENHAND_KAFKA_SASL_MECHANISM to one it has"
        case IllegalSaslStateError():
            return f"Kafka at {where} takes no login here: set EVENHAND_KAFKA_SECURITY_PROTOCOL to one without SASL"
        case AuthorizationError():
            return f"Kafka at {where} does not allow this user to do that ({_words(error)}): grant it with kafka-acls"
        case _:
            return f"Kafka at {where} lacks a topic ({reason(error)}): run `evenhand topics create`"


def _unreachable(where: str, cause: Exception) -> str:
    if reason(cause) == "socket disconnected":
        return (
            f"Kafka at {where} hangs up at once: check EVENHAND_KAFKA_SECURITY_PROTOCOL against its listener, and with "
            "SASL the user name and password"
        )
    return (
        f"no Kafka broker answers at {where} ({reason(cause)}): start it, or set EVENHAND_KAFKA_BOOTSTRAP_SERVERS and "
        "EVENHAND_KAFKA_SECURITY_PROTOCOL to what it listens to"
    )


def _words(error: Exception) -> str:
    """`TopicAuthorizationFailedError` becomes `topic authorization failed`."""
    name = type(error).__name__.removesuffix("Error")
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()
