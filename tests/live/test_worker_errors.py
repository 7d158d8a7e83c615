"""What breaks around a worker: it waits where waiting helps, and ends with one clear line where a person must act."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLFilter, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from tests.commands import evenhand
from tests.errors_logged import ErrorsLogged
from tests.kafka import PASSWORD, USERNAME, Broker, Security
from tests.kafka_log import make_topics
from tests.live.conftest import Install
from tests.live.installation import Installation
from tests.live.log import Sent
from tests.live.pages import ask, readiness, wait_until_ready
from tests.live.proof import prove
from tests.live.story import Story
from tests.live.worker import Worker
from tests.test_topics_command import alter

USAGE, ENVIRONMENT = 2, 3
SECRET = "open sesame"
CAN_MOUNT = ("unshare", "--user", "--map-root-user", "--mount")


# What is asked of it wrongly


def test_a_worker_wants_its_catalogue_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    code, _, err = evenhand("worker")

    assert (code, err.count("\n")) == (USAGE, 1)
    assert err.startswith("error: no catalogue: set EVENHAND_CATALOGUE, or start where a catalogue.toml stands")


@pytest.mark.parametrize(
    ("catalogue", "said"),
    [
        (None, "there is no such catalogue"),
        ("model = linear", "line 1"),
        ('model = "guesswork"', "guesswork"),
        ('attribution_horizon = "P30D"\nconversion_retention = "P7D"', "conversion_retention"),
    ],
)
def test_a_catalogue_that_is_missing_or_invalid_is_named(
    catalogue: str | None, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "rules.toml"
    if catalogue is not None:
        path.write_text(catalogue)
    monkeypatch.setenv("EVENHAND_CATALOGUE", str(path))

    code, _, err = evenhand("worker")

    assert (code, err.count("\n")) == (USAGE, 1)
    assert str(path) in err
    assert said in err


def test_a_setting_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_WEB_PORT", "all of them")

    code, _, err = evenhand("worker")

    assert (code, err.count("\n")) == (USAGE, 1)
    assert "EVENHAND_WEB_PORT" in err


def test_a_place_for_snapshots_of_no_known_kind_is_wrong_usage(install: Install) -> None:
    worker = install().worker("a", EVENHAND_SNAPSHOT_URL="carrier-pigeon://loft")

    assert_ended(worker, USAGE, "EVENHAND_SNAPSHOT_URL", "carrier-pigeon")


# What is not as it has to be on Kafka


def test_a_missing_topic_is_named(install: Install) -> None:
    installation = install()
    delete(installation, "credits.shadow")

    worker = installation.worker("a")

    assert_ended(worker, ENVIRONMENT, installation.prefix + "credits.shadow", "evenhand topics create")


def test_unequal_partition_counts_are_told(install: Install) -> None:
    installation = install()
    delete(installation, "conversions")
    make_topics(installation.broker, {installation.prefix + "conversions": 4})

    worker = installation.worker("a")

    assert_ended(worker, ENVIRONMENT, f"{installation.prefix}touchpoints 1", f"{installation.prefix}conversions 4")


def test_a_session_that_the_broker_does_not_take_is_told(install: Install) -> None:
    worker = install().worker("a", EVENHAND_SESSION_TIMEOUT="PT0.1S")

    assert_ended(worker, ENVIRONMENT, "0.1 s", "EVENHAND_SESSION_TIMEOUT")


def test_a_message_larger_than_its_topic_takes_is_told(install: Install) -> None:
    installation = install()
    alter(installation.broker, installation.prefix + "dead-letters", **{"max.message.bytes": "4000"})
    installation.send([Sent("conversions", b"donor-7", b"no event" * 5_000)])

    worker = installation.worker("a")

    assert_ended(worker, ENVIRONMENT, "as large", "evenhand topics check", "max.message.bytes")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that asks for a password, and allows what nobody has forbidden."""
    properties = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true",
        "super.users": "User:ANONYMOUS",
    }
    home = tmp_path_factory.mktemp("guarded")
    with Broker(home, security=Security.SASL_PLAINTEXT, properties=properties) as broker:
        evenhand("topics", "create", "--partitions", "1", "--bootstrap-servers", broker.internal)
        yield broker


