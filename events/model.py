"""Touchpoints and conversions as a producer may send them. An event is a fact, past and whole and final."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import MISSING, Field, ValidationInfo, field_validator

from events.event import ContactEvent
from events.fields import Amount, Currency, Dimensions, Id, Lifetime, PositiveAmount, Properties
from events.instant import parse_instant
from events.money import AMOUNT_PATTERN, exponent, parse_amount

_plain_decimal = re.compile(AMOUNT_PATTERN).fullmatch


class TouchpointRecorded(ContactEvent):
    """A marketing contact took place."""

    type: Literal["touchpoint.recorded"]
    name: Id = Field(description="A touchpoint type of the catalogue")
    lifetime: Lifetime | MISSING = MISSING
    dimensions: Dimensions | MISSING = MISSING
    properties: Properties | MISSING = MISSING


class TouchpointRetracted(ContactEvent):
    """A touchpoint never was: it becomes Inactive and counts for no conversion, earlier ones included."""

    type: Literal["touchpoint.retracted"]
    touchpoint_id: Id = Field(description="The `event_id` of the touchpoint")
    reason: Annotated[str, Field(description="For people")] | MISSING = MISSING


class MoneyEvent(ContactEvent):
    """What every input with an amount has. The currency stands first: the amount is judged by its decimals."""

    currency: Currency
    value: Amount

    @field_validator("value")
    @classmethod
    def _fits_its_currency(cls, value: str, info: ValidationInfo) -> str:
        decimals = _decimals(info)
        if decimals is not None:
            parse_amount(value, decimals)
        elif not _plain_decimal(value):
            raise ValueError('an amount is a plain decimal as text, such as "50" or "50.00"')
        return value


def _decimals(info: ValidationInfo) -> int | None:
    """Of the event's currency; None while it or the instant is in doubt."""
    if "currency" in info.data and "occurred_at" in info.data:
        return exponent(info.data["currency"], parse_instant(info.data["occurred_at"]))
    return None


class ConversionRecorded(MoneyEvent):
    """A contact gave, pledged or bought something."""

    type: Literal["conversion.recorded"]
    name: Id = Field(description="Donation, sponsorship, pledge, purchase …")
    properties: Properties | MISSING = MISSING


class ConversionRefunded(MoneyEvent):
    """A part of a conversion was given back, in its currency. Refunds add up, never to more than the conversion."""

    type: Literal["conversion.refunded"]
    conversion_id: Id = Field(description="The `event_id` of the conversion")
    value: PositiveAmount

    @field_validator("value")
    @classmethod
    def _gives_something_back(cls, value: str) -> str:
        if not value.strip("0."):
            raise ValueError("a refund is more than zero")
        return value


class ConversionCancelled(ContactEvent):
    """The whole conversion was taken back, whatever was refunded before or after."""

    type: Literal["conversion.cancelled"]
    conversion_id: Id = Field(description="The `event_id` of the conversion")


AttributionEvent: TypeAlias = (
    TouchpointRecorded | TouchpointRetracted | ConversionRecorded | ConversionRefunded | ConversionCancelled
)
TOUCHPOINT_EVENTS = (TouchpointRecorded, TouchpointRetracted)
CONVERSION_EVENTS = (ConversionRecorded, ConversionRefunded, ConversionCancelled)
