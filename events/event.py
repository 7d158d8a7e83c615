"""What the events of every topic have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import MISSING, BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema
from typing_extensions import override

from events.fields import Id, Instant
from events.pairs import Pair, pair_errors
from events.refusal import FieldError


class Sent(BaseModel):
    """An object as a producer sends it. Unknown fields are refused, so that a typo is never silently lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    PAIRS: ClassVar[tuple[Pair, ...]] = ()
    """Rules on which fields stand together. They are judged beside the fields', so that every error is listed."""

    def given(self) -> dict[str, object]:
        """The fields that were sent, by name."""
        return {name: field for name, field in self if field is not MISSING}

    def defaults(self) -> dict[str, object]:
        """What absent fields stand for: a copy that says it is the same event as one that does not."""
        return {}

    @override
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(core_schema))
        if cls.PAIRS:
            schema["allOf"] = [pair.schema() for pair in cls.PAIRS]
            schema["$comment"] = ". ".join(pair.words() for pair in cls.PAIRS)
        return schema

    @classmethod
    def misfits(cls, sent: Mapping[str, object]) -> Iterator[FieldError]:
        """What is wrong between the fields of such an object, valid or not."""
        return pair_errors(cls.PAIRS, sent)


class Event(Sent):
    """What every input has."""

    type: str
    event_id: Id = Field(description="Names the fact, together with the topic and the contact")


class ContactEvent(Event):
    """What every input about one contact has."""

    contact_id: Id = Field(description="The account, contact or donor; the record's key, too")
    occurred_at: Instant = Field(description="When it took place")