def test_a_wrong_password_ends_the_worker_and_is_not_shown(install: Install, guarded: Broker) -> None:
    worker = install().worker("a", **login(guarded, SECRET))

    assert_ended(worker, ENVIRONMENT, "refuses the login", "EVENHAND_KAFKA_SASL_PASSWORD")
    assert SECRET not in worker.log.read_text()


def test_a_worker_with_the_right_password_works(install: Install, guarded: Broker) -> None:
    worker = install().worker("a", **login(guarded, PASSWORD))

    wait_until_ready(worker)
    assert worker.stop() == 0
    assert PASSWORD not in worker.log.read_text()


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("GROUP", "evenhand.attribution", "consumer group evenhand.attribution"),
        ("TRANSACTIONAL_ID", "evenhand.attribution-0", "transactions of the ids evenhand.attribution-"),
        ("TOPIC", "evenhand.touchpoints", "evenhand.touchpoints"),
    ],
)
def test_who_may_not_is_told_so(install: Install, guarded: Broker, kind: str, name: str, said: str) -> None:
    with forbidden(guarded, kind, name):
        worker = install().worker("a", **login(guarded, PASSWORD))

        assert_ended(worker, ENVIRONMENT, said, "grant")


@contextmanager
def forbidden(broker: Broker, kind: str, name: str) -> Iterator[None]:
    """Meanwhile the user may see the resource, and no more."""
    whom, pattern = f"User:{USERNAME}", ResourcePattern(ResourceType[kind], name)
    acl = ACL(whom, "*", ACLOperation.DESCRIBE, ACLPermissionType.ALLOW, pattern)
    admin = KafkaAdminClient(bootstrap_servers=broker.internal)
    admin.create_acls([acl])
    try:
        yield
    finally:
        admin.delete_acls([ACLFilter(whom, "*", ACLOperation.ANY, ACLPermissionType.ANY, pattern)])
        admin.close()


def login(broker: Broker, password: str) -> dict[str, str]:
    return {
        "EVENHAND_TOPIC_PREFIX": "evenhand.",
        "EVENHAND_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
        "EVENHAND_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "EVENHAND_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "EVENHAND_KAFKA_SASL_USERNAME": USERNAME,
        "EVENHAND_KAFKA_SASL_PASSWORD": password,
    }


# Brokers that come and go


def test_a_worker_waits_for_the_brokers_and_begins_when_they_come(install: Install) -> None:
    installation = install()
    installation.broker.stop()

    worker = installation.worker("a")

    worker.wait_for("waiting for the brokers")
    said = readiness(worker)
    assert (said.status, ask(worker, "/health").status) == (503, 200)
    assert f"no Kafka broker answers at {installation.broker.bootstrap}" in (said.why or "")
    installation.broker.start()
    wait_until_ready(worker)
    assert (worker.stop(), worker.errors()) == (0, [])


def test_a_worker_that_waits_for_the_brokers_can_be_stopped(install: Install) -> None:
    installation = install()
    installation.broker.freeze()
    worker = installation.worker("a")
    worker.wait_for("web server listens")

    assert (worker.stop(), worker.errors()) == (0, [])


def test_nothing_is_lost_while_the_brokers_are_away(install: Install, errors_logged: ErrorsLogged) -> None:
    errors_logged.allow("kafka")  # the test's own clients
    # Given
    installation = install()
    records = list(islice(Story(7, 1, contacts=200), 2_000))
    worker = installation.worker("a")
    installation.send(records[:1_000])
    wait_until_ready(worker)

    # When
    installation.broker.kill()
    worker.wait_until(lambda entries: any("Connection refused" in entry["event"] for entry in entries))
    installation.broker.start()

    # Then
    installation.send(records[1_000:])
    installation.wait_until_settled()
    wait_until_ready(worker)
    prove(installation)
    assert (worker.stop(), worker.errors()) == (0, [])


# What is not as it has to be on this machine


def test_a_state_folder_in_use_is_named(install: Install) -> None:
    installation = install()
    first = installation.worker("a")
    wait_until_ready(first)

    second = installation.worker("a")

    assert_ended(second, ENVIRONMENT, str(installation.disk("a")), "in use by the process", "EVENHAND_STATE_DIR")
    assert readiness(first).ready


