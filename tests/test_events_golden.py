"""Every version of every event is read for ever: the golden files are added to, and never changed."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from events.codec import canonical_event, decode_any
from events.definitions import decode_definition
from events.refusal import Refusal
from events.schema import EVENTS, json_schema
from tests.sent_events import record

GOLDEN = Path(__file__).with_name("golden")
CASES = [
    pytest.param(path.name.removesuffix(".1.json"), case, id=f"{path.name}: {title}")
    for path in sorted(GOLDEN.glob("*.1.json"))
    for title, case in json.loads(path.read_text(encoding="utf-8")).items()
]
FACTS = [case for case in CASES if "fact" in case.values[1]]  # type: ignore[operator]
DEFINITIONS = [case for case in CASES if "definition" in case.values[1]]  # type: ignore[operator]
OUTPUTS = [case for case in CASES if case not in FACTS + DEFINITIONS]


def shown(fact: Any) -> dict[str, Any]:
    """A fact as the files have it: the digest in hexadecimal, other bytes as text, what is not said left out."""
    fields = {name: getattr(fact, name) for name in fact.__struct_fields__}
    return {type(fact).__name__: {name: _shown(name, value) for name, value in fields.items()}}


def _shown(name: str, value: object) -> object:
    if isinstance(value, bytes):
        return value.hex() if name == "properties" else value.decode()
    return msgspec.json.decode(msgspec.json.encode(value))


def test_every_event_has_a_golden_file() -> None:
    assert {case.values[0] for case in CASES} == set(EVENTS)


@pytest.mark.parametrize("case", [case.values[1] for case in FACTS])
def test_a_golden_input_is_the_same_fact_for_ever(case: dict[str, Any]) -> None:
    judged = decode_any(record(case["sent"]))

    assert not isinstance(judged, Refusal)
    assert (judged[0], shown(judged[1])) == (case["topic"], case["fact"])


@pytest.mark.parametrize("case", [case.values[1] for case in FACTS])
def test_a_golden_input_has_the_same_canonical_form_for_ever(case: dict[str, Any]) -> None:
    assert canonical_event(record(case["sent"])).decode() == case["canonical"]


@pytest.mark.parametrize("case", [case.values[1] for case in DEFINITIONS])
def test_a_golden_definition_is_the_same_for_ever(case: dict[str, Any]) -> None:
    judged = decode_definition(case["key"].encode(), record(case["sent"]))

    assert not isinstance(judged, Refusal)
    assert shown(judged) == case["definition"]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_the_model_of_a_golden_event_gives_it_back_as_it_was(name: str, case: dict[str, Any]) -> None:
    event = case.get("sent", case)

    assert json.loads(EVENTS[name].model_validate_json(json.dumps(event)).model_dump_json()) == event


@pytest.mark.parametrize(("name", "case"), OUTPUTS)
def test_a_golden_output_keeps_the_order_of_its_fields(name: str, case: dict[str, Any]) -> None:
    assert [field for field in EVENTS[name].model_fields if field in case] == list(case)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_the_schema_of_a_golden_event_accepts_it(name: str, case: dict[str, Any]) -> None:
    Draft202012Validator(json_schema(name)).validate(case.get("sent", case))
