"""The topics: what each carries, how it is keyed, and how long Kafka keeps it (contract, sections 1 and 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from events.model import CONVERSION_EVENTS, TOUCHPOINT_EVENTS, Event


def event_type(model: type[Event]) -> str:
    """The discriminator of a model, such as `touchpoint.recorded`."""
    (name,) = model.model_fields["type"].annotation.__args__  # type: ignore[union-attr]
    return str(name)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic by its bare name, without the prefix of an installation."""

    name: str
    key: str
    """What the record key is, for people."""
    event_types: tuple[str, ...]
    is_input: bool
    compacted: bool
    retention: str
    """For people; `config` says it to Kafka."""
    config: dict[str, str] = field(hash=False)
    """The topic's settings in Kafka's own words."""


_FOR_EVER: Final = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_LARGE: Final = {"max.message.bytes": str(16 * 1024 * 1024)}
_COMPACTED: Final = {"cleanup.policy": "compact"} | _LARGE
_BROKER_TIME: Final = {"message.timestamp.type": "LogAppendTime"}


def _input(name: str, models: tuple[type[Event], ...]) -> Topic:
    return Topic(
        name=name,
        key="`contact_id`, UTF-8; partition by murmur2",
        event_types=tuple(map(event_type, models)),
        is_input=True,
        compacted=False,
        retention="for ever: the inputs are the truth",
        config=_FOR_EVER | _BROKER_TIME,
    )


def _credits(name: str, key: str) -> Topic:
    return Topic(
        name=name,
        key=f"compact JSON `{key}`; partition of the contact in the inputs",
        event_types=("credit.assigned",),
        is_input=False,
        compacted=True,
        retention="the last version of each key",
        config=_COMPACTED,
    )


TOUCHPOINTS: Final = _input("touchpoints", TOUCHPOINT_EVENTS)
CONVERSIONS: Final = _input("conversions", CONVERSION_EVENTS)
CREDITS: Final = _credits("credits", "[contact_id, conversion_id]")
CREDITS_SHADOW: Final = _credits("credits.shadow", "[contact_id, conversion_id, model]")
DEAD_LETTERS: Final = Topic(
    name="dead-letters",
    key="the refused record's own key; partition of the refused record",
    event_types=("dead-letter",),
    is_input=False,
    compacted=False,
    retention="for ever",
    config=_FOR_EVER | _LARGE,  # a record of 1 MiB takes up to six times as much when it is escaped
)
TOPICS: Final = (TOUCHPOINTS, CONVERSIONS, CREDITS, CREDITS_SHADOW, DEAD_LETTERS)


def full_name(prefix: str, topic: Topic) -> str:
    """The topic's name in Kafka: `evenhand.` and `touchpoints` give `evenhand.touchpoints`."""
    return prefix + topic.name
