"""Statuses that turn out otherwise after a touchpoint's row was written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from projections.sqlite import SqliteWriter

ACTIVE: Final = "Active"
INACTIVE: Final = "Inactive"


def retract_rows(model: SqliteWriter, named: Iterable[tuple[str, str]]) -> None:
    """These touchpoints, each a (contact id, event id), are retracted; those that are not there stay away."""
    # One pass over a contact's rows, not one for each of its retractions.
    model.execute("CREATE TEMP TABLE IF NOT EXISTS retracted (contact_id TEXT, event_id TEXT)")
    model.execute("DELETE FROM retracted")
    model.execute_many("INSERT INTO retracted VALUES (?, ?)", named)
    model.execute(
        f"""UPDATE touchpoints SET retracted = 1, status = '{INACTIVE}'
            WHERE contact_id IN (SELECT contact_id FROM retracted)
              AND (contact_id, event_id) IN (SELECT contact_id, event_id FROM retracted)"""
    )


def bring_forward(model: SqliteWriter, as_of: str) -> None:
    """Statuses are as of an instant (read model text) that is earlier than the one they were written for."""
    model.execute(
        f"UPDATE touchpoints SET status = '{ACTIVE}' WHERE status = '{INACTIVE}' AND NOT retracted AND expires_at >= ?",
        (as_of,),
    )
