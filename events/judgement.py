"""The full judgement of a record: slow, and it says everything that is wrong (contract, sections 1 and 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from pydantic import ValidationError

from events.contact_model import CONTACT_EVENTS
from events.definition_model import DEFINITION_EVENTS
from events.event import Event
from events.instant import parse_instant
from events.interaction_model import INTERACTION_EVENTS
from events.model import CONVERSION_EVENTS, TOUCHPOINT_EVENTS, MoneyEvent
from events.money import exponent
from events.refusal import FieldError, Reason, Refusal
from events.strict_json import MalformedJsonError, parse_json
from events.topics import CONTACTS, CONVERSIONS, DEFINITIONS, INTERACTIONS, TOUCHPOINTS, event_type

MAX_BYTES: Final = 32_768

Models: TypeAlias = Mapping[str, type[Event]]
"""The events that may be sent, by type."""

MODELS: Final[dict[str, Models]] = {
    topic.name: {event_type(model): model for model in models}
    for topic, models in (
        (TOUCHPOINTS, TOUCHPOINT_EVENTS),
        (CONVERSIONS, CONVERSION_EVENTS),
        (INTERACTIONS, INTERACTION_EVENTS),
        (CONTACTS, CONTACT_EVENTS),
        (DEFINITIONS, DEFINITION_EVENTS),
    )
}
"""By the bare name of the topic."""


def judge(value: bytes | None, models: Models) -> Event | Refusal:
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


def _validated(sent: dict[str, object], model: type[Event]) -> Event | Refusal:
    misfits = tuple(model.misfits(sent))
    try:
        event = model.model_validate(sent)
    except ValidationError as error:
        return Refusal(Reason.INVALID_EVENT, (*_field_errors(error), *misfits))
    if misfits:
        return Refusal(Reason.INVALID_EVENT, misfits)
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
