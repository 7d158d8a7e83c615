"""Why a score is what it is: rule by rule and fact by fact, for whoever writes a profile.

Every line adds up: facts and rounding to their rule, rules, groups and adjustments to `unclamped`, and with `clamped`
to the score, which is the one that would be published.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Final, cast

from msgspec import Struct

from config.profile import Condition, EventRule, InactivityRule, Profile
from projections.scores.conditions import on_attributes
from projections.scores.facts import Scored
from projections.scores.history import History
from projections.scores.rules import EventScoring, Scoring
from projections.scores.score import RuleScore, Score, Scorer

TAKEN_BACK: Final = "taken back"
"""Dropped before any stage: a retracted touchpoint, a cancelled conversion, a fact of a deleted interaction."""
SUPERSEDED: Final = "set_to"
"""Of an adjustment: a later one set the score, whatever was added before."""


class FactLine(Struct, frozen=True):
    """What one fact gives to a rule, or which stage dropped it."""

    fact: Scored
    points: Fraction
    """Exact: under decay a fraction. Nothing for what was dropped."""
    dropped_by: str | None = None
    """The profile's key of the stage, or TAKEN_BACK. None: it counts."""


class CheckLine(Struct, frozen=True):
    """A condition on the attributes, and what it found."""

    condition: Condition
    found: object
    """None: missing."""
    holds: bool


class RuleLine(Struct, frozen=True):
    """What one rule gives, and why."""

    score: RuleScore
    kind: str
    """event, attribute or inactivity."""
    facts: tuple[FactLine, ...] = ()
    """Of an event rule, each fact of its type and name, in order; of an inactivity rule, the newest that matches."""
    rounding: Fraction = Fraction(0)
    """What the points of the rule are more than those of its facts."""
    checks: tuple[CheckLine, ...] = ()
    active: bool = True
    """False of an attribute or inactivity rule before its `active_from`, or from its `active_until` on."""
    silent_us: int | None = None
    """Of an inactivity rule, since when it holds, or from when on it would."""


class AdjustmentLine(Struct, frozen=True):
    """What one adjustment by hand adds."""

    fact: Scored
    points: int
    """Of `set_to`: what was missing to it then."""
    dropped_by: str | None = None


class Preview(Struct, frozen=True):
    """A contact's score with its reasons."""

    score: Score | None
    """None: the contact has none, since nothing is known of it or it is excluded."""
    known: bool
    """Whether there is any accepted fact of the contact by then."""
    excluded_by: tuple[int, ...]
    """The entries of `exclude` that hold for the contact, counted from 1."""
    rules: tuple[RuleLine, ...]
    adjustments: tuple[AdjustmentLine, ...]
    next_change_us: int | None
    """The next instant at which the score may be another with no new fact. None: never."""

    @property
    def clamped(self) -> int:
        """What floor and ceiling add to the sum of the lines."""
        return 0 if self.score is None else self.score.score - self.score.unclamped


def preview(profile: Profile, facts: Iterable[Scored], as_of_us: int, contact_id: str) -> Preview:
    """The contact's score as of an instant, published or not, with the reasons for every point of it."""
    known = tuple(facts)
    scorer, history = Scorer(profile), History(known, as_of_us)
    score = scorer.score(history, contact_id)
    next_us = scorer.next_change_us(history)
    if score is None:
        entries = enumerate(profile.exclude, start=1)
        excluded = tuple(place for place, entry in entries if on_attributes(entry)(history.attributes))
        return Preview(None, history.first_us is not None, excluded, (), (), next_us)
    alive = _alive(known, as_of_us)
    rules = tuple(
        _rule_line(scoring, line, history, alive) for scoring, line in zip(scorer.scorings, score.rules, strict=True)
    )
    adjustments = tuple(_adjustments(history, profile.profile_id, score.adjusted))
    return Preview(score, True, (), rules, adjustments, next_us)


def _alive(facts: Iterable[Scored], as_of_us: int) -> list[Scored]:
    """Each fact once that was known then and that no erasure took, also those that were taken back."""
    known = {(fact.type, fact.event_id): fact for fact in facts if fact.occurred_us <= as_of_us}.values()
    erased_us = max((fact.occurred_us for fact in known if fact.type == "contact.erased"), default=None)
    alive = [fact for fact in known if erased_us is None or fact.occurred_us > erased_us]
    return sorted(alive, key=lambda fact: (fact.occurred_us, fact.event_id))


def _rule_line(scoring: Scoring, score: RuleScore, history: History, alive: list[Scored]) -> RuleLine:
    if isinstance(scoring, EventScoring):
        facts = tuple(_facts(scoring, history, alive))
        exact = sum((line.points for line in facts), Fraction(0))
        return RuleLine(score, "event", facts, score.points - exact)
    rule, at = scoring.rule, history.as_of_us
    active = (rule.active_from_us is None or rule.active_from_us <= at) and (
        rule.active_until_us is None or at < rule.active_until_us
    )
    if isinstance(rule, InactivityRule):
        return _inactivity(rule, score, history, active)
    found = history.attributes
    checks = [CheckLine(each, found.get(each.field), on_attributes([each])(found)) for each in rule.conditions]
    return RuleLine(score, "attribute", checks=tuple(checks), active=active)


def _facts(scoring: EventScoring, history: History, alive: list[Scored]) -> Iterator[FactLine]:
    rule = scoring.rule
    dropped_by: dict[str, str] = {}
    looked_at = [fact for fact in alive if fact.type == rule.when.type and rule.when.name in (None, _name(fact))]
    left = looked_at
    for stage, passed in scoring.passing(history):
        ids = {fact.event_id for fact in passed}
        key = TAKEN_BACK if left is looked_at else stage
        dropped_by.update((fact.event_id, key) for fact in left if fact.event_id not in ids)
        left = list(passed)
    for fact in looked_at:
        stage_of = dropped_by.get(fact.event_id)
        yield FactLine(fact, Fraction(0) if stage_of else _points(rule, fact, history.as_of_us), stage_of)


def _name(fact: Scored) -> object:
    return fact.fields.get("name")


def _points(rule: EventRule, fact: Scored, as_of_us: int) -> Fraction:
    span_us = rule.decay_over_us
    return rule.points * (1 - Fraction(as_of_us - fact.occurred_us, span_us)) if span_us else Fraction(rule.points)


def _inactivity(rule: InactivityRule, score: RuleScore, history: History, active: bool) -> RuleLine:
    # An event rule with the same match finds what breaks the silence.
    matching = EventScoring(EventRule(rule.rule_id, rule.points, when=rule.unless))
    *_, (_, found) = matching.passing(history)
    newest = tuple(FactLine(fact, Fraction(0)) for fact in found[-1:])
    assert history.first_us is not None  # else there is no score
    since_us = max([history.first_us, *(line.fact.occurred_us for line in newest)])
    return RuleLine(score, "inactivity", newest, active=active, silent_us=since_us + rule.within_us)


def _adjustments(history: History, profile_id: str, adjusted: int) -> list[AdjustmentLine]:
    lines: list[AdjustmentLine] = []
    left, is_set = adjusted, False
    for fact in reversed(history.of("score.adjusted")):
        if fact.fields["profile_id"] != profile_id:
            continue
        if is_set:
            lines.append(AdjustmentLine(fact, 0, SUPERSEDED))
            continue
        is_set = "set_to" in fact.fields
        points = left if is_set else int(cast(Decimal, fact.fields["points"]))
        lines.append(AdjustmentLine(fact, points))
        left -= points
    return lines[::-1]
