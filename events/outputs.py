"""The outputs of the contract, version 1: what Evenhand says, for those who subscribe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import MISSING, BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

from events.fields import Id
from events.money import AMOUNT_PATTERN
from events.refusal import Reason

Money = TypeAliasType(
    "Money",
    Annotated[
        str,
        Field(pattern=f"^{AMOUNT_PATTERN}$", description="A decimal, always with as many decimals as the currency has"),
    ],
)
UtcInstant = TypeAliasType(
    "UtcInstant",
    Annotated[
        str,
        Field(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z$",
            description="UTC; a fraction only when it is not zero, then six digits",
            json_schema_extra={"format": "date-time"},
        ),
    ],
)


class Output(BaseModel):
    """Said once, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TouchpointCredit(Output):
    """A touchpoint of the evidence and its credit."""

    touchpoint_id: Id
    name: Id
    occurred_at: UtcInstant
    expires_at: UtcInstant = Field(description="The last instant at which it counts")
    credit: Money = Field(description="Of the overall split")
    dimensions: dict[Id, Id] = Field(description="The catalogue's and its own")


class DimensionCredit(Output):
    """One dimension's own split of the net value: credits by value, and what no value took."""

    credits: dict[Id, Money] = Field(description="By value; every value in the evidence, also at zero")
    unattributed: Money = Field(description="The net value when no touchpoint has this dimension, else zero")


class CreditAssigned(Output):
    """A conversion's whole credit. Of several for one key, the one with the highest version holds."""

    type: Literal["credit.assigned"]
    conversion_id: Id
    contact_id: Id
    conversion: Id = Field(description="The conversion's name")
    occurred_at: UtcInstant = Field(description="When the conversion took place")
    model: str = Field(description="The attribution model, such as `linear`")
    version: int = Field(ge=1, description="Only grows, by one or more")
    currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217")
    value: Money = Field(description="As recorded")
    refunded: Money = Field(description="What was given back; the value less it is what is split")
    touchpoints: list[TouchpointCredit] = Field(description="The whole evidence, by (`occurred_at`, `touchpoint_id`)")
    dimensions: dict[Id, DimensionCredit] = Field(description="By dimension; in each the credits add up on their own")
    unattributed: Money = Field(description="The net value when there is no evidence, else zero")
    capped: Annotated[Literal[True], Field(description="There was more evidence than counts")] | MISSING = MISSING


class RecordError(Output):
    """One thing that is wrong with a refused record."""

    path: str = Field(description="A JSON Pointer into the payload; empty for the whole")
    message: str = Field(description="For people")


class DeadLetter(Output):
    """A refused record, where it stood and why."""

    topic: str = Field(description="The full name; in a replay the file's base name, `-` for standard input")
    partition: int = Field(ge=0, description="Zero in a replay")
    offset: int = Field(ge=0, description="In a replay the line's number, from 1")
    reason: Reason = Field(description="The first that holds")
    errors: list[RecordError] = Field(description="What is wrong, in detail")
    received_at: UtcInstant | None = Field(description="The record's Kafka timestamp; null in a replay")
    payload: str | None = Field(description="The record's value as text; null when it had none")
    encoding: Annotated[Literal["base64"], Field(description="Given when the value is no UTF-8")] | MISSING = MISSING
