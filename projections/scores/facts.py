"""What a score is made of: accepted facts of any topic, as they were sent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeAlias, cast

from msgspec import Struct
from msgspec.json import Encoder

from config.catalogue import Catalogue
from events.instant import parse_instant
from events.sent import fields_of

_VALUED: Final = frozenset({"conversion.recorded", "conversion.refunded"})


class Scored(Struct, frozen=True, array_like=True):
    """An accepted fact of one contact."""

    type: str
    event_id: str
    occurred_us: int
    fields: Mapping[str, object]
    """As sent, numbers int or Decimal; `dimensions` with the catalogue's values, a conversion's `value` a number."""


def scored(sent: bytes | Mapping[str, object], catalogue: Catalogue, occurred_us: int | None = None) -> Scored:
    """The fact of an accepted event: its bytes, or its fields as `events.sent` reads them.

    `occurred_us` spares the reading of `occurred_at` where it is known.
    """
    fields = fields_of(sent) if isinstance(sent, bytes) else dict(sent)
    kind = str(fields["type"])
    at = parse_instant(str(fields["occurred_at"])) if occurred_us is None else occurred_us
    if kind == "touchpoint.recorded":
        listed = catalogue.dimensions_of(str(fields["name"]), at)
        own = fields.get("dimensions")
        if listed:
            fields["dimensions"] = {**listed, **own} if isinstance(own, dict) else listed
    elif kind in _VALUED:
        fields["value"] = Decimal(str(fields["value"]))
    return Scored(kind, str(fields["event_id"]), at, fields)


_encode: Final = Encoder(decimal_format="number").encode


def row_of(fact: Scored) -> bytes:
    """The fact as a row of a state: JSON, so that every number keeps all its digits and stays a number."""
    return _encode((fact.event_id, fact.occurred_us, fact.fields))


def fact_of(row: bytes) -> Scored:
    """The fact of a row again."""
    event_id, occurred_us, fields = cast(_Row, fields_of(b'{"row":' + row + b"}")["row"])
    return Scored(str(fields["type"]), event_id, occurred_us, fields)


_Row: TypeAlias = tuple[str, int, dict[str, object]]
