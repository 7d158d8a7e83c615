"""The fast path's second look: at records with white space, other letters, lifetimes, properties, or something new."""

from __future__ import annotations

from msgspec import UNSET, MsgspecError

from events.canonical import digest, properties_digest
from events.fact import Cancellation, Conversion, Fact, Refund, Retraction, Touchpoint
from events.money import exponent, parse_amount
from events.plain import DoubtError, is_plain, plain_canonical, require
from events.remembered import DIMENSIONS, LIFETIMES, instant_us
from events.strict_json import MAX_NESTING
from events.wire import (
    AnyWire,
    ConversionCancelled,
    ConversionRecorded,
    ConversionRefunded,
    TouchpointRecorded,
    TouchpointRetracted,
)


def considered(sent: AnyWire, value: bytes) -> Fact | None:
    """The fact of a decoded record, or None: the full judgement is to be asked."""
    try:
        match sent:
            case TouchpointRecorded():
                return _touchpoint(sent, value)
            case TouchpointRetracted():
                return _retraction(sent, value)
            case ConversionRecorded():
                return _conversion(sent, value)
            case ConversionRefunded():
                return _refund(sent, value)
            case ConversionCancelled():
                return _cancellation(sent, value)
    except (ValueError, MsgspecError):
        return None


def _touchpoint(sent: TouchpointRecorded, value: bytes) -> Touchpoint:
    contact_id, event_id, name = sent.contact_id, sent.event_id, sent.name
    dimensions, properties, lifetime = bytes(sent.dimensions), bytes(sent.properties), sent.lifetime
    require(is_plain(value, 5 if lifetime is UNSET else 6, (dimensions, properties), event_id + contact_id + name))
    return Touchpoint(
        contact_id,
        event_id,
        instant_us(sent.occurred_at),
        name,
        None if lifetime is UNSET else LIFETIMES[lifetime],
        DIMENSIONS[dimensions] if dimensions else b"",
        _digest(properties) if properties else b"",
    )


def _retraction(sent: TouchpointRetracted, value: bytes) -> Retraction:
    reason = None if sent.reason is UNSET else sent.reason
    require(is_plain(value, 5 if reason is None else 6, (), sent.event_id + sent.contact_id + sent.touchpoint_id))
    return Retraction(sent.contact_id, sent.event_id, instant_us(sent.occurred_at), sent.touchpoint_id, reason)


def _conversion(sent: ConversionRecorded, value: bytes) -> Conversion:
    properties = bytes(sent.properties)
    require(is_plain(value, 7, (properties,), sent.event_id + sent.contact_id + sent.name))
    occurred_us = instant_us(sent.occurred_at)
    amount = _amount_minor(sent.value, sent.currency, occurred_us)
    same = _digest(properties) if properties else b""
    return Conversion(sent.contact_id, sent.event_id, occurred_us, sent.name, amount, sent.currency, same)


def _refund(sent: ConversionRefunded, value: bytes) -> Refund:
    require(is_plain(value, 7, (), sent.event_id + sent.contact_id + sent.conversion_id))
    occurred_us = instant_us(sent.occurred_at)
    amount = _amount_minor(sent.value, sent.currency, occurred_us)
    require(amount > 0)
    return Refund(sent.contact_id, sent.event_id, occurred_us, sent.conversion_id, amount, sent.currency)


def _cancellation(sent: ConversionCancelled, value: bytes) -> Cancellation:
    require(is_plain(value, 5, (), sent.event_id + sent.contact_id + sent.conversion_id))
    return Cancellation(sent.contact_id, sent.event_id, instant_us(sent.occurred_at), sent.conversion_id)


def _digest(properties: bytes) -> bytes:
    # The event around them is the one more level of nesting.
    require(properties.startswith(b"{") and properties.count(b"{") + properties.count(b"[") < MAX_NESTING)
    try:
        return digest(plain_canonical(properties))
    except DoubtError:
        return properties_digest(properties)


def _amount_minor(text: str, currency: str, occurred_us: int) -> int:
    decimals = exponent(currency, occurred_us)
    if decimals is None:
        raise DoubtError
    return parse_amount(text, decimals)
