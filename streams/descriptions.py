"""What touchpoints are called and which dimensions they have: the event's own over the catalogue's."""

from __future__ import annotations

import msgspec

from config.catalogue import Catalogue
from streams.window import Description

_KEPT = 65536
_decode_sent = msgspec.json.Decoder(dict[str, str]).decode


class Descriptions:
    """Descriptions by the bytes that tell them apart, each made once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._dimensions_of = catalogue.dimensions_of
        self._known: dict[bytes, tuple[str, dict[str, str], dict[int, Description]]] = {}

    def at(self, described: bytes, occurred_us: int) -> Description:
        """Name and dimensions of a touchpoint of that time; `described` is the last of `rows.touch_fields`."""
        known = self._known.get(described)
        if known is None:
            if len(self._known) == _KEPT:
                self._known.clear()
            name, _, sent = described.partition(b"\0")
            known = self._known[described] = name.decode(), _decode_sent(sent or b"{}"), {}
        name_text, own, made = known
        listed = self._dimensions_of(name_text, occurred_us)
        description = made.get(id(listed))
        if description is None:
            dimensions = dict(sorted({**listed, **own}.items()))
            description = made[id(listed)] = Description(name_text, dimensions)
        return description
