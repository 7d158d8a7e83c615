"""An accepted event as it was sent: every field, also those that no decider of attribution looks at."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from msgspec.json import Decoder

_NEXT_TO_NOTHING: Final = Decimal("1e-999999999999999999")
"""Decimals end there; whatever is smaller lies between it and zero."""


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        # An accepted number overflows no double, so an exponent beyond decimals belongs to zero or to almost zero.
        mantissa = text.lower().partition("e")[0]
        if not mantissa.strip("-0."):
            return Decimal(0)
        return _NEXT_TO_NOTHING.copy_negate() if mantissa.startswith("-") else _NEXT_TO_NOTHING


_decode: Final = Decoder(dict[str, object], float_hook=_decimal).decode


def fields_of(value: bytes) -> dict[str, object]:
    """The fields of an accepted event, or any JSON object of one. Not for bytes that the codec refuses.

    Whole numbers are int, those written with a fraction or an exponent Decimal, digit for digit; nothing is a float.
    """
    return _decode(value)
