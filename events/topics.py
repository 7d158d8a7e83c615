"""The topics: what each carries, how it is keyed, and how long Kafka keeps it (contract, sections 1 and 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from events.contact_model import CONTACT_EVENTS
from events.definition_model import DEFINITION_EVENTS
from events.event import Event
from events.interaction_model import INTERACTION_EVENTS
from events.model import CONVERSION_EVENTS, TOUCHPOINT_EVENTS


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
    partitions: int | None = None
    """None: as many as the other topics, so that what belongs to one contact shares a number."""


_FOR_EVER: Final = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_LARGE: Final = {"max.message.bytes": str(16 * 1024 * 1024)}
_COMPACTED: Final = {"cleanup.policy": "compact"} | _LARGE
_BROKER_TIME: Final = {"message.timestamp.type": "LogAppendTime"}


_OF_CONTACT: Final = "`contact_id`, UTF-8; partition by murmur2"
_OF_CONTACT_OR_OWNER: Final = "`contact_id`, or `user:` and the `owner`, UTF-8; partition by murmur2"


def _input(name: str, models: tuple[type[Event], ...], key: str = _OF_CONTACT) -> Topic:
    return Topic(
        name=name,
        key=key,
        event_types=tuple(map(event_type, models)),
        is_input=True,
        compacted=False,
        retention="for ever: the inputs are the truth",
        config=_FOR_EVER | _BROKER_TIME,
    )


def _latest(name: str, event: str, key: str, whose: str = "contact") -> Topic:
    """An output of which the last of each key holds."""
    return Topic(
        name=name,
        key=f"compact JSON `{key}`; partition of the {whose} in the inputs",
        event_types=(event,),
        is_input=False,
        compacted=True,
        retention="the last version of each key",
        config=_COMPACTED,
    )


def _log(name: str, event: str, key: str) -> Topic:
    """An output that is a log of what was said."""
    return Topic(
        name=name,
        key=key,
        event_types=(event,),
        is_input=False,
        compacted=False,
        retention="for ever",
        config=_FOR_EVER | _LARGE,  # a record of 1 MiB takes up to six times as much when it is escaped
    )


TOUCHPOINTS: Final = _input("touchpoints", TOUCHPOINT_EVENTS)
CONVERSIONS: Final = _input("conversions", CONVERSION_EVENTS)
INTERACTIONS: Final = _input("interactions", INTERACTION_EVENTS, _OF_CONTACT_OR_OWNER)
CONTACTS: Final = _input("contacts", CONTACT_EVENTS)
DEFINITIONS: Final = Topic(
    name="definitions",
    key='compact JSON, `["draft",profile_id]`, `["published",profile_id]` or `["user",user_id]`',
    event_types=tuple(event_type(model) for model in DEFINITION_EVENTS),
    is_input=True,
    compacted=True,
    retention="the last of each key; a record without a value takes it away",
    config=_COMPACTED | _BROKER_TIME,
    partitions=1,  # one order for all, and every worker reads it whole
)
CREDITS: Final = _latest("credits", "credit.assigned", "[contact_id, conversion_id]")
CREDITS_SHADOW: Final = _latest("credits.shadow", "credit.assigned", "[contact_id, conversion_id, model]")
SCORES: Final = _latest("scores", "score", "[contact_id, profile_id]")
SCORE_CHANGES: Final = _log(
    "score-changes", "score-change", "compact JSON `[contact_id, profile_id]`; partition of the contact in the inputs"
)
FOLLOWUPS: Final = _latest(
    "followups", "followup", '[contact_id or "user:" + owner, interaction_id]', "contact or owner"
)
REMINDERS: Final = _log(
    "reminders",
    "reminder",
    'compact JSON `[contact_id or "user:" + owner, interaction_id]`; partition of the contact or owner in the inputs',
)
REJECTIONS: Final = _log("rejections", "rejection", "the rejected fact's own key; partition of the rejected fact")
DEAD_LETTERS: Final = _log(
    "dead-letters", "dead-letter", "the refused record's own key; partition of the refused record"
)
FACT_TOPICS: Final = (TOUCHPOINTS, CONVERSIONS, INTERACTIONS, CONTACTS)
"""The inputs whose records are facts about one contact or owner; files may hold those, too."""
TOPICS: Final = (
    *FACT_TOPICS,
    DEFINITIONS,
    CREDITS,
    CREDITS_SHADOW,
    SCORES,
    SCORE_CHANGES,
    FOLLOWUPS,
    REMINDERS,
    REJECTIONS,
    DEAD_LETTERS,
)


def full_name(prefix: str, topic: Topic) -> str:
    """The topic's name in Kafka: `evenhand.` and `touchpoints` give `evenhand.touchpoints`."""
    return prefix + topic.name
