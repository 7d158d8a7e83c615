"""The lock files pin all that pyproject.toml asks for, by hash, and name no registry."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
LOCKS = ["requirements.lock", "requirements-dev.lock", "scripts/uv.lock"]


@pytest.mark.parametrize(
    ("lock", "asked_for"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]),
        ("requirements-dev.lock", PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_every_requirement_is_locked_to_a_version_that_meets_it(lock: str, asked_for: list[str]) -> None:
    locked = versions(lock)
    requirements = map(Requirement, asked_for)
    unmet = [str(each) for each in requirements if locked.get(canonicalize_name(each.name), "0") not in each.specifier]
    assert unmet == [], "run 'make lock'"


def test_the_tools_are_locked_beside_the_same_versions_as_without_them() -> None:
    assert versions("requirements.lock").items() <= versions("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_version_has_its_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=[a-z])", text_of(lock))[1:]
    assert entries != []
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_registry_is_named(lock: str) -> None:
    assert re.findall(r"\S+://\S+|--(?:extra-)?index-url.*|--find-links.*", text_of(lock)) == []


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text_of(lock), re.MULTILINE))


def text_of(lock: str) -> str:
    return (REPOSITORY / lock).read_text()
