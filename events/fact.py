"""Facts: what the deciders see of an accepted record. Plain values, made by the codec, never changed.

Instants are microseconds since 1970-01-01T00:00:00Z, spans microseconds, money integer minor units of the currency.
Ids are the text as sent. Two copies of one fact are the same fact when their structs are equal (contract, section 1).
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Touchpoint(Struct, frozen=True, gc=False):
    """`touchpoint.recorded`."""

    contact_id: str
    event_id: str
    occurred_us: int
    name: str
    lifetime_us: int | None
    """The event's own lifetime; None when it leaves it to the catalogue."""
    dimensions: bytes
    """The dimensions as sent: compact UTF-8 JSON with keys sorted by code point; b"" when absent."""
    properties: bytes
    """A 16-byte digest of the canonical JSON of `properties`; b"" when absent."""


class Retraction(Struct, frozen=True, gc=False, tag=True):
    """`touchpoint.retracted`."""

    contact_id: str
    event_id: str
    occurred_us: int
    touchpoint_id: str
    reason: str | None


class Conversion(Struct, frozen=True, gc=False):
    """`conversion.recorded`."""

    contact_id: str
    event_id: str
    occurred_us: int
    name: str
    amount_minor: int
    currency: str
    properties: bytes


class Refund(Struct, frozen=True, gc=False, tag=True):
    """`conversion.refunded`."""

    contact_id: str
    event_id: str
    occurred_us: int
    conversion_id: str
    amount_minor: int
    currency: str


class Cancellation(Struct, frozen=True, gc=False, tag=True):
    """`conversion.cancelled`."""

    contact_id: str
    event_id: str
    occurred_us: int
    conversion_id: str


Fact: TypeAlias = Touchpoint | Retraction | Conversion | Refund | Cancellation
