"""The touchpoints of a replay on their way to the read model, each with what became of it."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from config.catalogue import Catalogue
from events.duration import format_duration
from events.fact import Retraction, Touchpoint
from projections.instants import instant_text
from projections.sqlite import SqliteWriter
from projections.statuses import ACTIVE, INACTIVE, retract_rows
from projections.tables import TOUCHPOINTS
from streams.descriptions import Descriptions
from streams.window import Description


class Timeline:
    """Takes accepted touchpoints and retractions, contact by contact, and writes the touchpoints' rows."""

    def __init__(self, catalogue: Catalogue, model: SqliteWriter, as_of_us: int) -> None:
        self._lifetime_us = catalogue.lifetime_us
        self._descriptions = Descriptions(catalogue)
        self._model = model
        self._as_of_us = as_of_us
        self._touchpoints: list[Touchpoint] = []
        self._retracted: set[tuple[str, str]] = set()

    def add(self, touchpoint: Touchpoint) -> None:
        """Take an accepted touchpoint; a contact's come in order of time."""
        self._touchpoints.append(touchpoint)

    def retract(self, retraction: Retraction) -> None:
        """Take an accepted retraction, before or after the touchpoint that it names."""
        self._retracted.add((retraction.contact_id, retraction.touchpoint_id))

    def flush(self) -> None:
        """Write the touchpoints taken so far; retractions may still follow."""
        self._model.write(TOUCHPOINTS, [self._row(touchpoint) for touchpoint in self._touchpoints])
        self._touchpoints.clear()

    def finish_contacts(self, *, flushed_early: bool) -> None:
        """Write what is left of these contacts. `flushed_early`: some of their touchpoints stand written already."""
        self.flush()
        if flushed_early and self._retracted:
            retract_rows(self._model, self._retracted)
        self._retracted.clear()

    def _row(self, fact: Touchpoint) -> tuple[object, ...]:
        at = fact.occurred_us
        lifetime = fact.lifetime_us
        if lifetime is None:
            lifetime = self._lifetime_us(fact.name, at)
            assert lifetime is not None  # the decider refuses a touchpoint of no lifetime
        expires = at + lifetime
        retracted = bool(self._retracted) and (fact.contact_id, fact.event_id) in self._retracted
        inactive = retracted or expires < self._as_of_us
        description = self._descriptions.at(b"%b\0%b" % (fact.name.encode(), fact.dimensions), at)
        return (
            fact.contact_id,
            instant_text(at),
            fact.event_id,
            fact.name,
            _lifetime(lifetime),
            instant_text(expires),
            INACTIVE if inactive else ACTIVE,
            int(retracted),  # sqlite3 takes a detour for everything that is not exactly an int, a str or bytes
            _dimensions(description),
        )


_lifetime = lru_cache(maxsize=4096)(format_duration)


@lru_cache(maxsize=65_536)
def _dimensions(description: Description) -> str:
    return msgspec.json.encode(description.dimensions).decode()
