"""Rows of touchpoints and their retractions: what the catalogue adds is in them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec

from config.catalogue import Catalogue
from events.duration import format_duration
from events.fact import Retraction, Touchpoint
from projections.instants import instant_text

_KEPT: Final = 65_536


class TouchpointRows:
    """Makes rows of `touchpoints` under a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._lifetime_us = catalogue.lifetime_us
        self._listed = catalogue.dimensions_of
        self._made: dict[tuple[int, bytes], str] = {}

    def row(
        self, fact: Touchpoint, retracted: bool, partition: int | None = None, offset: int | None = None
    ) -> tuple[Any, ...] | None:
        """Its row; None for one without a lifetime, its own or the catalogue's: the decider refuses it.

        `partition` and `offset` are its record's, if it has one.
        """
        at = fact.occurred_us
        lifetime = fact.lifetime_us
        if lifetime is None:
            lifetime = self._lifetime_us(fact.name, at)
            if lifetime is None:
                return None
        return (
            fact.contact_id,
            fact.event_id,
            instant_text(at),
            fact.name,
            _lifetime(lifetime),
            instant_text(at + lifetime),
            int(retracted),  # sqlite3 takes a detour for everything that is not exactly an int, a str or bytes
            self._dimensions(fact.name, fact.dimensions, at),
            partition,
            offset,
        )

    def _dimensions(self, name: str, own: bytes, occurred_us: int) -> str:
        """JSON text, each made once: the event's own over the catalogue's."""
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


def retraction_row(fact: Retraction, partition: int | None = None, offset: int | None = None) -> tuple[Any, ...]:
    """The row of a retraction; `partition` and `offset` are its record's, if it has one."""
    return (
        fact.contact_id,
        fact.event_id,
        fact.touchpoint_id,
        instant_text(fact.occurred_us),
        partition,
        offset,
    )


_lifetime = lru_cache(maxsize=4096)(format_duration)
