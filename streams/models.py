"""Attribution models: how much each touchpoint of the evidence weighs (contract, section 2, Models)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from functools import lru_cache

from config.catalogue import ModelSpec, Rules
from streams.split import split_by_weights, split_equally
from streams.window import Touch

# Half-life decay is computed to 50 significant digits and kept as a whole number of 10^-50, so equal ages tie exactly.
_DECIMALS = Context(prec=60)
_SCALE = Decimal(10) ** 50


def divide(amount_minor: int, evidence: Sequence[Touch], model: ModelSpec, rules: Rules) -> list[int]:
    """Split the amount over a non-empty evidence, in its order, under the model: minor units that sum to the amount."""
    if model.name == "linear":
        return split_equally(amount_minor, len(evidence))
    return split_by_weights(amount_minor, _WEIGHTS[model.name](evidence, model, rules))


def _first(evidence: Sequence[Touch], model: ModelSpec, rules: Rules) -> list[int]:
    return _only(0, len(evidence))


def _last(evidence: Sequence[Touch], model: ModelSpec, rules: Rules) -> list[int]:
    return _only(len(evidence) - 1, len(evidence))


def _last_non_direct(evidence: Sequence[Touch], model: ModelSpec, rules: Rules) -> list[int]:
    last = len(evidence) - 1
    earned = next((i for i in range(last, -1, -1) if evidence[i].description.name not in rules.direct), last)
    return _only(earned, len(evidence))


def _by_position(evidence: Sequence[Touch], model: ModelSpec, rules: Rules) -> list[int]:
    """First, middle (shared), last; of two the ends keep their ratio, one takes all."""
    assert model.weights is not None
    first, middle, last = model.weights
    count = len(evidence)
    if count == 1:
        return [1]
    if count == 2:
        return [first, last]
    inner = count - 2
    return [first * inner, *[middle] * inner, last * inner]


def _time_decay(evidence: Sequence[Touch], model: ModelSpec, rules: Rules) -> list[int]:
    assert model.half_life_us is not None
    newest = evidence[-1].occurred_us
    return [_decayed(newest - touch.occurred_us, model.half_life_us) for touch in evidence]


def _only(place: int, count: int) -> list[int]:
    weights = [0] * count
    weights[place] = 1
    return weights


@lru_cache(maxsize=65536)
def _decayed(age_us: int, half_life_us: int) -> int:
    halvings = _DECIMALS.divide(Decimal(age_us), Decimal(half_life_us))
    return int(_DECIMALS.multiply(_DECIMALS.power(Decimal(2), -halvings), _SCALE))


_WEIGHTS: dict[str, Callable[[Sequence[Touch], ModelSpec, Rules], list[int]]] = {
    "first": _first,
    "last": _last,
    "last_non_direct": _last_non_direct,
    "position_based": _by_position,
    "j_shaped": _by_position,
    "inverse_j": _by_position,
    "time_decay": _time_decay,
}
