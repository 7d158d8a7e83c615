"""docker-compose.yml's own commands, started by hand against a real broker: topics, two workers, the sample."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.deployment import REPOSITORY, default_of, services
from tests.kafka import Broker
from tests.kafka.ports import free_ports

DEADLINE_S = 60.0


@pytest.fixture
def surroundings(kafka: Broker, topic_prefix: str, tmp_path: Path) -> dict[str, str]:
    """What is elsewhere on this machine than in the containers, or smaller."""
    catalogue = next(mount for mount in services()["worker"]["volumes"] if "catalogue.toml" in mount)
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "EVENHAND_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap,
        "EVENHAND_TOPIC_PREFIX": topic_prefix,
        "EVENHAND_PARTITIONS": "2",
        "EVENHAND_CATALOGUE": str(REPOSITORY / default_of(catalogue).split(":")[0]),
        "EVENHAND_SNAPSHOT_URL": f"file://{tmp_path}/snapshots",
        "EVENHAND_SAMPLE_CONTACTS": "50",
    }


def test_the_services_attribute_the_sample(surroundings: dict[str, str], tmp_path: Path) -> None:
    run("topics", surroundings)
    ports = free_ports(services()["worker"]["deploy"]["replicas"])
    with ExitStack() as workers:
        for port in ports:
            own = {"EVENHAND_STATE_DIR": f"{tmp_path}/state-{port}", "EVENHAND_WEB_PORT": str(port)}
            workers.enter_context(running("worker", surroundings | own, tmp_path / f"worker-{port}.log"))
        wait_until(lambda: all(get(port, "/health") and get(port, "/ready") for port in ports), tmp_path)
        run("sample", surroundings)
        wait_until(lambda: sum(map(credits_published, ports)) > 0, tmp_path)


def test_topics_that_exist_are_left_as_they_are(surroundings: dict[str, str]) -> None:
    run("topics", surroundings)
    run("topics", surroundings)


def run(service: str, surroundings: dict[str, str]) -> None:
    """Run a service that ends, and see it end well."""
    done = subprocess.run(
        command_of(service), env=environment_of(service, surroundings), timeout=DEADLINE_S, check=False
    )
    assert done.returncode == 0


@contextmanager
def running(service: str, surroundings: dict[str, str], log: Path) -> Iterator[None]:
    """Run a service that stays, and see it end well when it is told to go."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command_of(service), env=environment_of(service, surroundings), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield
        process.terminate()
        assert process.wait(DEADLINE_S) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def command_of(service: str) -> list[str]:
    """What the container would run; the image's own entry point is `evenhand`."""
    definition = services()[service]
    return [*definition.get("entrypoint", ["evenhand"]), *definition["command"]]


def environment_of(service: str, surroundings: dict[str, str]) -> dict[str, str]:
    return {**services()[service]["environment"], **surroundings}


def get(port: int, path: str) -> str:
    """A worker's answer; empty where it gives none, or says that it is not well."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return str(answer.read(), "utf-8")
    except (OSError, HTTPException):
        return ""


def credits_published(port: int) -> float:
    counts = re.findall(r"^evenhand_credits_total\{.*\} (\S+)$", get(port, "/metrics"), re.MULTILINE)
    return sum(map(float, counts))


def wait_until(condition: Callable[[], bool], logs: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "\n".join(log.read_text()[-4000:] for log in logs.glob("*.log"))
        time.sleep(0.1)
