"""The full judgement of a record: slow, and it says everything that is wrong (contract, sections 1 and 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydantic import MISSING, ValidationError

from events.canonical import canonical_json, digest
from events.dimensions import compact_dimensions
from events.duration import parse_duration
from events.fact import Cancellation, Conversion, Fact, Refund, Retraction, Touchpoint
from events.instant import parse_instant
from events.model import (
    CONVERSION_EVENTS,
    TOUCHPOINT_EVENTS,
    ConversionCancelled,
    ConversionRecorded,
    ConversionRefunded,
    InputEvent,
    MoneyEvent,
    TouchpointRecorded,
    TouchpointRetracted,
)
from events.money import exponent, parse_amount
from events.refusal import FieldError, Reason, Refusal
from events.strict_json import MalformedJsonError, parse_json
from events.topics import CONVERSIONS, TOUCHPOINTS, event_type

MAX_BYTES: Final = 32_768

MODELS: Final[dict[str, dict[str, type[InputEvent]]]] = {
    topic.name: {event_type(model): model for model in models}
    for topic, models in ((TOUCHPOINTS, TOUCHPOINT_EVENTS), (CONVERSIONS, CONVERSION_EVENTS))
}


def judge(value: bytes | None, models: dict[str, type[InputEvent]]) -> InputEvent | Refusal:
    """The event, one of these by its type; or the first reason that holds in the contract's order, with every error."""
    if value is None:
        return _refusal(Reason.INVALID_EVENT, "a record has a value")
    if len(value) > MAX_BYTES:
        return _refusal(Reason.OVERSIZED, f"an event has at most {MAX_BYTES} bytes, this one has {len(value)}")
    try:
        sent = parse_json(value)
    except MalformedJsonError as error:
        return _refusal(Reason.MALFORMED_JSON, str(error))
    if not isinstance(sent, dict):
        return _refusal(Reason.INVALID_EVENT, "an event is a JSON object")
    name = sent.get("type")
    if not isinstance(name, str):
        return _refusal(Reason.INVALID_EVENT, "an event has a type, which is text", "/type")
    if name not in models:
        return _refusal(Reason.UNKNOWN_TYPE, f"the types here are {', '.join(models)}", "/type")
    return _validated(sent, models[name])


def _validated(sent: dict[str, object], model: type[InputEvent]) -> InputEvent | Refusal:
    try:
        event = model.model_validate(sent)
    except ValidationError as error:
        return Refusal(Reason.INVALID_EVENT, tuple(_field_errors(error)))
    if isinstance(event, MoneyEvent) and exponent(event.currency, parse_instant(event.occurred_at)) is None:
        message = "a currency is an ISO 4217 code with a minor unit, current when the event occurred"
        return _refusal(Reason.UNKNOWN_CURRENCY, message, "/currency", event.contact_id)
    return event


def _refusal(reason: Reason, message: str, path: str = "", contact_id: str | None = None) -> Refusal:
    return Refusal(reason, (FieldError(path, message),), contact_id)


def _field_errors(error: ValidationError) -> Iterable[FieldError]:
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        location = detail["loc"]
        of_key = len(location) == 3 and location[2] == "[key]"  # how pydantic points at the name of a dimension
        yield FieldError(_pointer(location[:2] if of_key else location), detail["msg"].removeprefix("Value error, "))


def _pointer(location: Iterable[int | str]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in location)


def fact_of(event: InputEvent) -> Fact:
    """What the deciders see of an accepted event: everything by value, nothing of its spelling."""
    who = (event.contact_id, event.event_id, parse_instant(event.occurred_at))
    match event:
        case TouchpointRecorded():
            return Touchpoint(*who, event.name, *_own_terms(event), _digest(event))
        case TouchpointRetracted():
            return Retraction(*who, event.touchpoint_id, None if event.reason is MISSING else event.reason)
        case ConversionRecorded():
            return Conversion(*who, event.name, amount_minor(event), event.currency, _digest(event))
        case ConversionRefunded():
            return Refund(*who, event.conversion_id, amount_minor(event), event.currency)
        case ConversionCancelled():
            return Cancellation(*who, event.conversion_id)


def _own_terms(event: TouchpointRecorded) -> tuple[int | None, bytes]:
    return (
        None if event.lifetime is MISSING else parse_duration(event.lifetime),
        b"" if event.dimensions is MISSING else compact_dimensions(event.dimensions),
    )


def _digest(event: TouchpointRecorded | ConversionRecorded) -> bytes:
    return b"" if event.properties is MISSING else digest(canonical_json(event.properties))


def decimals_of(event: MoneyEvent) -> int:
    """Of a validated event's currency; a KeyError is a bug."""
    decimals = exponent(event.currency, parse_instant(event.occurred_at))
    if decimals is None:
        raise KeyError(event.currency)
    return decimals


def amount_minor(event: MoneyEvent) -> int:
    """Of a validated event, in minor units."""
    return parse_amount(event.value, decimals_of(event))
