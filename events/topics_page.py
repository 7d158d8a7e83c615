"""The page about topics, generated from their catalogue: `python -m events.topics_page > docs/reference/topics.md`."""

from __future__ import annotations

from typing import Final

from events.topics import TOPICS, Topic

HEAD: Final = """\
# Topics

<!-- Generated from events/topics.py: python -m events.topics_page > docs/reference/topics.md -->

Every name has `EVENHAND_TOPIC_PREFIX` before it, `evenhand.` by default. Topics have equal numbers of partitions where
nothing else is said, and all that follows from a partition of the inputs is written to the same partition number.
`evenhand topics create` makes them with these settings; what is not listed is the broker's default.

"""


def topics_page() -> str:
    """The page as Markdown: one section a topic, in the order of the contract."""
    return HEAD + "\n".join(_section(topic) for topic in TOPICS)


def _section(topic: Topic) -> str:
    events = ", ".join(f"[`{name}`](events.md#{name.replace('.', '')})" for name in topic.event_types)
    settings = ", ".join(f"`{name}={setting}`" for name, setting in topic.config.items())
    return (
        f"## `{topic.name}`\n\n"
        "| | |\n| --- | --- |\n"
        f"| direction | {'in' if topic.is_input else 'out, written in transactions: read `read_committed`'} |\n"
        f"| events | {events} |\n"
        f"| key | {topic.key} |\n"
        f"| kept | {topic.retention} |\n"
        f"{_partitions(topic)}"
        f"| settings | {settings} |\n"
    )


def _partitions(topic: Topic) -> str:
    return "" if topic.partitions is None else f"| partitions | {topic.partitions} |\n"


if __name__ == "__main__":
    print(topics_page(), end="")
