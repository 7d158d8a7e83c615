"""Changes to many interactions at once: one event for each of them, which the deciders judge on its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from events.canonical import canonical_json, digest
from events.instant import format_instant
from events.interaction_model import SYSTEM

Event: TypeAlias = dict[str, object]
"""An event of the contract, to be written as JSON."""


class Selected(Struct, frozen=True):
    """An interaction that a filter held for."""

    interaction_id: str
    contact_id: str | None
    owner: str | None
    version: int
    """How many facts have made it what the filter saw."""


class Change(Struct, frozen=True):
    """What is to become of every interaction of a selection."""

    type: str
    """Such as `interaction.reassigned`."""
    fields: Mapping[str, object]
    """Its own fields, as the contract has them."""
    at_us: int
    """`occurred_at`."""
    actor: str = SYSTEM


def change_event(change: Change, selected: Selected) -> Event:
    """The event that changes one interaction.

    Its id comes from the change and from the interaction as the filter saw it: the same change of the same state is
    one fact however often it is sent, while the same change of a later state is another.
    """
    event: Event = {"type": change.type, "interaction_id": selected.interaction_id, **whose(selected), **change.fields}
    told = canonical_json([event, change.actor, selected.version])
    return event | {
        "event_id": f"bulk-{digest(told).hex()}",
        "occurred_at": format_instant(change.at_us),
        "actor": change.actor,
    }


def whose(selected: Selected) -> dict[str, object]:
    """The field that says whose interaction it is."""
    return {"contact_id": selected.contact_id} if selected.owner is None else {"owner": selected.owner}
