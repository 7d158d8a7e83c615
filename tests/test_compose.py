"""docker-compose.yml and the Dockerfile hold without Docker: schema, commands, settings and files."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from cli.main import evenhand
from config.settings import Settings, load_settings
from tests.deployment import COMPOSE_FILE, REPOSITORY, default_of, read_yaml, services
from tests.kafka.classpath import POM

OUR_SERVICES = {name: service for name, service in services().items() if service["image"].startswith("evenhand:")}


def test_the_file_meets_the_compose_specification() -> None:
    assert complaints_about(COMPOSE_FILE) == "ok -- validation done"


def test_a_misspelt_key_would_not_meet_it(tmp_path: Path) -> None:
    misspelt = tmp_path / "docker-compose.yml"
    misspelt.write_text(COMPOSE_FILE.read_text().replace("healthcheck:", "heathcheck:"))
    assert "'heathcheck' does not match" in complaints_about(misspelt)


def test_every_image_is_pinned() -> None:
    images = [service["image"] for service in services().values()]
    assert [image for image in images if not re.fullmatch(r"[a-z/]+:(local|v?\d+\.\d+\.\d+)", image)] == []


def test_the_broker_is_the_one_that_the_tests_run() -> None:
    maven = "{http://maven.apache.org/POM/4.0.0}"
    tested = ElementTree.parse(POM).findtext(f"{maven}properties/{maven}kafka.version")
    assert services()["kafka"]["image"] == f"apache/kafka:{tested}"


def test_topics_then_two_workers() -> None:
    assert services()["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert services()["worker"]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    assert services()["worker"]["deploy"]["replicas"] == 2


def our_commands() -> Iterator[list[str]]:
    """Each `evenhand` command line of the file, without its first word; a shell's as the parts of its pipe."""
    for service in OUR_SERVICES.values():
        if "entrypoint" in service:
            yield from (part.split()[1:] for part in service["command"][0].split(" | "))
        else:
            yield service["command"]


@pytest.mark.parametrize("command", list(our_commands()), ids=" ".join)
def test_every_command_is_one_that_evenhand_takes(command: list[str]) -> None:
    parse(evenhand, command)


def test_a_command_with_an_unknown_option_would_not_pass() -> None:
    with pytest.raises(click.NoSuchOption):
        parse(evenhand, ["sample", "--contakts", "7"])


@pytest.mark.parametrize("service", OUR_SERVICES)
def test_every_variable_is_a_setting_with_a_value_that_it_takes(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = OUR_SERVICES[service].get("environment", {})
    known = {f"EVENHAND_{name}".upper() for name in Settings.model_fields}
    assert set(environment) <= known
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert load_settings().kafka_bootstrap_servers == "kafka:19092"


def test_every_file_that_is_mounted_exists() -> None:
    mounts = [mount for service in services().values() for mount in service.get("volumes", [])]
    ours = [default_of(mount).split(":")[0] for mount in mounts if default_of(mount).startswith("./")]
    assert ours != []
    assert [path for path in ours if not (REPOSITORY / path).exists()] == []


def test_every_named_volume_is_declared() -> None:
    mounts = [mount for service in services().values() for mount in service.get("volumes", [])]
    named = {mount.split(":")[0] for mount in mounts if re.match(r"[a-z-]+:", mount)}
    assert named == set(read_yaml(COMPOSE_FILE)["volumes"])


def test_the_image_is_built_from_files_that_exist_and_are_sent() -> None:
    sources = [
        word
        for line in dockerfile()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    sent = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(sources) == sent
    assert [path for path in sources if not (REPOSITORY / path).exists()] == []


def test_the_image_writes_only_where_it_may() -> None:
    made = " ".join(dockerfile())
    written = [mount.split(":")[-1] for mount in services()["worker"]["volumes"] if not mount.endswith(":ro")]
    assert [path for path in written if path not in made] == []


def complaints_about(path: Path) -> str:
    """What the published schema of the Compose specification says to a file."""
    checker = str(Path(sys.executable).with_name("check-jsonschema"))
    command = [checker, "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def parse(group: click.Group, words: list[str]) -> None:
    """Read a command line as the command that it names would, without running it."""
    name, *arguments = words
    command = group.get_command(click.Context(group), name)
    assert command is not None, f"no command {name}"
    if isinstance(command, click.Group):
        parse(command, arguments)
    else:
        command.make_context(name, arguments)


def dockerfile() -> list[str]:
    """The Dockerfile's instructions, continued lines joined."""
    return (REPOSITORY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
