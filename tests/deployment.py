"""The files that people deploy with, as the tests read them."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[1]
COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
DEPLOY = REPOSITORY / "deploy"


def read_yaml(path: Path) -> Any:
    """The content of a YAML file, its merge keys resolved."""
    return YAML(typ="safe").load(path)


def services() -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml by name."""
    found: dict[str, dict[str, Any]] = read_yaml(COMPOSE_FILE)["services"]
    return found


def default_of(mount: str) -> str:
    """A mount as it is where the variable in it is not set."""
    return re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", mount)
