"""Where in a TOML file a key stands: tomllib keeps no positions, and whoever mends a file wants a line."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""As in `("touchpoints", "google_ad_click", "changes", 0, "lifetime")`; an int is a place in a list, from 0."""

BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
STATEMENT: Final = re.compile(r"\s*(?:\[\[(?P<entry>.+)]]|\[(?P<table>.+)]|(?P<key>[^=#]+?)\s*=)")


def line_of(text: str, path: KeyPath) -> int | None:
    """Give the line, from 1, on which the path or something below it first stands, else the nearest table above it.

    None where there is none. A guide for people, not a parser: what looks like a key inside a multi-line text may
    mislead it.
    """
    statements = list(_statements(text))
    for end in range(len(path), 0, -1):
        for number, key_path in statements:
            if key_path[:end] == path[:end]:
                return number
    return None


def key_text(path: KeyPath) -> str:
    """Write a path as TOML writes a dotted key, with a place in a list in brackets."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if BARE_KEY.fullmatch(part) else json.dumps(part, ensure_ascii=False))
    return text


def _statements(text: str) -> Iterator[tuple[int, KeyPath]]:
    table: KeyPath = ()
    entries: Counter[KeyPath] = Counter()
    for number, line in enumerate(text.splitlines(), start=1):
        statement = STATEMENT.match(line)
        if statement is None:
            continue
        kind = str(statement.lastgroup)
        key = _key_path(statement[kind])
        if key is None:
            continue
        if kind == "key":
            yield number, table + key
            continue
        table = _inside_entries(key, entries)
        if kind == "entry":
            entries[table] += 1
            table = (*table, entries[table] - 1)
        yield number, table


def _inside_entries(table: KeyPath, entries: Counter[KeyPath]) -> KeyPath:
    """Put the place of the newest entry behind each list that the table's name passes through, as TOML reads it."""
    path: KeyPath = ()
    for at, key in enumerate(table):
        path = (*path, key)
        if at < len(table) - 1 and entries[path]:
            path = (*path, entries[path] - 1)
    return path


def _key_path(text: str) -> KeyPath | None:
    """Read a dotted key the way TOML does; None when the text is none."""
    try:
        inner = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        return None
    path: list[str] = []
    while isinstance(inner, dict) and inner:
        key, inner = next(iter(inner.items()))
        path.append(key)
    return tuple(path)
