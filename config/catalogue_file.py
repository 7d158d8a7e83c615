"""Reading a catalogue's file: what is wrong with it, all of it, and where."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Final, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.catalogue_entries import CatalogueFile
from config.errors import CatalogueError
from config.toml_lines import KeyPath, key_text, line_of

MESSAGES: Final = {
    "extra_forbidden": "is an unknown key",
    "missing": "is missing",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "list_type": "must be a list",
    "string_type": "must be a text in quotes",
    "int_type": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must have {min_length} entries, not {actual_length}",
    "too_long": "must have at most {max_length} entries",
}
"""What pydantic finds, in the words of a TOML file."""


class Fault(NamedTuple):
    """One thing wrong with a catalogue: the key that it stands under, and the rest of a sentence about it."""

    path: KeyPath
    message: str


def read_catalogue_file(text: str, source: str) -> CatalogueFile:
    """Read the TOML of a catalogue. CatalogueError lists every fault of its shape, each with its line."""
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise CatalogueError(f"{source} is not TOML: {error}") from error
    try:
        return CatalogueFile.model_validate(tables)
    except ValidationError as error:
        raise refused(source, text, map(_fault, error.errors())) from None


def refused(source: str, text: str, faults: Iterable[Fault]) -> CatalogueError:
    """Say in one line all that is wrong with a catalogue, and where."""
    said = []
    for path, message in faults:
        line = line_of(text, path)
        said.append(f"line {line}, {key_text(path)} {message}" if line else f"{key_text(path)} {message}")
    return CatalogueError(f"{source} is no valid catalogue: " + "; ".join(said))


def _fault(error: ErrorDetails) -> Fault:
    path = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "literal_error":
        return Fault(path, f'names no model: "{error["input"]}"; the models are {error["ctx"]["expected"]}')
    if error["type"] in MESSAGES:
        return Fault(path, MESSAGES[error["type"]].format(**error.get("ctx", {})))
    return Fault(path, error["msg"].removeprefix("Value error, "))
