"""Touchpoints that turn out retracted after their rows were written."""

from __future__ import annotations

from collections.abc import Iterable

from projections.sqlite import SqliteWriter


def retract_rows(model: SqliteWriter, named: Iterable[tuple[str, str]]) -> None:
    """These touchpoints, each a (contact id, event id), are retracted; those that are not there stay away."""
    model.execute_many("UPDATE touchpoints SET retracted = 1 WHERE contact_id = ? AND event_id = ?", named)
