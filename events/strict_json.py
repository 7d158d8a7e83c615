"""JSON as the contract reads it (RFC 8259 and less): what is ambiguous or lossy is malformed, never guessed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isinf
from typing import Final

MAX_NESTING: Final = 64
_tokens = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL).finditer
_find_escaped_surrogate = re.compile(r"\\u[dD][89a-fA-F]").search


class MalformedJsonError(ValueError):
    """The producer must act: this is no JSON, or JSON that two readers may take for two things."""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was spelled: a double would lose digits of it."""

    text: str


def parse_json(raw: bytes) -> object:
    """The value, numbers as `Number`. MalformedJsonError for anything but UTF-8 without BOM, for NaN, infinities and
    numbers that overflow a double, for lone surrogates, for nesting beyond 64 and for a key given twice.
    """
    try:
        text = raw.decode()
        if _nests_too_deep(text):
            raise MalformedJsonError(f"nesting beyond {MAX_NESTING}")
        value: object = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise MalformedJsonError(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"{error.msg} at character {error.pos}") from None
    if _find_escaped_surrogate(text):
        _refuse_lone_surrogates(value)
    return value


def _nests_too_deep(text: str) -> bool:
    if text.count("{") + text.count("[") <= MAX_NESTING:
        return False
    depth = 0
    for token in _tokens(text):
        bracket = token.group()
        if bracket in "{[":
            depth += 1
            if depth > MAX_NESTING:
                return True
        elif bracket in "}]":
            depth -= 1
    return False


def _number(text: str) -> Number:
    if isinf(float(text)):
        raise MalformedJsonError("a number overflows a double")
    return Number(text)


def _no_constant(name: str) -> object:
    raise MalformedJsonError(f"{name} is no JSON")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJsonError("a key is given twice")
    return members


def _refuse_lone_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise MalformedJsonError("a lone surrogate") from None


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_number, parse_float=_number, parse_constant=_no_constant
)
