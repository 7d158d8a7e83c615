"""A credit that would be said again, as lines for people: what it says now, and what it would say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cli.columns import columns, printable
from streams.live.comparison import Change

UNATTRIBUTED: Final = "(unattributed)"
_NOTHING: Final = "-"


def change_lines(change: Change) -> Iterator[str]:
    """The conversion, the models that differ, then each dimension's values whose credit differs: old → new."""
    now = json.loads(change.now)
    was = json.loads(change.was) if change.was else None
    head = (
        f"{now['conversion']} {change.conversion_id} of {change.contact_id}, {now['occurred_at']}, "
        f"{now['value']} {now['currency']}: version {change.said or _NOTHING} → {change.version}"
    )
    yield printable(head)
    if not change.models:
        yield "  says the same: only how many facts count has changed"
        return
    yield printable(f"  differs under {', '.join(change.models)}")
    rows = [row for dimension in _dimensions(was, now) for row in _rows(dimension, was, now)]
    if rows:
        yield from (f"  {line}" for line in columns(rows).splitlines())
    else:
        yield f"  by dimension {now['model']} gives the same"


def _dimensions(was: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    return sorted({*now["dimensions"], *(was["dimensions"] if was else ())})


def _rows(dimension: str, was: Mapping[str, Any] | None, now: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    before, after = _credits(dimension, was), _credits(dimension, now)
    for value in sorted({*before, *after}):
        old, new = before.get(value, _NOTHING), after.get(value, _NOTHING)
        if old != new:
            yield dimension, value, f"{old} → {new}"


def _credits(dimension: str, message: Mapping[str, Any] | None) -> dict[str, str]:
    split = message["dimensions"].get(dimension) if message else None
    if split is None:
        return {}
    unattributed = {UNATTRIBUTED: split["unattributed"]} if split["unattributed"].strip("0.") else {}
    return {**split["credits"], **unattributed}
