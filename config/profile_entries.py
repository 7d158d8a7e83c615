"""A score profile as people and producers write it: its tables and keys, no others, and their defaults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from config.catalogue_entries import Entry
from config.catalogue_types import EPOCH, LARGEST_INTEGER, Count, Identifier, Instant, Span
from config.profile import Op, Scalar
from events.instant import parse_instant
from events.topics import CONVERSIONS, INTERACTIONS, TOUCHPOINTS

SCORED_TYPES: Final = (*TOUCHPOINTS.event_types, *CONVERSIONS.event_types, *INTERACTIONS.event_types)
"""The types of facts that rules can match."""
_ORDERING: Final = frozenset({"<", "<=", ">", ">="})
_LISTING: Final = frozenset({"in", "contains_all"})

Points: TypeAlias = Annotated[int, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]


def _dated(value: object) -> object:
    """JSON has no date-times of its own; TOML has."""
    return EPOCH + timedelta(microseconds=parse_instant(value)) if isinstance(value, str) else value


Moment: TypeAlias = Annotated[Instant, BeforeValidator(_dated)]


def _scored_type(text: str) -> str:
    if text not in SCORED_TYPES:
        raise ValueError(f'is "{text}", but facts that count are {", ".join(SCORED_TYPES)}')
    return text


def _scalar(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, str | int)


def _once(kind: str, ids: Iterable[object]) -> None:
    for name, times in Counter(ids).items():
        if times > 1:
            raise ValueError(f"has {times} {kind} {name}")


def _in_order(floor: int | None, ceiling: int | None) -> None:
    if floor is not None and ceiling is not None and floor > ceiling:
        raise ValueError(f"has a floor of {floor} above its ceiling of {ceiling}")


class ConditionEntry(Entry):
    """`{ field = …, op = …, value = … }`."""

    field: Annotated[str, Field(min_length=1)]
    op: Op
    value: Any = None

    @model_validator(mode="after")
    def _value_suits(self) -> Self:
        if self.op == "exists":
            if self.value is not None and not isinstance(self.value, bool):
                raise ValueError("wants true or false as the value of exists, or none")
        elif self.value is None:
            raise ValueError(f"lacks the value that {self.op} compares with")
        elif self.op in _LISTING:
            if not isinstance(self.value, list) or not all(map(_scalar, self.value)):
                raise ValueError(f"wants a list of texts, numbers, true or false as the value of {self.op}")
        elif not _scalar(self.value):
            raise ValueError(f"wants a text, a number, true or false as the value of {self.op}")
        elif self.op in _ORDERING and isinstance(self.value, bool):
            raise ValueError(f"wants a text or a number as the value of {self.op}")
        return self

    def operand(self) -> Scalar | tuple[Scalar, ...]:
        """The value, `exists` filled in."""
        if self.value is None:
            return True
        operand: Scalar | tuple[Scalar, ...] = tuple(self.value) if isinstance(self.value, list) else self.value
        return operand


class MatchEntry(Entry):
    """`when` and `unless`."""

    type: Annotated[str, AfterValidator(_scored_type)]
    name: Identifier | None = None


class ExcludeEntry(Entry):
    """An entry of `exclude`."""

    conditions: Annotated[list[ConditionEntry], Field(alias="if", min_length=1)]


class GroupEntry(Entry):
    """`groups.<group_id>`."""

    floor: Points | None = None
    ceiling: Points | None = None

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        _in_order(self.floor, self.ceiling)
        return self


class BandEntry(Entry):
    """`{ name = …, from = … }`."""

    name: Identifier
    start: Annotated[Points, Field(alias="from")]


class RuleEntry(Entry):
    """An entry of `rules`: an event, an attribute or an inactivity rule."""

    rule_id: Identifier
    points: Points
    group: Identifier | None = None
    enabled: bool = True
    active_from: Moment | None = None
    active_until: Moment | None = None
    when: MatchEntry | None = None
    where: list[ConditionEntry] = Field([])
    window: Span | None = None
    decay_over: Span | None = None
    every: Count = 1
    max_per_day: Count | None = None
    max_times: Count | None = None
    conditions: Annotated[list[ConditionEntry] | None, Field(alias="if", min_length=1)] = None
    unless: MatchEntry | None = None
    within: Span | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in _KINDS if kind in self.model_fields_set]
        if len(kinds) != 1:
            raise ValueError("must have exactly one of when, if and unless")
        strays = self.model_fields_set - _SHARED - _KINDS[kinds[0]]
        if strays:
            raise ValueError(f"cannot have {', '.join(sorted(strays))} beside {_TOML_NAME.get(kinds[0], kinds[0])}")
        if self.unless is not None and self.within is None:
            raise ValueError("lacks the span within, which an inactivity rule needs")
        if self.window is not None and self.decay_over is not None:
            raise ValueError("has both window and decay_over; it can have one of them")
        return self


_SHARED: Final = {"rule_id", "points", "group", "enabled", "active_from", "active_until"}
_KINDS: Final[dict[str, set[str]]] = {
    "when": {"when", "where", "window", "decay_over", "every", "max_per_day", "max_times"},
    "conditions": {"conditions"},
    "unless": {"unless", "where", "within"},
}
_TOML_NAME: Final = {"conditions": "if"}


class ProfileEntry(Entry):
    """`[profiles.<profile_id>]`, and the profile of a definition."""

    name: str = ""
    description: str = ""
    published: bool = True
    revision: Annotated[int, Field(ge=1, le=999_999_999_999_999)] = 1
    floor: Points | None = None
    ceiling: Points | None = None
    bands: list[BandEntry] = Field([])
    hysteresis: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)] = 0
    exclude: list[ExcludeEntry] = Field([])
    groups: dict[Identifier, GroupEntry] = Field({})
    rules: list[RuleEntry] = Field([])

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        _in_order(self.floor, self.ceiling)
        _once("rules with the rule_id", (rule.rule_id for rule in self.rules))
        _once("bands of the name", (band.name for band in self.bands))
        _once("bands from", (band.start for band in self.bands))
        for rule in self.rules:
            if rule.group is not None and rule.group not in self.groups:
                raise ValueError(f'has no group "{rule.group}", which the rule {rule.rule_id} names')
        return self
