"""Errors meant for people: each says what is wrong, where, and what to do, in one line, and carries its exit code."""

from __future__ import annotations

from typing import ClassVar


class EvenhandError(Exception):
    """Something that its reader can mend. The command prints `error: <message>` and ends with `exit_code`."""

    exit_code: ClassVar[int] = 3


class UsageError(EvenhandError):
    """The caller must act: a wrong option or setting, a missing file (contract, section 4)."""

    exit_code = 2


class CatalogueError(UsageError):
    """Whoever keeps the catalogue must act: it cannot be read, or breaks a rule of the contract's section 5."""


class BrokenEnvironmentError(EvenhandError):
    """Whoever runs the machines must act: disk, broker or state is not as it has to be (contract, section 4)."""

    exit_code = 3
