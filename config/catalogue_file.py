"""Reading a catalogue's file: what is wrong with it, all of it, and where."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.catalogue_entries import CatalogueFile
from config.errors import CatalogueError
from config.toml_lines import KeyPath, line_of


class Fault(NamedTuple):
    """One thing wrong with a catalogue, and the key that it stands under."""

    path: KeyPath
    message: str


def read_catalogue_file(text: str, source: str) -> CatalogueFile:
    """Read the TOML of a catalogue. CatalogueError lists every fault of its shape, each with its line."""
    try:
        return CatalogueFile.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CatalogueError(f"{source} is not TOML: {error}") from error
    except ValidationError as error:
        raise refused(source, text, map(_fault, error.errors())) from None


def refused(source: str, text: str, faults: Iterable[Fault]) -> CatalogueError:
    """Say in one line all that is wrong with a catalogue, and where."""
    said = []
    for path, message in faults:
        line = line_of(text, path)
        where = ".".join(map(str, path))
        said.append(f"{where}: {message}" if line is None else f"line {line}, {where}: {message}")
    return CatalogueError(f"{source} is no valid catalogue: " + "; ".join(said))


def _fault(error: ErrorDetails) -> Fault:
    path = tuple(part for part in error["loc"] if part != "[key]")
    match error["type"]:
        case "extra_forbidden":
            return Fault(path, "unknown key")
        case "missing":
            return Fault(path, "is missing")
        case "literal_error":
            return Fault(path, f'there is no model "{error["input"]}"; the models are {error["ctx"]["expected"]}')
        case _:
            return Fault(path, error["msg"].removeprefix("Value error, "))
