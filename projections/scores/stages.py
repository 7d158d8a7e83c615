"""What an event rule counts: facts pass stages, in the contract's order, and those left are counted.

The stages up to `where` each look at one fact by itself, so their order among themselves decides nothing;
those that only need to look at instants come first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

from config.profile import EventRule
from events.instant import DAY_US
from projections.scores.conditions import on_facts
from projections.scores.facts import Scored

Facts: TypeAlias = Sequence[Scored]
"""By (`occurred_us`, `event_id`)."""
_occurred_us: Final = attrgetter("occurred_us")


class Stage(NamedTuple):
    """Lets some of the facts pass."""

    key: str
    """Of the profile: the reason why the others do not."""
    keep: Callable[[Facts, int], Facts]
    """Of the facts, and the instant of the score, those that pass."""


def filters(rule: EventRule) -> Iterator[Stage]:
    """The stages of a rule that ask each fact by itself, once its type and name are right."""
    if rule.active_from_us is not None:
        yield Stage("active_from", _since(rule.active_from_us))
    if rule.active_until_us is not None:
        yield Stage("active_until", _before(rule.active_until_us))
    if rule.window_us is not None:
        yield Stage("window", _within(rule.window_us))
    if rule.decay_over_us is not None:
        yield Stage("decay_over", _within(rule.decay_over_us))
    if rule.when.where:
        holds = on_facts(rule.when.where)
        yield Stage("where", lambda facts, _: [fact for fact in facts if holds(fact.fields)])


def caps(rule: EventRule) -> Iterator[Stage]:
    """The stages that count. Caps keep the earliest; under decay the newest, as the earliest are worth the least."""
    every, per_day, times = rule.every, rule.max_per_day, rule.max_times
    newest = rule.decay_over_us is not None
    if every > 1:
        yield Stage("every", lambda facts, _: facts[every - 1 :: every])
    if per_day is not None:
        yield Stage("max_per_day", _a_day(per_day, newest))
    if times is not None:
        yield Stage("max_times", lambda facts, _: facts[-times:] if newest else facts[:times])


def _since(from_us: int) -> Callable[[Facts, int], Facts]:
    return lambda facts, _: facts[bisect_left(facts, from_us, key=_occurred_us) :]


def _before(until_us: int) -> Callable[[Facts, int], Facts]:
    return lambda facts, _: facts[: bisect_left(facts, until_us, key=_occurred_us)]


def _within(span_us: int) -> Callable[[Facts, int], Facts]:
    return lambda facts, as_of_us: facts[bisect_right(facts, as_of_us - span_us, key=_occurred_us) :]


def _a_day(most: int, newest: bool) -> Callable[[Facts, int], Facts]:
    def keep(facts: Facts, _: int) -> Facts:
        on_day: Counter[int] = Counter()
        kept = []
        for fact in reversed(facts) if newest else facts:
            day = fact.occurred_us // DAY_US
            if on_day[day] < most:
                on_day[day] += 1
                kept.append(fact)
        return kept[::-1] if newest else kept

    return keep
