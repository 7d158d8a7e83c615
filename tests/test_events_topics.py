"""The catalogue of topics (contract, sections 1 and 3)."""

from pathlib import Path

from events.judgement import MODELS
from events.schema import EVENTS
from events.topics import (
    CONTACTS,
    CONVERSIONS,
    CREDITS,
    CREDITS_SHADOW,
    DEAD_LETTERS,
    DEFINITIONS,
    FACT_TOPICS,
    FOLLOWUPS,
    INTERACTIONS,
    REJECTIONS,
    REMINDERS,
    SCORE_CHANGES,
    SCORES,
    TOPICS,
    TOUCHPOINTS,
    full_name,
)
from events.topics_page import topics_page

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "topics.md"


def test_the_topics_are_five_inputs_what_holds_now_and_logs_of_what_was_said() -> None:
    assert [topic.name for topic in TOPICS] == [
        *("touchpoints", "conversions", "interactions", "contacts", "definitions"),
        *("credits", "credits.shadow", "scores", "score-changes", "followups", "reminders", "rejections"),
        "dead-letters",
    ]
    assert [topic for topic in TOPICS if topic.is_input] == [*FACT_TOPICS, DEFINITIONS]
    assert [topic for topic in TOPICS if topic.compacted] == [DEFINITIONS, CREDITS, CREDITS_SHADOW, SCORES, FOLLOWUPS]


def test_definitions_alone_have_a_number_of_partitions_of_their_own() -> None:
    assert {topic.name: topic.partitions for topic in TOPICS if topic.partitions} == {"definitions": 1}


def test_facts_are_kept_for_ever_under_the_broker_s_time() -> None:
    assert FACT_TOPICS == (TOUCHPOINTS, CONVERSIONS, INTERACTIONS, CONTACTS)
    for topic in FACT_TOPICS:
        assert topic.config["retention.ms"] == topic.config["retention.bytes"] == "-1"
        assert topic.config["message.timestamp.type"] == "LogAppendTime"


def test_what_holds_now_is_compacted_and_takes_messages_of_16_mib() -> None:
    for topic in (CREDITS, CREDITS_SHADOW, SCORES, FOLLOWUPS):
        assert topic.config == {"cleanup.policy": "compact", "max.message.bytes": "16777216"}


def test_what_was_said_is_kept_for_ever_not_compacted_and_holds_any_record() -> None:
    for topic in (SCORE_CHANGES, REMINDERS, REJECTIONS, DEAD_LETTERS):
        assert topic.config == {
            "cleanup.policy": "delete",
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "max.message.bytes": str(16 * 1024 * 1024),
        }


def test_definitions_are_compacted_under_the_broker_s_time() -> None:
    assert DEFINITIONS.config["cleanup.policy"] == "compact"
    assert DEFINITIONS.config["message.timestamp.type"] == "LogAppendTime"


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
