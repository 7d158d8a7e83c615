"""The published schemas are the models', are committed as they are, and refuse what the codec refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from cli.schema import command, schema_files
from config.errors import UsageError
from events.asyncapi import asyncapi_document
from events.codec import decode_any
from events.events_page import events_page
from events.refusal import Refusal
from events.schema import EVENTS, json_schema
from events.topics import TOPICS
from tests.sent_events import (
    ABSENT,
    Sent,
    adjusted,
    cancellation,
    completed,
    conversion,
    edited,
    interaction,
    record,
    refund,
    retraction,
    scheduled,
    touchpoint,
    updated,
)

DOCS = Path(__file__).parent.parent / "docs"
BAD = [
    touchpoint(type="touchpoint.lost"), touchpoint(event_id=""), touchpoint(event_id="x" * 129),
    touchpoint(contact_id="a\x00"),
    touchpoint(contact_id="a\ufdd0"), touchpoint(contact_id="a\U0001fffe"), touchpoint(name=ABSENT), touchpoint(name=1),
    touchpoint(occurred_at="2023-07-05 11:00:00Z"), touchpoint(occurred_at="2023-07-05T11:00:60Z"),
    touchpoint(occurred_at="2023-07-05T11:00:00"), touchpoint(lifetime="P1M"), touchpoint(lifetime=None),
    touchpoint(dimensions={"": "v"}), touchpoint(dimensions={"a": ""}), touchpoint(dimensions={"a": 1}),
    touchpoint(dimensions={str(number): "v" for number in range(17)}), touchpoint(properties=[]), touchpoint(typo=1),
    updated(attributes=ABSENT), updated(attributes=[]), updated({"name": 1}), updated({"dnd": ["fax"]}),
    updated({"tags": "vip"}), updated({"owner": ""}), updated({"opportunities": [{"name": "no id"}]}),
    updated({"opportunities": [{"id": "o", "value": 5}]}), updated({"opportunities": [{"id": "o", "typo": 1}]}),
    adjusted(points=ABSENT), adjusted(set_to=5), adjusted(points="5"), adjusted(points=10**15), adjusted(actor=ABSENT),
    scheduled(contact_id=ABSENT), scheduled(owner="u1"), scheduled(kind="lead"), scheduled(due_on="2024-2-29"),
    scheduled(duration="PT1H"), scheduled(starts_at="2024-01-01T09:00:00Z"), scheduled(source="robot"),
    scheduled(due_on="2024-02-29", starts_at="2024-01-01T09:00:00Z", duration="PT1H"), scheduled(assignee=None),
    scheduled(outcome="done"), completed(outcome=ABSENT), completed(completed_on="today"), interaction("logged"),
    interaction("edited"), edited(), edited(changes={"due_on": None, "starts_at": "2024-01-01T09:00:00Z"}),
    edited(changes={"source": "mail"}), edited(changes={"kind": None}), interaction("snoozed", until="tomorrow"),
    interaction("posted"), interaction("tagged", add="vip"), interaction("reassigned"),
    interaction("deleted", note="x"),
    retraction(touchpoint_id=ABSENT), retraction(reason=1), conversion(value=50), conversion(value="50.000"),
    conversion(value="5.5", currency="JPY"), conversion(value="5.1234", currency="KWD"), conversion(value="050"),
    conversion(value="-1"), conversion(value="1" * 20), conversion(currency="pound"), refund(value="0.00"),
    refund(value="0"), cancellation(conversion_id=""), cancellation(value="1.00"),
]  # fmt: skip


def accepts(event: Sent) -> bool:
    name = event["type"] if event["type"] in EVENTS else "touchpoint.recorded"
    return Draft202012Validator(json_schema(name)).is_valid(event)


@pytest.mark.parametrize("name", EVENTS)
def test_a_schema_is_json_schema_2020_12(name: str) -> None:
    schema = json_schema(name)

    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:evenhand:{name}:1"


@pytest.mark.parametrize("event", BAD)
def test_a_schema_refuses_what_the_codec_refuses(event: Sent) -> None:
    assert isinstance(decode_any(record(event)), Refusal)
    assert not accepts(event)


@pytest.mark.parametrize(
    "event",
    [touchpoint(dimensions={}), touchpoint(lifetime="P1DT0.5S"), touchpoint(contact_id="🎁" * 128),
     retraction(reason=""), conversion(value="5.125", currency="KWD"), conversion(value="5", currency="JPY"),
     conversion(value="9" * 16 + ".99"), refund(value="0.01"), cancellation(), updated({"name": None, "any": [1.5]}),
     updated({"dnd": ["email", "push"], "opportunities": [{"id": "o", "value": "5.125"}]}), adjusted(points=-5),
     adjusted(points=ABSENT, set_to=0), scheduled(), scheduled(contact_id=ABSENT, owner="u1", kind="personal"),
     scheduled(starts_at="2024-01-01T09:00:00Z", duration="PT0S"), edited(changes={"due_on": None, "title": None}),
     completed(), completed(outcome=ABSENT, summary=""), interaction("tagged")],
)  # fmt: skip
def test_a_schema_accepts_what_the_codec_accepts(event: Sent) -> None:
    assert not isinstance(decode_any(record(event)), Refusal)
    assert accepts(event)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [("credit.assigned", "version", 0), ("credit.assigned", "value", 50), ("credit.assigned", "occurred_at",
     "2023-07-05T11:02:00+00:00"),
     ("credit.assigned", "capped", False), ("dead-letter", "reason", "bad"), ("dead-letter", "encoding", "hex"),
     ("dead-letter", "typo", 1)],
)  # fmt: skip
def test_a_schema_refuses_what_evenhand_never_says(name: str, field: str, value: object) -> None:
    golden: dict[str, Any] = json.loads((Path(__file__).parent / "golden" / f"{name}.1.json").read_text())
    said = next(iter(golden.values()))

    assert not Draft202012Validator(json_schema(name)).is_valid({**said, field: value})


def test_the_committed_schemas_are_the_exported_ones() -> None:
    committed = {path.name: path.read_text() for path in (DOCS / "schemas").iterdir()}

    assert committed == schema_files(), "run: evenhand schema export docs/schemas"


def test_the_page_about_events_is_not_stale() -> None:
    page = (DOCS / "reference" / "events.md").read_text()

    assert page == events_page(), "run: python -m events.events_page > docs/reference/events.md"


def test_the_export_writes_every_file(tmp_path: Path) -> None:
    CliRunner().invoke(command, ["export", str(tmp_path / "new" / "schemas")], catch_exceptions=False)

    written = {path.name: path.read_text() for path in (tmp_path / "new" / "schemas").iterdir()}
    assert written == schema_files()


def test_an_export_that_cannot_be_written_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    with pytest.raises(UsageError, match=r"cannot write to .*taken.*give another folder"):
        CliRunner().invoke(command, ["export", str(tmp_path / "taken")], catch_exceptions=False)


def test_asyncapi_has_a_channel_and_an_operation_for_each_topic() -> None:
    document = asyncapi_document()

    assert document["asyncapi"] == "3.0.0"
    assert list(document["channels"]) == [topic.name for topic in TOPICS]
    assert [operation["action"] for operation in document["operations"].values()] == [
        *["receive"] * 5,
        *["send"] * 8,
    ]


def test_every_reference_in_asyncapi_is_found() -> None:
    document, files = asyncapi_document(), schema_files()

    assert {reference for reference in _references(document) if not _found(reference, document, files)} == set()


def _references(value: object) -> set[str]:
    match value:
        case {"$ref": str(reference)}:
            return {reference}
        case dict():
            return {found for part in value.values() for found in _references(part)}
        case list():
            return {found for part in value for found in _references(part)}
    return set()


def _found(reference: str, document: dict[str, Any], files: dict[str, str]) -> bool:
    if not reference.startswith("#/"):
        return reference.removeprefix("./") in files
    part: Any = document
    for step in reference[2:].split("/"):
        part = part.get(step, {})
    return bool(part)
