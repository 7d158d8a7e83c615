"""JSON Schema (2020-12) of every event, generated from the models, for producers and subscribers in any language."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import override

from events.followup_outputs import Followup, Rejection, Reminder
from events.judgement import MAX_BYTES, MODELS
from events.model import MoneyEvent
from events.money import CURRENT
from events.outputs import CreditAssigned, DeadLetter
from events.score_outputs import Score, ScoreChange
from events.strict_json import MAX_NESTING

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
EVENTS: Final[dict[str, type[BaseModel]]] = {
    **{name: model for models in MODELS.values() for name, model in models.items()},
    "credit.assigned": CreditAssigned,
    "score": Score,
    "score-change": ScoreChange,
    "followup": Followup,
    "reminder": Reminder,
    "rejection": Rejection,
    "dead-letter": DeadLetter,
}
"""Every event of the contract by the name of its schema."""


class _WithoutFieldTitles(GenerateJsonSchema):
    """A title that repeats its field's name says nothing."""

    @override
    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def json_schema(name: str) -> Schema:
    """The schema of one event: all its rules but those on the record (bytes, nesting, keys given twice) and on time."""
    model = EVENTS[name]
    schema = model.model_json_schema(schema_generator=_WithoutFieldTitles)
    if issubclass(model, MoneyEvent):
        schema["allOf"] = list(_decimals_by_currency())
    if any(name in models for models in MODELS.values()):
        bounds = f"At most {MAX_BYTES} bytes of UTF-8, {MAX_NESTING} levels of nesting, no key given twice"
        schema["$comment"] = ". ".join((*filter(None, [schema.get("$comment")]), bounds))
    return {"$schema": DIALECT, "$id": f"urn:evenhand:{name}:1", **schema}


def _decimals_by_currency() -> list[Schema]:
    """An amount has no more decimals than its currency: two, unless it is one of these."""
    by_decimals: dict[int, list[str]] = {}
    for code, (decimals, _, _) in sorted(CURRENT.items()):
        by_decimals.setdefault(decimals, []).append(code)
    del by_decimals[2]
    rules = [_when({"enum": codes}, decimals) for decimals, codes in sorted(by_decimals.items())]
    others = sorted(code for codes in by_decimals.values() for code in codes)
    return [*rules, _when({"not": {"enum": others}}, 2)]


def _when(currency: Schema, decimals: int) -> Schema:
    fraction = rf"(\.[0-9]{{1,{decimals}}})?" if decimals else ""
    return {
        "if": {"properties": {"currency": currency}},
        "then": {"properties": {"value": {"pattern": f"^[0-9]+{fraction}$"}}},
    }
