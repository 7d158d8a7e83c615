"""The file of definitions: users, and score profiles (contract, part 2, section 1, topic `definitions`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from msgspec import Struct
from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from config.catalogue_entries import Entry
from config.catalogue_file import MESSAGES
from config.catalogue_types import Identifier
from config.errors import UsageError
from config.profile import Profile
from config.profile_entries import ProfileEntry
from config.profile_reading import compiled
from config.toml_lines import key_text, line_of
from events.zones import check_zone

DEFAULT_ZONE: Final = "UTC"
DEFAULT_REMINDER_HOUR: Final = 6


class DefinitionsError(UsageError):
    """Whoever keeps the file of definitions must act: it cannot be read, or says what means nothing."""


def _zone(text: str) -> str:
    try:
        return check_zone(text)
    except ValueError as error:
        raise ValueError(f'is "{text}", but {error}') from None


Zone: TypeAlias = Annotated[str, AfterValidator(_zone)]
Hour: TypeAlias = Annotated[int, Field(ge=0, le=23)]


class UserEntry(Entry):
    """`[users.<user_id>]`."""

    name: str | None = None
    email: str | None = None
    time_zone: Zone | None = None
    reminder_hour: Hour | None = None
    active: bool = True


class DefinitionsFile(Entry):
    """The whole file."""

    time_zone: Zone = DEFAULT_ZONE
    reminder_hour: Hour = DEFAULT_REMINDER_HOUR
    users: dict[Identifier, UserEntry] = Field({})
    profiles: dict[Identifier, ProfileEntry] = Field({})


class UserDefinition(Struct, frozen=True):
    """A user of the file; None: as the installation has it."""

    name: str | None
    email: str | None
    time_zone: str | None
    reminder_hour: int | None
    active: bool


class Definitions(Struct, frozen=True):
    """Everything that a file defines."""

    time_zone: str
    """Of users without their own, and of nobody."""
    reminder_hour: int
    users: Mapping[str, UserDefinition]
    profiles: Mapping[str, Profile]
    """Drafts too."""
    written: Mapping[str, Mapping[str, object]]
    """The profiles as they were written, to be sent as definitions."""


NO_DEFINITIONS: Final = Definitions(DEFAULT_ZONE, DEFAULT_REMINDER_HOUR, {}, {}, {})


def load_definitions(path: Path) -> Definitions:
    """Read a file of definitions. DefinitionsError says in one line all that is wrong with it, and where."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise DefinitionsError(f"{path}: there is no such file of definitions; name another or write one") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionsError(f"{path} cannot be read as definitions: {error}") from error
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise DefinitionsError(f"{path} is not TOML: {error}") from error
    try:
        file = DefinitionsFile.model_validate(tables)
    except ValidationError as error:
        faults = "; ".join(_said(text, detail) for detail in error.errors())
        raise DefinitionsError(f"{path} holds no valid definitions: {faults}") from None
    return Definitions(
        time_zone=file.time_zone,
        reminder_hour=file.reminder_hour,
        users={
            name: UserDefinition(user.name, user.email, user.time_zone, user.reminder_hour, user.active)
            for name, user in file.users.items()
        },
        profiles={name: compiled(name, entry) for name, entry in file.profiles.items()},
        written=tables.get("profiles", {}),
    )


def _said(text: str, detail: ErrorDetails) -> str:
    path = tuple(part for part in detail["loc"] if part != "[key]")
    line = line_of(text, path)
    place = f"line {line}, {key_text(path)}" if line else key_text(path)
    return f"{place} {fault_of(detail)}".strip()


def fault_of(detail: ErrorDetails) -> str:
    """What is wrong with a key, as the end of a sentence that begins with its name."""
    if detail["type"] == "literal_error":
        return f'is "{detail["input"]}", but must be {detail["ctx"]["expected"]}'
    if detail["type"] in MESSAGES:
        return MESSAGES[detail["type"]].format(**detail.get("ctx", {}))
    return detail["msg"].removeprefix("Value error, ")
