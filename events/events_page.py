"""The page about events, generated from their schemas: `python -m events.events_page > docs/reference/events.md`."""

from __future__ import annotations

import json
from typing import Final

from events.schema import EVENTS, Schema, json_schema

HEAD: Final = """\
# Events

<!-- Generated from the models in events/: python -m events.events_page > docs/reference/events.md -->

JSON objects, UTF-8. Fields may stand in any order, a field that is not listed is refused, and `null` stands only where
it is listed. The [schemas](../schemas) have the same rules for machines.

"""


def events_page() -> str:
    """The page as Markdown: one section an event with the objects within it, and one for the types of fields."""
    schemas = {name: json_schema(name) for name in EVENTS}
    parts = {name: part for schema in schemas.values() for name, part in schema.get("$defs", {}).items()}
    return HEAD + "".join(_section(name, schema) for name, schema in schemas.items()) + _types(parts)


def _section(name: str, schema: Schema) -> str:
    objects = [part for part in schema.get("$defs", {}).values() if part["type"] == "object"]
    within = "".join(f"`{part['title']}`: {part['description']}\n\n{_table(part)}{_comment(part)}" for part in objects)
    return f"## {name}\n\n{schema['description']}\n\n{_table(schema)}{_comment(schema)}{within}"


def _comment(schema: Schema) -> str:
    return f"{schema['$comment']}.\n\n" if "$comment" in schema else ""


def _table(schema: Schema) -> str:
    required = schema.get("required", ())
    rows = [_row(field, rule, field in required) for field, rule in schema["properties"].items()]
    return "| field | type | required | |\n| --- | --- | --- | --- |\n" + "".join(rows) + "\n"


def _row(field: str, rule: Schema, required: bool) -> str:
    const = f"`{json.dumps(rule['const'])}`" if "const" in rule else ""
    choices = " ".join(f"`{choice}`" for choice in rule.get("enum", ()))
    words = "; ".join(filter(None, (const, choices, rule.get("description"))))
    return f"| `{field}` | {_type(rule)} | {'yes' if required else 'no'} | {words} |\n"


def _type(rule: Schema) -> str:
    match rule:
        case {"$ref": reference}:
            return f"`{reference.rpartition('/')[2]}`"
        case {"anyOf": choices}:
            return " or ".join(map(_type, choices))
        case {"type": "array", "items": items}:
            return f"array of {_type(items)}"
        case {"type": "object", "additionalProperties": dict(values), "propertyNames": names}:
            return f"object of {_type(names)} → {_type(values)}"
    return str(rule["type"])


def _types(parts: Schema) -> str:
    rows = [
        f"| `{name}` | {part['description']}{''.join(f' `{choice}`' for choice in part.get('enum', ()))} |\n"
        for name, part in sorted(parts.items())
        if part["type"] == "string"
    ]
    return "## Types of text\n\n| type | |\n| --- | --- |\n" + "".join(rows)


if __name__ == "__main__":
    print(events_page(), end="")
