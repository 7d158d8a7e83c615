"""Money: decimal text of a currency, and integer minor units. Never a float (contract, topic `conversions`)."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from events.currencies import currencies
from events.instant import DAY_US, EARLIEST_US, LATEST_US

AMOUNT_PATTERN: Final = r"(0|[1-9][0-9]*)(\.[0-9]+)?"
MAX_DIGITS: Final = 18
"""In minor units: they fit a signed 64-bit integer, and so do sums of some."""

_match = re.compile(AMOUNT_PATTERN).fullmatch


def _midnight_us(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_US


CURRENT: Final[dict[str, tuple[int, int, int]]] = {
    currency.code: (
        currency.exponent,
        _midnight_us(currency.first) if currency.first else EARLIEST_US,
        _midnight_us(currency.last) + DAY_US - 1 if currency.last else LATEST_US,
    )
    for currency in currencies()
}
"""By code: the decimals, and the first and last microsecond in which it is current."""


def exponent(currency: str, at_us: int) -> int | None:
    """The currency's decimals. None: no ISO 4217 code, one without a minor unit, or not current at that instant."""
    known = CURRENT.get(currency)
    return known[0] if known and known[1] <= at_us <= known[2] else None


def parse_amount(text: str, exponent: int) -> int:
    """Minor units. ValueError for what is no plain decimal, has more decimals than the currency, or too many digits."""
    if not _match(text):
        raise ValueError('an amount is a plain decimal as text, such as "50" or "50.00"')
    whole, _, decimals = text.partition(".")
    if len(decimals) > exponent:
        raise ValueError(f"an amount has no more decimals than its currency: {exponent}, this one has {len(decimals)}")
    digits = (whole + decimals.ljust(exponent, "0")).lstrip("0")
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"an amount has at most {MAX_DIGITS} digits in minor units, this one has {len(digits)}")
    return int(digits or "0")


def format_amount(minor: int, exponent: int) -> str:
    """Always with the currency's decimals: 5000 is "50.00" with two and "5000" with none. Not for negative amounts."""
    if exponent == 0:
        return str(minor)
    digits = str(minor)
    if len(digits) <= exponent:
        digits = digits.rjust(exponent + 1, "0")
    return f"{digits[:-exponent]}.{digits[-exponent:]}"
