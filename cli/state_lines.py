"""What was found of state and snapshots, as tables for people and as JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from cli.columns import columns
from events.instant import format_instant
from streams.snapshots import KeptSnapshot, Position, Scope
from streams.state_survey import LocalState

_WHOSE: Final = ("CLUSTER", "GROUP", "PARTITION")
_HOW_FAR: Final = ("READ UP TO", "NEWEST EVENTS", "RULES")
_LOCAL: Final = (*_WHOSE, "FORMAT", *_HOW_FAR, "BYTES", "ROWS", "TROUBLE")
_KEPT: Final = (*_WHOSE, "SNAPSHOT", "TAKEN", *_HOW_FAR, "BYTES", "FILES", "TROUBLE")
_FINGERPRINT_SHOWN: Final = 12


def as_tables(local: Sequence[LocalState], kept: Sequence[KeptSnapshot]) -> str:
    """A table of each, and a line that counts them."""
    tables = []
    if local:
        tables.append(columns([_LOCAL, *map(_local_row, local)]))
    if kept:
        tables.append(columns([_KEPT, *map(_kept_row, kept)]))
    return "\n\n".join([*tables, f"partitions here: {len(local):,}, snapshots: {len(kept):,}"])


def as_json(local: Sequence[LocalState], kept: Sequence[KeptSnapshot]) -> str:
    """One JSON object with the whole of it; null where a thing was not looked at or could not be."""
    return json.dumps(
        {"local": [_local_object(state) for state in local], "snapshots": [_kept_object(one) for one in kept]},
        ensure_ascii=False,
    )


def _local_row(state: LocalState) -> tuple[object, ...]:
    return (
        *state.scope,
        _or_dash(state.format_version),
        *_how_far(state.position),
        state.size,
        _or_dash(state.rows),
        state.trouble or "",
    )


def _kept_row(one: KeptSnapshot) -> tuple[object, ...]:
    if one.manifest is None:
        return (*one.scope, one.name, "-", *_how_far(None), "-", "-", one.trouble)
    return (
        *one.scope,
        one.name,
        format_instant(one.manifest.created_us),
        *_how_far(one.manifest.position),
        one.manifest.size,
        len(one.manifest.files),
        one.trouble or "",
    )


def _how_far(position: Position | None) -> tuple[str, str, str]:
    if position is None:
        return "-", "-", "-"
    offsets = (f"{topic} {offset}" for topic, offset in sorted(position.offsets.items()))
    newest = (f"{topic} {format_instant(at_us)}" for topic, at_us in sorted(position.newest_us.items()))
    return ", ".join(offsets) or "-", ", ".join(newest) or "-", position.fingerprint[:_FINGERPRINT_SHOWN]


def _or_dash(value: int | None) -> object:
    return "-" if value is None else value


def _local_object(state: LocalState) -> dict[str, Any]:
    return {
        **_whose(state.scope),
        "format": state.format_version,
        **_position_object(state.position),
        "bytes": state.size,
        "rows": state.rows,
        "trouble": state.trouble,
    }


def _kept_object(one: KeptSnapshot) -> dict[str, Any]:
    manifest = one.manifest
    return {
        **_whose(one.scope),
        "snapshot": one.name,
        "taken_at": None if manifest is None else format_instant(manifest.created_us),
        **_position_object(None if manifest is None else manifest.position),
        "bytes": None if manifest is None else manifest.size,
        "files": None if manifest is None else len(manifest.files),
        "trouble": one.trouble,
    }


def _whose(scope: Scope) -> dict[str, Any]:
    return {"cluster_id": scope.cluster_id, "group": scope.group, "partition": scope.partition}


def _position_object(position: Position | None) -> dict[str, Any]:
    if position is None:
        return {"offsets": None, "newest": None, "rules": None}
    newest = {topic: format_instant(at_us) for topic, at_us in sorted(position.newest_us.items())}
    return {"offsets": dict(sorted(position.offsets.items())), "newest": newest, "rules": position.fingerprint}
