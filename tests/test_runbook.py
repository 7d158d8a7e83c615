"""What the runbook tells people to type exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from cli.main import evenhand

RUNBOOK = (Path(__file__).parents[1] / "docs" / "runbook.md").read_text()
COMMANDS = sorted(set(re.findall(r"`evenhand ([^`]+)`", RUNBOOK)))


@pytest.mark.parametrize("typed", COMMANDS)
def test_every_command_of_the_runbook_exists_with_its_options(typed: str) -> None:
    words = shlex.split(typed)
    command: click.Command = evenhand
    known = set(options(evenhand))
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.get_command(click.Context(command), word)
            assert found is not None, f"no {word} in {typed}"
            command = found
            known |= set(options(command))

    assert [word for word in words if word.startswith("-") and word not in known] == []


def test_the_runbook_names_commands() -> None:
    assert len(COMMANDS) > 10


def options(command: click.Command) -> list[str]:
    return [name for parameter in command.params for name in parameter.opts]
