"""Validated events in their normal form: the same for copies that differ in spelling alone (contract, section 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from events.contact_model import Opportunity
from events.duration import format_duration, parse_duration
from events.event import Sent
from events.instant import format_instant, parse_instant
from events.model import MoneyEvent
from events.money import exponent, format_amount, parse_amount


def normal_form(value: object) -> object:
    """A JSON value: instants in the output's form, durations in their shortest, money with the currency's decimals.

    Defaults are spelt out. What the contract carries without looking into it stays as it is.
    """
    match value:
        case Sent():
            fields = value.defaults() | value.given()
            return {name: _field(value, name, field) for name, field in fields.items()}
        case list():
            return [normal_form(item) for item in value]
    return value


def _field(owner: Sent, name: str, value: object) -> object:
    if name == "value":
        return _amount(owner, value)
    if isinstance(value, str) and name in _NORMAL and name in type(owner).model_fields:
        return _NORMAL[name](value)
    return normal_form(value)


def _instant(text: str) -> str:
    return format_instant(parse_instant(text))


def _duration(text: str) -> str:
    return format_duration(parse_duration(text))


_NORMAL: Final[dict[str, Callable[[str], str]]] = {
    "occurred_at": _instant,
    "starts_at": _instant,
    "until": _instant,
    "lifetime": _duration,
    "duration": _duration,
}


def _amount(owner: Sent, value: object) -> object:
    match owner:
        case MoneyEvent():
            decimals = exponent(owner.currency, parse_instant(owner.occurred_at))
            return value if decimals is None else format_amount(parse_amount(owner.value, decimals), decimals)
        case Opportunity(value=str(text)):
            whole, _, fraction = text.partition(".")
            return f"{whole}.{fraction.rstrip('0')}".rstrip(".")
    return value
