"""Settings from the environment: the variables of the contract's section 4, and how to reach a secured Kafka.

An empty variable counts as absent, except for the topic prefix, which may be none at all.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

import platformdirs
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.errors import UsageError
from config.setting_types import (
    FilePath,
    Group,
    LogLevel,
    Pause,
    PemFile,
    Period,
    SaslMechanism,
    SecurityProtocol,
    Servers,
    TopicPrefix,
)

PREFIX: Final = "EVENHAND_"


def _in_words(default: str) -> dict[str, Any]:
    return {"default_in_words": default}


class Settings(BaseSettings):
    """Everything that the environment decides. Each field is the variable of its name in capitals after `EVENHAND_`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    kafka_bootstrap_servers: Servers = Field("localhost:9092", description="The brokers to begin with: `host:port,…`.")
    topic_prefix: TopicPrefix = Field(
        "evenhand.", description="Stands before every topic's name: `evenhand.` gives `evenhand.touchpoints`."
    )
    group: Group = Field(
        "",
        description="Consumer groups are `<this>.attribution` and so on; transactional ids `<group>-<partition>`.",
        json_schema_extra=_in_words("the topic prefix without its last dot"),
    )
    partitions: int = Field(12, ge=1, description="Partitions of the topics to create.")
    replication_factor: int | None = Field(
        None,
        ge=1,
        le=32_767,
        description="Replicas of the topics to create.",
        json_schema_extra=_in_words("the broker's default"),
    )
    session_timeout: Period = Field(
        timedelta(seconds=6), description="When a silent worker loses its partitions to the others."
    )
    state_dir: FilePath = Field(
        default_factory=lambda: platformdirs.user_data_path("evenhand"),
        description="Local state, below it `<cluster id>/<group>/<partition>`.",
        json_schema_extra=_in_words("the platform's data folder"),
    )
    snapshot_url: str = Field("", description="fsspec URL of the snapshots; empty: none are taken.")
    snapshot_interval: Period = Field(timedelta(seconds=30), description="Time between two snapshots of a partition.")
    snapshots_kept: int = Field(3, ge=1, description="Snapshots kept of each partition.")
    catalogue: FilePath | None = Field(
        None,
        description="Path of the catalogue.",
        json_schema_extra=_in_words("`catalogue.toml` in the current folder, else the one that ships"),
    )
    profiles: FilePath | None = Field(
        None, description="Path of the definitions: users, and score profiles. They go before those of the topic."
    )
    align_wait: Pause = Field(
        timedelta(milliseconds=500), description="Longest wait of a conversion for the other topic; `PT0S`: none."
    )
    chunk_time: Period = Field(timedelta(milliseconds=500), description="Longest time that a chunk takes in records.")
    dead_letter_ratio: float = Field(
        0.5,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Share of a topic partition's last 10,000 records; when more are refused, its worker stops.",
    )
    web_port: int = Field(
        6066, ge=0, le=65_535, description="The worker's `/metrics`, `/health`, `/ready`; 0: any free port."
    )
    database_url: SecretStr = Field(
        SecretStr("sqlite:///evenhand.db"),
        description="SQLAlchemy URL of the read model: `postgresql://user:password@host/name` or `sqlite:///file.db`.",
        json_schema_extra=_in_words("`sqlite:///evenhand.db`"),
    )
    log_level: LogLevel = Field("INFO", description="The least that is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`.")
    debug: bool = Field(False, description="`1`: an error also shows its traceback.")

    kafka_security_protocol: SecurityProtocol = Field(
        "PLAINTEXT", description="`PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`."
    )
    kafka_sasl_mechanism: SaslMechanism | None = Field(
        None, description="`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`; for the SASL protocols."
    )
    kafka_sasl_username: str | None = Field(None, description="User name; for the SASL protocols.")
    kafka_sasl_password: SecretStr | None = Field(None, description="Its password; never printed or logged.")
    kafka_ssl_cafile: PemFile | None = Field(
        None,
        description="PEM file of the authorities that sign the brokers' certificates.",
        json_schema_extra=_in_words("the system's authorities"),
    )
    kafka_ssl_certfile: PemFile | None = Field(None, description="PEM file of the client's own certificate.")
    kafka_ssl_keyfile: PemFile | None = Field(
        None, description="PEM file of its key, where the certificate's file does not hold it."
    )
    kafka_ssl_key_password: SecretStr | None = Field(None, description="Password of that key; never printed or logged.")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, values: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in values.items() if value != "" or name == "topic_prefix"}
        prefix = str(given.get("topic_prefix", cls.model_fields["topic_prefix"].default))
        return {"group": prefix.removesuffix("."), **given}

    @model_validator(mode="after")
    def _security_is_whole(self) -> Self:
        sasl = (self.kafka_sasl_mechanism, self.kafka_sasl_username, self.kafka_sasl_password)
        if self.kafka_security_protocol.startswith("SASL"):
            if None in sasl:
                raise ValueError(
                    f"EVENHAND_KAFKA_SECURITY_PROTOCOL: {self.kafka_security_protocol} needs "
                    "EVENHAND_KAFKA_SASL_MECHANISM, EVENHAND_KAFKA_SASL_USERNAME and EVENHAND_KAFKA_SASL_PASSWORD"
                )
        elif sasl != (None, None, None):
            raise ValueError(
                f"EVENHAND_KAFKA_SECURITY_PROTOCOL: {self.kafka_security_protocol} would send no "
                "EVENHAND_KAFKA_SASL_… setting; choose SASL_SSL or SASL_PLAINTEXT, or unset them"
            )
        if self.kafka_ssl_keyfile is not None and self.kafka_ssl_certfile is None:
            raise ValueError("EVENHAND_KAFKA_SSL_KEYFILE: a key needs its EVENHAND_KAFKA_SSL_CERTFILE")
        return self

    def catalogue_path(self) -> Path | None:
        """Give the catalogue to read: the one named, else the current folder's; None: the one that ships."""
        here = Path("catalogue.toml")
        return self.catalogue or (here if here.is_file() else None)


def load_settings(**given: object) -> Settings:
    """Read the environment; what is given and not None, as by an option, goes first. UsageError names each fault."""
    named: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**named)
    except ValidationError as error:
        raise UsageError("; ".join(map(_said, error.errors()))) from None


def _said(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{str(error['loc'][0]).upper()}: {message}" if error["loc"] else message
