"""The wire forms that the fast path decodes: the models' fields, with such of their rules as are checked in C."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec.json import Decoder

from events.identifiers import MAX_ID_LENGTH

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_LENGTH)]
ABSENT: Final = Raw(b"")


class Wire(Struct, frozen=True, gc=False, tag_field="type", forbid_unknown_fields=True):
    """What every input has."""

    event_id: Id
    contact_id: Id
    occurred_at: str


class TouchpointRecorded(Wire, frozen=True, gc=False, tag="touchpoint.recorded"):
    """Raw parts are the bytes as sent, unread; ABSENT's when there are none."""

    name: Id
    dimensions: Raw = ABSENT
    lifetime: str | UnsetType = UNSET
    properties: Raw = ABSENT


class TouchpointRetracted(Wire, frozen=True, gc=False, tag="touchpoint.retracted"):
    touchpoint_id: Id
    reason: str | UnsetType = UNSET


class ConversionRecorded(Wire, frozen=True, gc=False, tag="conversion.recorded"):
    name: Id
    currency: str
    value: str
    properties: Raw = ABSENT


class ConversionRefunded(Wire, frozen=True, gc=False, tag="conversion.refunded"):
    conversion_id: Id
    currency: str
    value: str


class ConversionCancelled(Wire, frozen=True, gc=False, tag="conversion.cancelled"):
    conversion_id: Id


TouchpointWire: TypeAlias = TouchpointRecorded | TouchpointRetracted
ConversionWire: TypeAlias = ConversionRecorded | ConversionRefunded | ConversionCancelled
AnyWire: TypeAlias = TouchpointWire | ConversionWire

decode_touchpoints: Final = Decoder(TouchpointWire).decode
decode_conversions: Final = Decoder(ConversionWire).decode
decode_any: Final = Decoder(AnyWire).decode
