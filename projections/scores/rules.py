"""A profile's rules, made ready to be asked of any number of contacts: what each gives, and until when it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from config.profile import AnyRule, AttributeRule, EventRule, InactivityRule, Rule
from projections.scores.conditions import on_attributes, on_facts
from projections.scores.decay import Decay
from projections.scores.history import History
from projections.scores.stages import Facts, caps, filters


class Line(NamedTuple):
    """What a rule gives."""

    times: int
    """How many facts it counts; of a rule without facts, 1 while it holds."""
    points: int


NOTHING: Final = Line(0, 0)


class EventScoring:
    """An event rule."""

    def __init__(self, rule: EventRule) -> None:
        self.rule = rule
        self._filters = tuple(filters(rule))
        self._caps = tuple(caps(rule))
        self._span_us = rule.window_us or rule.decay_over_us
        self._decay = Decay(rule.points, rule.decay_over_us) if rule.decay_over_us else None

    def line(self, history: History) -> Line:
        """Points for the facts that pass every stage."""
        counted = self._capped(self._matching(history), history.as_of_us)
        if not counted:
            return NOTHING
        if self._decay is None:
            return Line(len(counted), self.rule.points * len(counted))
        return Line(len(counted), self._decay.points(counted, history.as_of_us))

    def next_change_us(self, history: History) -> int | None:
        """When the earliest fact leaves the span, or its fading first shows in whole points. None: never."""
        matching = self._matching(history) if self._span_us else ()
        if not self._span_us or not matching:
            return None
        leaves_us = matching[0].occurred_us + self._span_us
        if self._decay is None:
            return leaves_us
        fades_us = self._decay.next_change_us(self._capped(matching, history.as_of_us), history.as_of_us)
        return leaves_us if fades_us is None else min(leaves_us, fades_us)

    def passing(self, history: History) -> Iterator[tuple[str, Facts]]:
        """Each stage by its key in the profile, and the facts that are left after it; first `when`."""
        facts = self._named(history)
        yield "when", facts
        for key, keep in (*self._filters, *self._caps):
            facts = keep(facts, history.as_of_us)
            yield key, facts

    def _named(self, history: History) -> Facts:
        return history.of(self.rule.when.type, self.rule.when.name)

    def _matching(self, history: History) -> Facts:
        facts = self._named(history)
        for _, keep in self._filters:
            if not facts:
                break
            facts = keep(facts, history.as_of_us)
        return facts

    def _capped(self, facts: Facts, as_of_us: int) -> Facts:
        for _, keep in self._caps:
            facts = keep(facts, as_of_us)
        return facts


class AttributeScoring:
    """An attribute rule."""

    def __init__(self, rule: AttributeRule) -> None:
        self.rule = rule
        self._holds = on_attributes(rule.conditions)

    def line(self, history: History) -> Line:
        """Points while the attributes are so."""
        holds = _active(self.rule, history.as_of_us) and self._holds(history.attributes)
        return Line(1, self.rule.points) if holds else NOTHING

    def next_change_us(self, history: History) -> int | None:
        """When the rule begins or ends to be active. None: never."""
        return _next_bound_us(self.rule, history.as_of_us)


class InactivityScoring:
    """An inactivity rule."""

    def __init__(self, rule: InactivityRule) -> None:
        self.rule = rule
        self._matches = on_facts(rule.unless.where) if rule.unless.where else None

    def line(self, history: History) -> Line:
        """Points while nothing that matches is younger than the span, nor all that is known of the contact."""
        holds = _active(self.rule, history.as_of_us) and self._silent_from_us(history) <= history.as_of_us
        return Line(1, self.rule.points) if holds else NOTHING

    def next_change_us(self, history: History) -> int | None:
        """When the contact has been silent for long enough, or the rule begins or ends to be active. None: never."""
        silent_us, bound_us = self._silent_from_us(history), _next_bound_us(self.rule, history.as_of_us)
        if silent_us <= history.as_of_us:
            return bound_us
        return silent_us if bound_us is None else min(silent_us, bound_us)

    def _silent_from_us(self, history: History) -> int:
        since_us = history.first_us
        assert since_us is not None  # else there is no score
        facts = history.of(self.rule.unless.type, self.rule.unless.name)
        for fact in reversed(facts):
            if self._matches is None or self._matches(fact.fields):
                since_us = max(since_us, fact.occurred_us)
                break
        return since_us + self.rule.within_us


Scoring: TypeAlias = EventScoring | AttributeScoring | InactivityScoring


def scoring_of(rule: AnyRule) -> Scoring:
    """The rule, ready to be asked."""
    match rule:
        case EventRule():
            return EventScoring(rule)
        case AttributeRule():
            return AttributeScoring(rule)
        case InactivityRule():
            return InactivityScoring(rule)


def _active(rule: Rule, as_of_us: int) -> bool:
    since_us, until_us = rule.active_from_us, rule.active_until_us
    return (since_us is None or since_us <= as_of_us) and (until_us is None or as_of_us < until_us)


def _next_bound_us(rule: Rule, as_of_us: int) -> int | None:
    bounds = (rule.active_from_us, rule.active_until_us)
    return min((bound for bound in bounds if bound is not None and bound > as_of_us), default=None)
