"""The window of active touchpoints: who was there when the conversion came.

A touchpoint is active from the instant it occurred to the instant it expires, both included, unless it was retracted
(contract, section 2, rule 1; behaviours A4 to A9, A12 to A14).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct


class Status(StrEnum):
    """The two statuses of a touchpoint (behaviour A6)."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


class Description(Struct, eq=False):
    """What many touchpoints share: their name and their dimensions, the catalogue's values included, sorted."""

    name: str
    dimensions: Mapping[str, str]
    told: str = ""
    """What messages say of it after a touchpoint's credit, kept by the first that does."""


class Touch(Struct, gc=False):
    """A touchpoint as the window sees it. Instants in microseconds since 1970, UTC."""

    occurred_us: int
    event_id: str
    expires_us: int
    retractions: int
    """How many accepted retractions name it; above zero it is Inactive."""
    description: Description
    told: str = ""
    """What messages say of it before its credit, kept by the first that does: of a hot contact many do."""

    @property
    def name(self) -> str:
        return self.description.name

    @property
    def dimensions(self) -> Mapping[str, str]:
        return self.description.dimensions


def status_at(touch: Touch, at_us: int) -> Status:
    """Active or Inactive, as of an instant."""
    active = touch.occurred_us <= at_us <= touch.expires_us and not touch.retractions
    return Status.ACTIVE if active else Status.INACTIVE


def window_at(touches: Iterable[Touch], at_us: int) -> list[Touch]:
    """All touchpoints whose lifetime covers the instant, retracted ones included, by (occurred_at, event_id)."""
    covering = [touch for touch in touches if touch.occurred_us <= at_us <= touch.expires_us]
    return sorted(covering, key=lambda touch: (touch.occurred_us, touch.event_id))


def evidence_of(window: list[Touch], newest: int) -> list[Touch]:
    """The touchpoints of a window that may earn credit: of its `newest` ones, those not retracted."""
    kept = window[len(window) - newest :] if len(window) > newest else window
    return [touch for touch in kept if not touch.retractions]
