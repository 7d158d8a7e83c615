"""The codec: bytes in, a fact or a refusal out. Total: no bytes make it raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, get_args

from events.attribution_facts import attribution_fact
from events.canonical import canonical_json
from events.contact_facts import contact_fact
from events.contact_model import AboutContact
from events.contacts import ContactFact
from events.event import Event
from events.fact import Cancellation, Conversion, Refund, Retraction, Touchpoint
from events.facts import AnyFact
from events.fast import fast_any, fast_conversion, fast_touchpoint
from events.interaction_facts import interaction_fact
from events.interaction_model import AboutInteraction
from events.interactions import InteractionFact
from events.judgement import MODELS, Models, judge
from events.model import AttributionEvent
from events.normal_form import normal_form
from events.refusal import Refusal
from events.topics import CONTACTS, CONVERSIONS, FACT_TOPICS, INTERACTIONS, TOUCHPOINTS

_ALL_MODELS: Final[Models] = {name: model for topic in FACT_TOPICS for name, model in MODELS[topic.name].items()}
_FAST: Final = {TOUCHPOINTS.name: fast_touchpoint, CONVERSIONS.name: fast_conversion}
_TOPIC_OF_FACT: Final = {
    kind: topic
    for topic, kinds in (
        (TOUCHPOINTS.name, (Touchpoint, Retraction)),
        (CONVERSIONS.name, (Conversion, Refund, Cancellation)),
        (INTERACTIONS.name, get_args(InteractionFact)),
        (CONTACTS.name, get_args(ContactFact)),
    )
    for kind in kinds
}


def decoder(topic: str) -> Callable[[bytes | None], AnyFact | Refusal]:
    """The judgement on a record's value by itself, for an input topic given by its bare name.

    The reasons it gives, in the contract's order: oversized, malformed_json, unknown_type, invalid_event with every
    error, unknown_currency. What needs the key, the catalogue, a clock or the state is judged elsewhere.
    """
    if topic not in _FAST:
        return lambda value: decode_fully(topic, value)
    fast = _FAST[topic]

    def decode_value(value: bytes | None) -> AnyFact | Refusal:
        fact = None if value is None else fast(value)
        return decode_fully(topic, value) if fact is None else fact

    return decode_value


_DECODERS: Final = {topic.name: decoder(topic.name) for topic in FACT_TOPICS}


def decode(topic: str, value: bytes | None) -> AnyFact | Refusal:
    """The same, with the topic given each time."""
    return _DECODERS[topic](value)


def decode_fully(topic: str, value: bytes | None) -> AnyFact | Refusal:
    """The same judgement without the fast path, which never differs from it."""
    judged = judge(value, MODELS[topic])
    return judged if isinstance(judged, Refusal) else _fact(judged)


def decode_any(value: bytes | None) -> tuple[str, AnyFact] | Refusal:
    """The same for a line of a file, which may hold an event of any input topic: the topic's bare name, the fact."""
    fact = None if value is None else fast_any(value)
    if fact is not None:
        return _TOPIC_OF_FACT[type(fact)], fact
    judged = judge(value, _ALL_MODELS)
    if isinstance(judged, Refusal):
        return judged
    slow = _fact(judged)
    return _TOPIC_OF_FACT[type(slow)], slow


def canonical_event(value: bytes) -> bytes:
    """Canonical JSON of an accepted event, the same for copies that differ in spelling alone (contract, section 1).

    Instants stand in the output's form, durations in their shortest, money with the currency's decimals. ValueError for
    bytes that `decode_any` refuses.
    """
    match judge(value, _ALL_MODELS):
        case Refusal(reason):
            raise ValueError(f"no accepted event: {reason}")
        case event:
            return canonical_json(normal_form(event))


def _fact(event: Event) -> AnyFact:
    if isinstance(event, AboutInteraction):
        return interaction_fact(event)
    if isinstance(event, AboutContact):
        return contact_fact(event)
    if isinstance(event, AttributionEvent):
        return attribution_fact(event)
    raise TypeError(f"no fact: {type(event).__name__}")
