"""Settings: what the environment says, and what whoever set it wrongly is told."""

import os
from datetime import timedelta
from pathlib import Path

import platformdirs
import pytest

from config.errors import UsageError
from config.settings import load_settings
from config.settings_page import settings_page

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "settings.md"
LEGAL = "must be 1 to 200 of the characters a to z, A to Z, 0 to 9, '.', '_' and '-'"
DURATION = "a duration is ISO 8601, PnW or PnDTnHnMnS with a fraction only in seconds, such as P3D or PT0.5S"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting comes from whoever runs the tests."""
    for variable in [variable for variable in os.environ if variable.startswith("EVENHAND_")]:
        monkeypatch.delenv(variable)


def test_without_an_environment_the_contracts_defaults_hold() -> None:
    settings = load_settings()

    assert settings.model_dump(include=set(list(type(settings).model_fields)[:16])) == {
        "kafka_bootstrap_servers": "localhost:9092",
        "topic_prefix": "evenhand.",
        "group": "evenhand",
        "partitions": 12,
        "replication_factor": None,
        "session_timeout": timedelta(seconds=6),
        "state_dir": platformdirs.user_data_path("evenhand"),
        "snapshot_url": "",
        "snapshot_interval": timedelta(seconds=30),
        "snapshots_kept": 3,
        "catalogue": None,
        "profiles": None,
        "align_wait": timedelta(seconds=0.5),
        "chunk_time": timedelta(seconds=0.5),
        "dead_letter_ratio": 0.5,
        "web_port": 6066,
    }


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("KAFKA_BOOTSTRAP_SERVERS", "a:1, [::1]:9092", "kafka_bootstrap_servers", "a:1,[::1]:9092"),
        ("GROUP", "shop-2", "group", "shop-2"),
        ("REPLICATION_FACTOR", "3", "replication_factor", 3),
        ("SESSION_TIMEOUT", "PT1M", "session_timeout", timedelta(minutes=1)),
        ("STATE_DIR", "/var/lib/evenhand", "state_dir", Path("/var/lib/evenhand")),
        ("STATE_DIR", "~/state", "state_dir", Path.home() / "state"),
        ("SNAPSHOT_URL", "s3://bucket/evenhand", "snapshot_url", "s3://bucket/evenhand"),
        ("PROFILES", "/etc/definitions.toml", "profiles", Path("/etc/definitions.toml")),
        ("CATALOGUE", "/etc/evenhand.toml", "catalogue", Path("/etc/evenhand.toml")),
        ("ALIGN_WAIT", "PT0S", "align_wait", timedelta()),
        ("DEAD_LETTER_RATIO", "1", "dead_letter_ratio", 1.0),
        ("WEB_PORT", "0", "web_port", 0),
        ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("DEBUG", "1", "debug", True),
        ("PARTITIONS", "", "partitions", 12),
    ],
)
def test_a_variable_sets_its_field(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, field: str, value: object
) -> None:
    monkeypatch.setenv(f"EVENHAND_{variable}", text)

    assert getattr(load_settings(), field) == value


@pytest.mark.parametrize(
    ("prefix", "group"), [("shop.", "shop"), ("a.b.", "a.b"), ("shop-", "shop-"), ("shop..", "shop.")]
)
def test_the_group_is_the_topic_prefix_without_its_last_dot(
    monkeypatch: pytest.MonkeyPatch, prefix: str, group: str
) -> None:
    monkeypatch.setenv("EVENHAND_TOPIC_PREFIX", prefix)

    assert load_settings().group == group


def test_the_topic_prefix_may_be_empty_where_the_group_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_TOPIC_PREFIX", "")
    monkeypatch.setenv("EVENHAND_GROUP", "shop")

    settings = load_settings()

    assert (settings.topic_prefix, settings.group) == ("", "shop")


def test_what_an_option_gives_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_PARTITIONS", "7")
    monkeypatch.setenv("EVENHAND_WEB_PORT", "7")

    settings = load_settings(partitions=3, web_port=None)

    assert (settings.partitions, settings.web_port) == (3, 7)


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("KAFKA_BOOTSTRAP_SERVERS", "broker", "must be host:port, several of them separated by commas"),
        ("KAFKA_BOOTSTRAP_SERVERS", "a:1,,b:2", "must be host:port, several of them separated by commas"),
        ("GROUP", "a/b", LEGAL),
        ("GROUP", "..", LEGAL),
        ("PARTITIONS", "0", "Input should be greater than or equal to 1"),
        ("PARTITIONS", "many", "Input should be a valid integer, unable to parse string as an integer"),
        ("SESSION_TIMEOUT", "6", DURATION),
        ("SESSION_TIMEOUT", "PT0S", "must be more than no time"),
        ("SESSION_TIMEOUT", "P999999999999W", "is too long a time"),
        ("ALIGN_WAIT", "-PT1S", DURATION),
        ("DEAD_LETTER_RATIO", "1.1", "Input should be less than or equal to 1"),
        ("DEAD_LETTER_RATIO", "nan", "Input should be a finite number"),
        ("WEB_PORT", "65536", "Input should be less than or equal to 65535"),
        ("LOG_LEVEL", "loud", "Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("KAFKA_SECURITY_PROTOCOL", "tls", "Input should be 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT' or 'SASL_SSL'"),
        ("KAFKA_SASL_MECHANISM", "GSSAPI", "Input should be 'PLAIN', 'SCRAM-SHA-256' or 'SCRAM-SHA-512'"),
        ("KAFKA_SSL_CAFILE", "/no/such.pem", "there is no file /no/such.pem"),
    ],
)
def test_a_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, message: str
) -> None:
    monkeypatch.setenv(f"EVENHAND_{variable}", text)

    with pytest.raises(UsageError) as refusal:
        load_settings()

    assert str(refusal.value) == f"EVENHAND_{variable}: {message}"
    assert refusal.value.exit_code == 2


def test_an_empty_prefix_needs_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_TOPIC_PREFIX", "")

    with pytest.raises(UsageError) as refusal:
        load_settings()

    assert str(refusal.value) == "EVENHAND_GROUP: must be set where EVENHAND_TOPIC_PREFIX gives it no name"


def test_every_bad_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_PARTITIONS", "0")
    monkeypatch.setenv("EVENHAND_WEB_PORT", "-1")

    with pytest.raises(UsageError) as refusal:
        load_settings()

    assert str(refusal.value) == (
        "EVENHAND_PARTITIONS: Input should be greater than or equal to 1; "
        "EVENHAND_WEB_PORT: Input should be greater than or equal to 0"
    )


def test_the_catalogue_is_the_one_named_else_the_folders_else_the_one_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = load_settings().catalogue_path()
    (tmp_path / "catalogue.toml").touch()
    here = load_settings().catalogue_path()
    monkeypatch.setenv("EVENHAND_CATALOGUE", "/etc/evenhand.toml")
    named = load_settings().catalogue_path()

    assert (shipped, here, named) == (None, Path("catalogue.toml"), Path("/etc/evenhand.toml"))


def test_the_page_about_settings_is_not_stale() -> None:
    assert PAGE.read_text() == settings_page(), "run: python -m config.settings_page > docs/reference/settings.md"
