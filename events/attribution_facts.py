"""Attribution's facts, from its validated events: everything by value, nothing of its spelling."""

from __future__ import annotations

from pydantic import MISSING

from events.canonical import canonical_json, digest
from events.dimensions import compact_dimensions
from events.duration import parse_duration
from events.fact import Cancellation, Conversion, Fact, Refund, Retraction, Touchpoint
from events.instant import parse_instant
from events.model import (
    AttributionEvent,
    ConversionCancelled,
    ConversionRecorded,
    ConversionRefunded,
    MoneyEvent,
    TouchpointRecorded,
    TouchpointRetracted,
)
from events.money import exponent, parse_amount


def attribution_fact(event: AttributionEvent) -> Fact:
    """What the deciders see of an accepted event: everything by value, nothing of its spelling."""
    who = (event.contact_id, event.event_id, parse_instant(event.occurred_at))
    match event:
        case TouchpointRecorded():
            return Touchpoint(*who, event.name, *_own_terms(event), _digest(event))
        case TouchpointRetracted():
            return Retraction(*who, event.touchpoint_id, None if event.reason is MISSING else event.reason)
        case ConversionRecorded():
            return Conversion(*who, event.name, amount_minor(event), event.currency, _digest(event))
        case ConversionRefunded():
            return Refund(*who, event.conversion_id, amount_minor(event), event.currency)
        case ConversionCancelled():
            return Cancellation(*who, event.conversion_id)


def _own_terms(event: TouchpointRecorded) -> tuple[int | None, bytes]:
    return (
        None if event.lifetime is MISSING else parse_duration(event.lifetime),
        b"" if event.dimensions is MISSING else compact_dimensions(event.dimensions),
    )


def _digest(event: TouchpointRecorded | ConversionRecorded) -> bytes:
    return b"" if event.properties is MISSING else digest(canonical_json(event.properties))


def decimals_of(event: MoneyEvent) -> int:
    """Of a validated event's currency; a KeyError is a bug."""
    decimals = exponent(event.currency, parse_instant(event.occurred_at))
    if decimals is None:
        raise KeyError(event.currency)
    return decimals


def amount_minor(event: MoneyEvent) -> int:
    """Of a validated event, in minor units."""
    return parse_amount(event.value, decimals_of(event))
