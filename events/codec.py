"""The codec: bytes in, a fact or a refusal out. Total: no bytes make it raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pydantic import MISSING

from events.canonical import canonical_json
from events.duration import format_duration, parse_duration
from events.fact import Cancellation, Conversion, Fact, Refund, Retraction, Touchpoint
from events.fast import fast_any, fast_conversion, fast_touchpoint
from events.instant import format_instant, parse_instant
from events.judgement import MODELS, amount_minor, decimals_of, fact_of, judge
from events.model import InputEvent, MoneyEvent, TouchpointRecorded
from events.money import format_amount
from events.refusal import Refusal
from events.topics import CONVERSIONS, TOUCHPOINTS

_ALL_MODELS: Final = {name: model for models in MODELS.values() for name, model in models.items()}
_FAST: Final = {TOUCHPOINTS.name: fast_touchpoint, CONVERSIONS.name: fast_conversion}
_TOPIC_OF_FACT: Final[dict[type[Fact], str]] = {
    Touchpoint: TOUCHPOINTS.name,
    Retraction: TOUCHPOINTS.name,
    Conversion: CONVERSIONS.name,
    Refund: CONVERSIONS.name,
    Cancellation: CONVERSIONS.name,
}


def decoder(topic: str) -> Callable[[bytes | None], Fact | Refusal]:
    """The judgement on a record's value by itself, for an input topic given by its bare name.

    The reasons it gives, in the contract's order: oversized, malformed_json, unknown_type, invalid_event with every
    error, unknown_currency. What needs the key, the catalogue, a clock or the state is judged elsewhere.
    """
    fast = _FAST[topic]

    def decode_value(value: bytes | None) -> Fact | Refusal:
        fact = None if value is None else fast(value)
        return decode_fully(topic, value) if fact is None else fact

    return decode_value


_DECODERS: Final = {topic: decoder(topic) for topic in _FAST}


def decode(topic: str, value: bytes | None) -> Fact | Refusal:
    """The same, with the topic given each time."""
    return _DECODERS[topic](value)


def decode_fully(topic: str, value: bytes | None) -> Fact | Refusal:
    """The same judgement without the fast path, which never differs from it."""
    judged = judge(value, MODELS[topic])
    return judged if isinstance(judged, Refusal) else fact_of(judged)


def decode_any(value: bytes | None) -> tuple[str, Fact] | Refusal:
    """The same for a line of a file, which may hold an event of any input topic: the topic's bare name, the fact."""
    fact = None if value is None else fast_any(value)
    if fact is not None:
        return _TOPIC_OF_FACT[type(fact)], fact
    judged = judge(value, _ALL_MODELS)
    if isinstance(judged, Refusal):
        return judged
    fact = fact_of(judged)
    return _TOPIC_OF_FACT[type(fact)], fact


def canonical_event(value: bytes) -> bytes:
    """Canonical JSON of an accepted event, the same for copies that differ in spelling alone (contract, section 1).

    Instants stand in the output's form, durations in their shortest, money with the currency's decimals. ValueError for
    bytes that `decode_any` refuses.
    """
    match judge(value, _ALL_MODELS):
        case Refusal(reason):
            raise ValueError(f"no accepted event: {reason}")
        case event:
            sent = {name: field for name, field in event if field is not MISSING}
            return canonical_json(sent | _normal_form(event))


def _normal_form(event: InputEvent) -> dict[str, str]:
    normal = {"occurred_at": format_instant(parse_instant(event.occurred_at))}
    if isinstance(event, MoneyEvent):
        normal["value"] = format_amount(amount_minor(event), decimals_of(event))
    if isinstance(event, TouchpointRecorded) and event.lifetime is not MISSING:
        normal["lifetime"] = format_duration(parse_duration(event.lifetime))
    return normal
