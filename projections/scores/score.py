"""A contact's score under a profile, with a line for every rule: they add up to it (contract, part 2, section 2).

A pure function of the profile, the set of the contact's facts and an instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from config.profile import Profile
from projections.scores.bands import band_at
from projections.scores.conditions import on_attributes
from projections.scores.facts import Scored
from projections.scores.history import History
from projections.scores.rules import scoring_of


class RuleScore(Struct, frozen=True, array_like=True, gc=False):
    """What one rule gives."""

    rule_id: str
    times: int
    points: int


class GroupScore(Struct, frozen=True, array_like=True, gc=False):
    """What a group takes from its rules, or gives to them, to stay within its bounds."""

    group_id: str
    points: int


class Score(Struct, frozen=True, array_like=True):
    """A contact's score. `unclamped` is the sum of the points of `rules` and `groups`, and of `adjusted`."""

    contact_id: str
    profile_id: str
    revision: int
    score: int
    """`unclamped`, within the profile's floor and ceiling."""
    unclamped: int
    band: str | None
    as_of_us: int
    rules: tuple[RuleScore, ...]
    """Every enabled one, in the profile's order, also at zero."""
    groups: tuple[GroupScore, ...]
    """Every one, by code point."""
    adjusted: int

    def says_the_same(self, other: Score) -> bool:
        """True when only the instants differ: there is nothing to publish."""
        return replace(other, as_of_us=self.as_of_us) == self


class Scorer:
    """A profile made ready, once, to score any number of contacts."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.scorings = tuple(scoring_of(rule) for rule in profile.rules)
        self._excludes = tuple(on_attributes(conditions) for conditions in profile.exclude)
        self._groups = tuple(
            (group, tuple(place for place, rule in enumerate(profile.rules) if rule.group == group.group_id))
            for group in profile.groups
        )

    def score(self, history: History, contact_id: str) -> Score | None:
        """The score; None when nothing is known of the contact by then, or an `exclude` entry holds for it."""
        if history.first_us is None or self._excluded(history):
            return None
        profile = self.profile
        rules, groups = self._lines(history)
        adjusted = self._adjusted(history)
        unclamped = _sum(rules, groups) + adjusted
        score = _clamp(profile.floor, unclamped, profile.ceiling)
        band = band_at(profile.bands, score)
        return Score(
            contact_id,
            profile.profile_id,
            profile.revision,
            score,
            unclamped,
            band,
            history.as_of_us,
            rules,
            groups,
            adjusted,
        )

    def next_change_us(self, history: History) -> int | None:
        """The next instant at which the score may be another, or be or not be, with no new fact. None: never."""
        instants = [history.next_us]
        if history.first_us is not None and not self._excluded(history):
            instants += [scoring.next_change_us(history) for scoring in self.scorings]
        return min((instant for instant in instants if instant is not None), default=None)

    def _excluded(self, history: History) -> bool:
        return any(holds(history.attributes) for holds in self._excludes)

    def _lines(self, history: History) -> tuple[tuple[RuleScore, ...], tuple[GroupScore, ...]]:
        rules = tuple([RuleScore(each.rule.rule_id, *each.line(history)) for each in self.scorings])
        groups = []
        for group, places in self._groups:
            total = sum([rules[place].points for place in places])
            groups.append(GroupScore(group.group_id, _clamp(group.floor, total, group.ceiling) - total))
        return rules, tuple(groups)

    def _adjusted(self, history: History) -> int:
        """By hand: what was added, since the score was last set to what it should be then."""
        adjusted = 0
        profile_id = self.profile.profile_id
        for fact in reversed(history.of("score.adjusted")):
            if fact.fields["profile_id"] != profile_id:
                continue
            if "set_to" in fact.fields:
                return adjusted + _whole(fact, "set_to") - _sum(*self._lines(history.at(fact.occurred_us)))
            adjusted += _whole(fact, "points")
        return adjusted


def score(profile: Profile, facts: Iterable[Scored], as_of_us: int, contact_id: str) -> Score | None:
    """The contact's score as of an instant; None when nothing is known of it by then, or it is excluded.

    A `Scorer` is quicker for many contacts, and one `History` for many profiles.
    """
    return Scorer(profile).score(History(facts, as_of_us), contact_id)


def next_change_us(profile: Profile, facts: Iterable[Scored], as_of_us: int) -> int | None:
    """The next instant after `as_of_us` at which the score may be another with no new fact. None: never."""
    return Scorer(profile).next_change_us(History(facts, as_of_us))


def _whole(adjustment: Scored, field: str) -> int:
    number = adjustment.fields[field]
    assert isinstance(number, int | Decimal)  # else the event was refused
    return int(number)  # 5.0 is whole, and a Decimal


def _sum(rules: Iterable[RuleScore], groups: Iterable[GroupScore]) -> int:
    return sum([rule.points for rule in rules]) + sum([group.points for group in groups])


def _clamp(floor: int | None, points: int, ceiling: int | None) -> int:
    if floor is not None and points < floor:
        return floor
    return ceiling if ceiling is not None and points > ceiling else points
