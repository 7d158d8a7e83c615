"""The catalogue of topics (contract, sections 1 and 3)."""

from pathlib import Path

from events.judgement import MODELS
from events.schema import EVENTS
from events.topics import CONVERSIONS, CREDITS, CREDITS_SHADOW, DEAD_LETTERS, TOPICS, TOUCHPOINTS, full_name
from events.topics_page import topics_page

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "topics.md"


def test_the_topics_are_two_inputs_two_compacted_outputs_and_the_dead_letters() -> None:
    assert [topic.name for topic in TOPICS] == [
        "touchpoints",
        "conversions",
        "credits",
        "credits.shadow",
        "dead-letters",
    ]
    assert [topic for topic in TOPICS if topic.is_input] == [TOUCHPOINTS, CONVERSIONS]
    assert [topic for topic in TOPICS if topic.compacted] == [CREDITS, CREDITS_SHADOW]


def test_inputs_are_kept_for_ever_under_the_broker_s_time() -> None:
    for topic in (TOUCHPOINTS, CONVERSIONS):
        assert topic.config["retention.ms"] == topic.config["retention.bytes"] == "-1"
        assert topic.config["message.timestamp.type"] == "LogAppendTime"


def test_credits_are_compacted_and_take_messages_of_16_mib() -> None:
    for topic in (CREDITS, CREDITS_SHADOW):
        assert topic.config == {"cleanup.policy": "compact", "max.message.bytes": "16777216"}


def test_dead_letters_are_kept_for_ever_not_compacted_and_hold_any_refused_record() -> None:
    assert DEAD_LETTERS.config == {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": str(16 * 1024 * 1024),
    }


def test_the_prefix_stands_before_every_name() -> None:
    assert full_name("evenhand.", TOUCHPOINTS) == "evenhand.touchpoints"
    assert full_name("", DEAD_LETTERS) == "dead-letters"


def test_every_event_type_has_a_topic_and_every_topic_s_types_are_known() -> None:
    assert {name for topic in TOPICS for name in topic.event_types} == set(EVENTS)
    assert {topic.name: list(topic.event_types) for topic in TOPICS if topic.is_input} == {
        name: list(models) for name, models in MODELS.items()
    }


def test_the_page_about_topics_is_not_stale() -> None:
    assert PAGE.read_text() == topics_page(), "run: python -m events.topics_page > docs/reference/topics.md"
