"""What was measured, kept twice: a JSON line for machines, a part of docs/benchmarks.md for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import click

from benchmarks.places import BUILD, PAGE

_PART: Final = "<!-- {name}: written by `python -m benchmarks report` -->"
_END: Final = "<!-- end -->"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; columns after the first are to the right."""
    lines = [header, ["---", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def verdict(is_met: bool, target: str, found: str) -> str:
    """A line that holds a figure against its target."""
    return f"- {'met' if is_met else '**missed**'}: {target}. Found: {found}."


def keep(name: str, command: str, facts: Mapping[str, str], rows: Iterable[Mapping[str, Any]], text: str) -> None:
    """A measurement is appended to `build/benchmarks/NAME.jsonl`; its text stands in `NAME.md` and on the screen."""
    note(name, ({**facts, "command": command, **row} for row in rows))
    circumstances = "; ".join(f"{key} {value}" for key, value in facts.items())
    whole = f"`{command}`\n\n{text}\n\n{circumstances}.\n"
    (BUILD / f"{name}.md").write_text(whole)
    click.echo(whole)


def note(name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append JSON lines to `build/benchmarks/NAME.jsonl`."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / f"{name}.jsonl").open("a") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def bring_up_to_date() -> list[str]:
    """Each part of docs/benchmarks.md that was measured here is as last measured; the names of those parts."""
    page = PAGE.read_text()
    taken = []
    for path in sorted(BUILD.glob("*.md")):
        begin = _PART.format(name=path.stem)
        if begin not in page:
            continue
        pattern = re.escape(begin) + r".*?" + re.escape(_END)
        part = f"{begin}\n{path.read_text()}{_END}"
        page = re.sub(pattern, part.replace("\\", r"\\"), page, flags=re.DOTALL)
        taken.append(path.stem)
    PAGE.write_text(page)
    return taken
