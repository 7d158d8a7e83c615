"""Canonical JSON: one spelling of each value (RFC 8785), numbers by their decimal value, however many digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Final

from events.strict_json import Number, parse_json

DIGEST_SIZE: Final = 16
_ANY_EXPONENT: Final = Context(prec=40_000)
"""An event has at most 32,768 bytes, so no exponent in it has more digits."""


def canonical_json(value: object) -> bytes:
    """RFC 8785 of a JSON value: keys by UTF-16 code units, nothing escaped that need not be, no white space.

    A number is written as RFC 8785 writes a double, but with all its digits: 1, 1.0 and 1e0 are one number, and
    9007199254740993 is not its neighbour. UnicodeEncodeError when a text holds a lone surrogate.
    """
    return _text(value).encode()


def properties_digest(raw: bytes) -> bytes:
    """16 bytes that are equal exactly when the properties are the same JSON. MalformedJsonError when they are none."""
    return digest(canonical_json(parse_json(raw)))


def digest(canonical: bytes) -> bytes:
    """The same, of properties in canonical JSON."""
    return blake2b(canonical, digest_size=DIGEST_SIZE).digest()


def _text(value: object) -> str:
    match value:
        case str():
            return encode_basestring(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Number():
            return number_text(value.text)
        case int() | float() | Decimal():
            return number_text(str(value))
        case Mapping():
            members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be", "surrogatepass"))
            return "{" + ",".join([f"{encode_basestring(key)}:{_text(item)}" for key, item in members]) + "}"
        case Sequence():
            return "[" + ",".join([_text(item) for item in value]) + "]"
    raise TypeError(f"JSON has no {type(value).__name__}")


def number_text(text: str) -> str:
    """A JSON number in the form of ECMAScript's Number::toString (RFC 8785, 3.2.2.3), which no other decimal shares."""
    mantissa, _, exponent = text.lower().partition("e")
    sign, mantissa = ("-", mantissa[1:]) if mantissa[0] == "-" else ("", mantissa)
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole) + len(fraction) - len(digits)
    digits = digits.rstrip("0")
    if not digits:
        return "0"
    shift = len(whole) - leading
    magnitude = exponent.lstrip("+-0") or "0"
    signed = "-" + magnitude if exponent.startswith("-") else magnitude
    if len(magnitude) > 9:
        return sign + _scientific(digits, _far(signed, shift - 1))
    point = shift + int(signed)
    if len(digits) <= point <= 21:
        return sign + digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return sign + _scientific(digits, f"{point - 1:+}")


def _scientific(digits: str, exponent: str) -> str:
    return f"{digits[0]}{'.' + digits[1:] if len(digits) > 1 else ''}e{exponent}"


def _far(exponent: str, shift: int) -> str:
    # Far beyond what int() takes from text; a decimal has no such bound.
    return format(_ANY_EXPONENT.add(Decimal(exponent), shift), "+f")
