"""The page about settings, generated from the model: `python -m config.settings_page > docs/reference/settings.md`."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pydantic.fields import FieldInfo

from config.settings import PREFIX, Settings
from events.duration import format_duration

HEAD: Final = """\
# Settings

<!-- Generated from config/settings.py: python -m config.settings_page > docs/reference/settings.md -->

Every setting is an environment variable; an option of the command line goes before it. Durations are ISO 8601, such as
`PT30S` or `P1D`. An empty variable counts as absent, but for `EVENHAND_TOPIC_PREFIX`, which may be empty.
A bad value stops the command with exit code 2 and a line that names the variable.

| variable | meaning | default |
| --- | --- | --- |
"""


def settings_page() -> str:
    """Give the page as Markdown: one row a variable, in the order of the model."""
    return HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{PREFIX}{name.upper()}` | {field.description} | {_default(field)} |\n"


def _default(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict):
        return str(extra["default_in_words"])
    match field.default:
        case None | "":
            return "none"
        case bool(value):
            return f"`{int(value)}`"
        case timedelta() as span:
            return f"`{format_duration(span // timedelta(microseconds=1))}`"
        case value:
            return f"`{value}`"


if __name__ == "__main__":
    print(settings_page(), end="")
