"""A conversion's credit: which touchpoint earned what, overall and per dimension, to the last minor unit.

This is section 2 of the contract and nothing else: no state, no Kafka, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from config.catalogue import ModelSpec, Rules
from streams.models import divide
from streams.window import Description, Touch, evidence_of


class Claim(Struct, frozen=True):
    """A conversion as credit sees it: what was recorded and what was taken back since. Money in minor units."""

    contact_id: str
    conversion_id: str
    conversion: str
    occurred_us: int
    currency: str
    amount_minor: int
    refunded_minor: int


class DimensionCredit(Struct, frozen=True):
    """How one dimension splits the net value: minor units by value, the rest unattributed."""

    credits: dict[str, int]
    unattributed: int


class Credit(Struct, frozen=True):
    """One version of a conversion's credit under one model. `credits_minor` runs parallel to `evidence`."""

    claim: Claim
    model: str
    version: int
    evidence: Sequence[Touch]
    credits_minor: Sequence[int]
    dimensions: dict[str, DimensionCredit]
    unattributed_minor: int
    capped: bool


def assign_credit(
    claim: Claim, window: list[Touch], version: int, model: ModelSpec, rules: Rules, newest: int
) -> Credit:
    """Split a conversion's net value over its window under a model.

    `window` holds every touchpoint whose lifetime covers the conversion, in order; at most its `newest` count.
    In every dimension and overall, credits + unattributed = net value (invariant 5).
    """
    net_minor = claim.amount_minor - claim.refunded_minor
    evidence = evidence_of(window, newest)
    credits = divide(net_minor, evidence, model, rules) if evidence else []
    return Credit(
        claim=claim,
        model=model.name,
        version=version,
        evidence=evidence,
        credits_minor=credits,
        dimensions=_by_dimension(net_minor, evidence, credits, model, rules),
        unattributed_minor=0 if evidence else net_minor,
        capped=len(window) > newest,
    )


def _by_dimension(
    net_minor: int, evidence: Sequence[Touch], credits: Sequence[int], model: ModelSpec, rules: Rules
) -> dict[str, DimensionCredit]:
    earned: dict[Description, int] = {}
    for touch, credit in zip(evidence, credits, strict=True):
        description = touch.description
        earned[description] = earned.get(description, 0) + credit
    names = set(rules.dimensions).union(*[description.dimensions for description in earned])
    split = {}
    for name in sorted(names):
        sums: dict[str, int] = {}
        having = 0
        for description, credit in earned.items():
            value = description.dimensions.get(name)
            if value is not None:
                having += 1
                sums[value] = sums.get(value, 0) + credit
        if earned and having == len(earned):  # a dimension in which all have a value splits as the whole does
            split[name] = DimensionCredit(dict(sorted(sums.items())), 0)
        else:
            split[name] = _split_dimension(name, net_minor, evidence, model, rules)
    return split


def _split_dimension(
    name: str, net_minor: int, evidence: Sequence[Touch], model: ModelSpec, rules: Rules
) -> DimensionCredit:
    having = [touch for touch in evidence if name in touch.dimensions]
    if not having:
        return DimensionCredit({}, net_minor)
    credits = divide(net_minor, having, model, rules)
    sums: dict[str, int] = {}
    for touch, credit in zip(having, credits, strict=True):
        value = touch.dimensions[name]
        sums[value] = sums.get(value, 0) + credit
    return DimensionCredit(dict(sorted(sums.items())), 0)
