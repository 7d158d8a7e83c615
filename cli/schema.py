"""`evenhand schema`: the contract as files for producers and subscribers in any language."""

from __future__ import annotations

import json
from pathlib import Path

import click

from config.errors import UsageError
from events.asyncapi import asyncapi_document
from events.schema import EVENTS, json_schema


def schema_files() -> dict[str, str]:
    """Every file of the export by its name: one JSON Schema an event, and the AsyncAPI document that refers to them."""
    documents = {f"{name}.schema.json": json_schema(name) for name in EVENTS} | {"asyncapi.json": asyncapi_document()}
    return {name: json.dumps(document, indent=2) + "\n" for name, document in documents.items()}


@click.group("schema")
def command() -> None:
    """Export the contract as JSON Schema and AsyncAPI."""


@command.command("export")
@click.argument("folder", envvar="EVENHAND_SCHEMA_FOLDER", metavar="DIR", type=click.Path(path_type=Path))
def export(folder: Path) -> None:
    """Write one JSON Schema (2020-12) an event and an AsyncAPI 3 document into DIR, which is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in schema_files().items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}; give another folder") from error
    click.echo(f"{len(schema_files())} files written to {folder}")