def test_a_port_in_use_is_named(install: Install) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = str(taken.getsockname()[1])

        worker = install().worker("a", EVENHAND_WEB_PORT=port)

        assert_ended(worker, ENVIRONMENT, f"port {port} ", "EVENHAND_WEB_PORT")


def test_a_state_folder_that_cannot_be_is_named(install: Install, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    worker = install().worker("a", EVENHAND_STATE_DIR=f"{tmp_path}/file/state")

    assert_ended(worker, ENVIRONMENT, f"{tmp_path}/file/state", "EVENHAND_STATE_DIR")


def test_a_state_of_another_format_is_told(install: Install) -> None:
    installation, database = with_state(install)
    (database.parent / "FORMAT").write_text("99\n")

    worker = installation.worker("a")

    assert_ended(worker, ENVIRONMENT, str(database.parent), "newer", "upgrade")


def test_a_corrupt_state_is_told(install: Install) -> None:
    installation, database = with_state(install)
    [manifest] = database.glob("MANIFEST-*")
    manifest.write_bytes(b"nonsense" * 100)

    worker = installation.worker("a")

    assert_ended(worker, ENVIRONMENT, str(database), "evenhand state reset")


def test_a_place_for_snapshots_that_refuses_ends_a_worker_without_state(install: Install, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    worker = install().worker("a", EVENHAND_SNAPSHOT_URL=f"file://{tmp_path}/file/snapshots")

    assert_ended(worker, ENVIRONMENT, f"{tmp_path}/file/snapshots", "EVENHAND_SNAPSHOT_URL")


def test_a_full_disk_is_told_and_costs_nothing(install: Install, tmp_path: Path) -> None:
    # Given
    installation = install()
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    installation.send(islice(Story(8, 1, contacts=2_000), 20_000))

    # When
    worker = installation.worker(
        "a", program=on_a_disk_of(1 << 20, tiny), EVENHAND_STATE_DIR=str(tiny), EVENHAND_SNAPSHOT_URL=""
    )

    # Then
    assert_ended(worker, ENVIRONMENT, str(tiny), "the disk is full")
    again = installation.worker("a", EVENHAND_SNAPSHOT_URL="")
    installation.wait_until_settled()
    prove(installation)
    assert again.stop() == 0


def on_a_disk_of(size: int, folder: Path) -> tuple[str, ...]:
    """Run the program where a disk of that size stands at the folder, for itself alone: it goes with the program."""
    if subprocess.run([*CAN_MOUNT, "true"], capture_output=True, check=False).returncode:
        pytest.skip("nobody may mount a small disk here")
    mount = f"mount -t tmpfs -o size={size} tmpfs {folder}"
    command = [*CAN_MOUNT, "sh", "-c", f'{mount} && exec "$@"', "sh"]
    return (
        "-c",
        f"import os, sys; os.execvp('unshare', {command!r} + [sys.executable, '-m', 'cli.main', *sys.argv[1:]])",
    )


def with_state(install: Install) -> tuple[Installation, Path]:
    """An installation whose worker has stopped, and the database it left."""
    installation = install()
    worker = installation.worker("a", EVENHAND_SNAPSHOT_URL="")
    wait_until_ready(worker)
    assert worker.stop() == 0
    [database] = installation.disk("a").glob("*/*/0/db")
    return installation, database


def assert_ended(worker: Worker, code: int, *said: str) -> None:
    """It ended with that code and one line that says why; no traceback, and no other error."""
    assert worker.ended() == code, worker.tail()
    assert "Traceback" not in worker.log.read_text()
    [error] = worker.errors()
    assert error.startswith("error: ")
    assert [words for words in said if words not in error] == [], error


def delete(installation: Installation, name: str) -> None:
    """The topic is gone."""
    admin = KafkaAdminClient(bootstrap_servers=installation.broker.internal)
    admin.delete_topics([installation.prefix + name])
    while not admin.describe_topics([installation.prefix + name])[0]["error_code"]:
        pass
    admin.close()
