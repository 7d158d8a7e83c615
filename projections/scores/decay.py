"""Points that fade evenly with the age of their facts, summed as exact fractions (contract, part 2, section 2)."""

from __future__ import annotations

from typing import NamedTuple

from projections.scores.stages import Facts


class Decay(NamedTuple):
    """Each fact gives `each` x (1 - age / span): all when it occurs, nothing once its age is the span."""

    each: int
    span_us: int

    def points(self, facts: Facts, as_of_us: int) -> int:
        """Their sum, rounded half to even once."""
        return half_to_even(self.each * self._left_us(facts, as_of_us), self.span_us)

    def next_change_us(self, facts: Facts, as_of_us: int) -> int | None:
        """The first instant at which the same facts, none of them yet too old, give another whole sum. None: never."""
        left_us = self._left_us(facts, as_of_us)
        size = abs(self.each)
        rounded = half_to_even(size * left_us, self.span_us)
        if rounded == 0:
            return None
        # After a time of `later` the sum is size * (left - count * later) / span. It is another as soon as that lies
        # below rounded - 1/2; on it, too, when `rounded` is odd, as a half goes to the even one.
        excess = 2 * size * left_us - (2 * rounded - 1) * self.span_us
        pace = 2 * size * len(facts)
        later = max(1, -(-excess // pace)) if rounded % 2 else excess // pace + 1
        return as_of_us + later

    def _left_us(self, facts: Facts, as_of_us: int) -> int:
        return len(facts) * (self.span_us - as_of_us) + sum([fact.occurred_us for fact in facts])


def half_to_even(numerator: int, denominator: int) -> int:
    """The nearest whole number of a fraction; of two as near, the even one. The denominator is above zero."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))
