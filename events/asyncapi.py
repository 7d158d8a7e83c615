"""The AsyncAPI 3 document: topics, keys, messages and settings in Kafka, generated from the topics and the models."""

from __future__ import annotations

from typing import Any, Final

from events.schema import EVENTS
from events.topics import TOPICS, Topic

Document = dict[str, Any]
VERSION: Final = "1.0.0"
"""Of the contract."""
DEFAULT_PREFIX: Final = "evenhand."
_KAFKA_BINDING: Final = "0.5.0"


def asyncapi_document() -> Document:
    """The whole document; payloads refer to the schema files beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Evenhand",
            "version": VERSION,
            "description": "Touchpoints, conversions, interactions and contacts in; credits, scores, follow-ups and "
            "reminders out. Evenhand receives from the input topics and "
            "sends to the others, in transactions: subscribers read `read_committed`.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {f"{_action(topic)}-{topic.name}": _operation(topic) for topic in TOPICS},
        "components": {"messages": {name: _message(name) for name in EVENTS}},
    }


def _action(topic: Topic) -> str:
    return "receive" if topic.is_input else "send"


def _channel(topic: Topic) -> Document:
    return {
        "address": f"{{prefix}}{topic.name}",
        "parameters": {"prefix": {"default": DEFAULT_PREFIX, "description": "EVENHAND_TOPIC_PREFIX"}},
        "description": f"Key: {topic.key}. Kept: {topic.retention}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in topic.event_types},
        "bindings": {"kafka": {"topicConfiguration": _topic_configuration(topic), "bindingVersion": _KAFKA_BINDING}},
    }


def _topic_configuration(topic: Topic) -> Document:
    """The settings that AsyncAPI's binding has a place for, in its types."""
    settings: Document = {"cleanup.policy": [topic.config["cleanup.policy"]]}
    numbers = ("retention.ms", "retention.bytes", "max.message.bytes")
    return settings | {name: int(topic.config[name]) for name in numbers if name in topic.config}


def _operation(topic: Topic) -> Document:
    return {
        "action": _action(topic),
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in topic.event_types],
    }


def _message(name: str) -> Document:
    model = EVENTS[name]
    return {
        "name": name,
        "title": model.__name__,
        "summary": (model.__doc__ or "").strip(),
        "payload": {
            "schemaFormat": "application/schema+json;version=2020-12",
            "schema": {"$ref": f"./{name}.schema.json"},
        },
    }
