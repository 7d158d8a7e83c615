"""A contact's facts as of an instant: what any profile's score of it is made of.

It follows from the set of the facts: their order, copies and chunks change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from events.topics import FACT_TOPICS, INTERACTIONS
from projections.scores.facts import Scored

_TOPIC: Final[Mapping[str, str]] = {kind: topic.name for topic in FACT_TOPICS for kind in topic.event_types}
_TAKES_BACK: Final[Mapping[str, str]] = {
    "touchpoint.retracted": "touchpoint_id",
    "conversion.cancelled": "conversion_id",
    "interaction.deleted": "interaction_id",
}
_TAKEN_BACK_BY: Final[Mapping[str, str]] = {
    "touchpoint.recorded": "touchpoint.retracted",
    "conversion.recorded": "conversion.cancelled",
    **dict.fromkeys(INTERACTIONS.event_types, "interaction.deleted"),
}


class History:
    """The facts that hold at `as_of_us`, by (`occurred_us`, `event_id`), and what follows from them for every rule."""

    def __init__(self, facts: Iterable[Scored], as_of_us: int) -> None:
        self.as_of_us = as_of_us
        self._given = tuple(facts)
        self._earlier: dict[int, History] = {}
        self.next_us = min((fact.occurred_us for fact in self._given if fact.occurred_us > as_of_us), default=None)
        """When the next fact occurs that lies beyond `as_of_us`."""
        known = self._known()
        self.first_us = known[0].occurred_us if known else None
        """Of the earliest accepted fact of any kind, taken back or not; None: nothing is known of the contact."""
        self._by_type = _by_type(_standing(known))
        self._by_name: dict[str, dict[object, list[Scored]]] = {}
        self.attributes = _folded(self.of("contact.updated"))

    def of(self, kind: str, name: str | None = None) -> Sequence[Scored]:
        """Those of a type, with a name or with any."""
        facts = self._by_type.get(kind, [])
        if name is None or not facts:
            return facts
        named = self._by_name.get(kind)
        if named is None:
            named = self._by_name[kind] = defaultdict(list)
            for fact in facts:
                named[fact.fields.get("name")].append(fact)
        return named.get(name, [])

    def at(self, earlier_us: int) -> History:
        """The same contact's at another instant, shared by all who ask."""
        if earlier_us not in self._earlier:
            self._earlier[earlier_us] = History(self._given, earlier_us)
        return self._earlier[earlier_us]

    def _known(self) -> list[Scored]:
        """Each fact once, none that an erasure took."""
        as_of_us = self.as_of_us
        known = {(_TOPIC[fact.type], fact.event_id): fact for fact in self._given if fact.occurred_us <= as_of_us}
        facts = sorted(known.values(), key=_place)
        erasures = [fact.occurred_us for fact in facts if fact.type == "contact.erased"]
        if not erasures:
            return facts
        return [fact for fact in facts if fact.occurred_us > erasures[-1]]


def _place(fact: Scored) -> tuple[int, str, str]:
    return fact.occurred_us, fact.event_id, fact.type


def _standing(facts: list[Scored]) -> list[Scored]:
    taken_back = {(fact.type, fact.fields[_TAKES_BACK[fact.type]]) for fact in facts if fact.type in _TAKES_BACK}
    if not taken_back:
        return facts
    return [fact for fact in facts if (_TAKEN_BACK_BY.get(fact.type), _own_id(fact)) not in taken_back]


def _own_id(fact: Scored) -> object:
    return fact.fields.get("interaction_id", fact.event_id)


def _by_type(facts: list[Scored]) -> Mapping[str, list[Scored]]:
    found = defaultdict(list)
    for fact in facts:
        found[fact.type].append(fact)
    return found


def _folded(updates: Iterable[Scored]) -> Mapping[str, object]:
    """The newest value of each attribute; null hides what is older, and is missing."""
    attributes: dict[str, object] = {}
    for update in updates:
        changed = update.fields["attributes"]
        assert isinstance(changed, dict)  # else the event was refused
        attributes.update(changed)
    return attributes
