"""The touchpoints of a replay on their way to the read model, each with what became of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from config.catalogue import Catalogue
from events.duration import format_duration
from events.fact import Retraction, Touchpoint
from projections.instants import instant_text
from projections.sqlite import SqliteWriter
from projections.statuses import ACTIVE, INACTIVE, retract_rows
from projections.tables import TOUCHPOINTS

_KEPT: Final = 65_536


class Timeline:
    """Takes accepted touchpoints and retractions, contact by contact, and writes the touchpoints' rows."""

    def __init__(self, catalogue: Catalogue, model: SqliteWriter, as_of_us: int) -> None:
        self._lifetime_us = catalogue.lifetime_us
        self._dimensions = _Dimensions(catalogue)
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
        return (
            fact.contact_id,
            instant_text(at),
            fact.event_id,
            fact.name,
            _lifetime(lifetime),
            instant_text(expires),
            INACTIVE if inactive else ACTIVE,
            int(retracted),  # sqlite3 takes a detour for everything that is not exactly an int, a str or bytes
            self._dimensions.text(fact.name, fact.dimensions, at),
        )


_lifetime = lru_cache(maxsize=4096)(format_duration)


class _Dimensions:
    """The dimensions of touchpoints as JSON text, each made once: the event's own over the catalogue's."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._listed = catalogue.dimensions_of
        self._made: dict[tuple[int, bytes], str] = {}

    def text(self, name: str, own: bytes, occurred_us: int) -> str:
        listed = self._listed(name, occurred_us)
        key = (id(listed), own)  # the catalogue's mappings live as long as it does
        text = self._made.get(key)
        if text is None:
            if len(self._made) == _KEPT:
                self._made.clear()
            sent = msgspec.json.decode(own or b"{}", type=dict[str, str])
            text = msgspec.json.encode({**listed, **sent}, order="sorted").decode()
            self._made[key] = text
        return text
