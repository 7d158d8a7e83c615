"""Rules on which of two fields an object has, for the judgement and for JSON Schema alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from events.refusal import FieldError


class Presence(Enum):
    """How many of two fields there are."""

    EXACTLY_ONE = (1,)
    AT_LEAST_ONE = (1, 2)
    AT_MOST_ONE = (0, 1)
    BOTH_OR_NEITHER = (0, 2)


class Pair(NamedTuple):
    """Two fields and the rule on them."""

    one: str
    other: str
    presence: Presence

    def schema(self) -> dict[str, Any]:
        """The rule in JSON Schema."""
        each = [{"required": [name]} for name in (self.one, self.other)]
        match self.presence:
            case Presence.EXACTLY_ONE:
                return {"oneOf": each}
            case Presence.AT_LEAST_ONE:
                return {"anyOf": each}
            case Presence.AT_MOST_ONE:
                return {"not": {"required": [self.one, self.other]}}
            case Presence.BOTH_OR_NEITHER:
                return {"dependentRequired": {self.one: [self.other], self.other: [self.one]}}

    def words(self) -> str:
        """The rule for people."""
        return f"{self.presence.name.capitalize().replace('_', ' ')} of `{self.one}` and `{self.other}`"


def pair_errors(pairs: Sequence[Pair], sent: Mapping[str, object], path: str = "") -> Iterator[FieldError]:
    """What breaks these rules in an object as it was sent, which stands at `path`; one error a rule."""
    for pair in pairs:
        there = [name for name in (pair.one, pair.other) if name in sent]
        if len(there) not in pair.presence.value:
            # Of two fields too many, the second; of one too few, the one that is missing.
            at = {0: "", 1: f"/{pair.other if pair.one in there else pair.one}", 2: f"/{pair.other}"}[len(there)]
            yield FieldError(path + at, pair.words())
