"""Subcommands by name: a command's module is imported when that command is run, never to list or to describe it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click
from typing_extensions import override


class Subcommand(NamedTuple):
    """Where a subcommand lives, and its line in the help."""

    module: str
    """Exposes the click command as `command`."""
    purpose: str


class ReaderGoneError(Exception):
    """Whoever read our standard output has closed it, as `head` does: no fault of anyone."""


class LazyGroup(click.Group):
    """A group that knows its subcommands by name and purpose alone."""

    def __init__(self, *args: Any, subcommands: Mapping[str, Subcommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subcommands = subcommands

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give every name, in the order of the table."""
        return list(self.subcommands)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a subcommand; None where there is no such name."""
        if cmd_name not in self.subcommands:
            return None
        command = import_module(self.subcommands[cmd_name].module).command
        assert isinstance(command, click.Command)
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, subcommand.purpose) for name, subcommand in self.subcommands.items()])

    @override
    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand. ReaderGoneError: what it wrote had no reader any more."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # click would end with 1 here, which `replay --strict` keeps for dead letters.
            raise ReaderGoneError from error
