"""Whether a record is spelled plainly enough that what msgspec decoded is all there is to it.

msgspec reads RFC 8259 and refuses unknown fields, wrong types and wrong lengths of ids. It does not see a key given
twice, and looks into raw parts only to find their ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.json import Decoder, encode

from events.judgement import MAX_BYTES

DEL: Final = 0x7F
_MARK: Final = ord('"')
_ESCAPE: Final = ord("\\")
_PLAIN_NUMBER: Final = 10**18
"""Integers below it are written with all their digits, in JSON and in canonical JSON."""

_decode = Decoder().decode


class DoubtError(ValueError):
    """The fast path is not the one to judge: the full judgement is."""


def require(certain: bool) -> None:
    """DoubtError unless it is certain."""
    if not certain:
        raise DoubtError


def is_plain(value: bytes, texts: int, raws: tuple[bytes, ...], ids: str) -> bool:
    """True: outside its raw parts the record has no escape and no key twice, and its ids have no barred character.

    `texts` counts the members that are text, each with four quotation marks where none is escaped; a raw part, unless
    it is absent, has two around its key and its own. So a further member would show. In ASCII, JSON text bars all
    controls but DEL; beyond it, what is printable is no control, surrogate or noncharacter.
    """
    raw = b"".join(raws)
    return (
        value.count(_MARK) == 4 * texts + 2 * (len(raws) - raws.count(b"")) + raw.count(_MARK)
        and value.count(_ESCAPE) == raw.count(_ESCAPE)
        and DEL not in value
        and len(value) <= MAX_BYTES
        and (value.isascii() or ids.isprintable())
    )


def plain_canonical(raw: bytes) -> bytes:
    """Canonical JSON of properties in which each value has but one spelling; DoubtError for all others."""
    require(raw.isascii() and _ESCAPE not in raw)
    properties = _decode(raw)
    require(raw.count(_MARK) == _marks(properties))
    return encode(properties, order="sorted")


def _marks(value: object) -> int:
    """The quotation marks in its JSON: fewer than in a text that gave a key twice."""
    kind = type(value)
    if kind is str:
        return 2
    if isinstance(value, dict):
        return 2 * len(value) + _marks_within(value.values())
    if isinstance(value, list):
        return _marks_within(value)
    require(kind is not float and (not isinstance(value, int) or -_PLAIN_NUMBER < value < _PLAIN_NUMBER))
    return 0


def _marks_within(values: Iterable[object]) -> int:
    marks = 0
    for value in values:
        marks += 2 if type(value) is str else _marks(value)
    return marks
