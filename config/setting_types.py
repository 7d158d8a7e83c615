"""What a setting may be: the types of the settings' fields, each refusing with a message for whoever sets it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator

from events.duration import parse_duration

LEGAL_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,200}")
"""What Kafka takes in a topic's name; 200 characters leave room for the names of topics, groups and partitions."""
SERVER: Final = re.compile(r"(\[[0-9A-Fa-f:.]+]|[^\s:,\[\]]+):[0-9]{1,5}")


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        return timedelta(microseconds=parse_duration(str(value)))
    except OverflowError as error:
        raise ValueError("is too long a time") from error


def _lasting(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise ValueError("must be more than no time")
    return value


def _servers(value: str) -> str:
    servers = [server.strip() for server in value.split(",")]
    if all(SERVER.fullmatch(server) for server in servers):
        return ",".join(servers)
    raise ValueError("must be host:port, several of them separated by commas")


def _legal_name(value: str) -> str:
    if LEGAL_NAME.fullmatch(value) and value not in {".", ".."}:
        return value
    raise ValueError("must be 1 to 200 of the characters a to z, A to Z, 0 to 9, '.', '_' and '-'")


def _group(value: str) -> str:
    if value:
        return _legal_name(value)
    raise ValueError("must be set where EVENHAND_TOPIC_PREFIX gives it no name")


def _topic_prefix(value: str) -> str:
    return _legal_name(value) if value else value


def _existing_file(value: Path) -> Path:
    if value.is_file():
        return value
    raise ValueError(f"there is no file {value}")


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Servers: TypeAlias = Annotated[str, AfterValidator(_servers)]
TopicPrefix: TypeAlias = Annotated[str, AfterValidator(_topic_prefix)]
FilePath: TypeAlias = Annotated[Path, AfterValidator(Path.expanduser)]
Pause: TypeAlias = Annotated[timedelta, BeforeValidator(_duration)]
Period: TypeAlias = Annotated[Pause, AfterValidator(_lasting)]
Group: TypeAlias = Annotated[str, AfterValidator(_group)]
PemFile: TypeAlias = Annotated[FilePath, AfterValidator(_existing_file)]
SecurityProtocol: TypeAlias = Annotated[
    Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"], BeforeValidator(_upper)
]
SaslMechanism: TypeAlias = Annotated[Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], BeforeValidator(_upper)]
LogLevel: TypeAlias = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
