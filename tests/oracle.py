"""The contract's section 2, computed naively from the whole set of accepted facts: what the decider is held against.

Written from the contract's words alone, with fractions and no sharing of code with the decider.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from events.fact import Cancellation, Conversion, Fact, Refund, Retraction, Touchpoint

DECIMALS = {"GBP": 2, "JPY": 0, "KWD": 3}


class Terms(NamedTuple):
    """What the oracle needs of a catalogue, in its own words."""

    lifetimes: dict[str, int]
    dimensions: dict[str, dict[str, str]]
    reported: list[str]
    models: list[str]
    max_window: int
    half_life: int
    direct: set[str]


def expected_credits(facts: Iterable[Fact], terms: Terms) -> dict[bytes, bytes]:
    """The last message under each key, given every accepted fact; copies among them do not count."""
    once = list(dict.fromkeys(facts))
    return {
        key: message for fact in once if isinstance(fact, Conversion) for key, message in _messages(fact, once, terms)
    }


def _messages(conversion: Conversion, facts: list[Fact], terms: Terms) -> Iterable[tuple[bytes, bytes]]:
    own = [fact for fact in facts if fact.contact_id == conversion.contact_id]
    window = sorted(
        (
            fact
            for fact in own
            if isinstance(fact, Touchpoint) and fact.occurred_us <= conversion.occurred_us <= _expires(fact, terms)
        ),
        key=lambda touchpoint: (touchpoint.occurred_us, touchpoint.event_id),
    )
    retractions = [
        fact
        for fact in own
        if isinstance(fact, Retraction) and fact.touchpoint_id in {touchpoint.event_id for touchpoint in window}
    ]
    refunds = [
        fact
        for fact in own
        if isinstance(fact, Refund)
        and fact.conversion_id == conversion.event_id
        and fact.currency == conversion.currency
    ]
    cancellations = [
        fact for fact in own if isinstance(fact, Cancellation) and fact.conversion_id == conversion.event_id
    ]
    version = 1 + len(window) + len(retractions) + len(refunds) + len(cancellations)
    refunded = min(sum(fact.amount_minor for fact in refunds), conversion.amount_minor)
    if cancellations:
        refunded = conversion.amount_minor
    retracted = {fact.touchpoint_id for fact in retractions}
    evidence = [touchpoint for touchpoint in window[-terms.max_window :] if touchpoint.event_id not in retracted]
    capped = len(window) > terms.max_window
    for place, model in enumerate(terms.models):
        key = [conversion.contact_id, conversion.event_id, *([model] if place else [])]
        message = _message(conversion, evidence, refunded, model, version, capped, terms)
        yield _compact(key), _compact(message)


def _message(
    conversion: Conversion,
    evidence: list[Touchpoint],
    refunded: int,
    model: str,
    version: int,
    capped: bool,
    terms: Terms,
) -> dict[str, Any]:
    net = conversion.amount_minor - refunded
    decimals = DECIMALS[conversion.currency]
    dimensions = {touchpoint.event_id: _dimensions(touchpoint, terms) for touchpoint in evidence}
    earned = dict(zip([t.event_id for t in evidence], _split(net, evidence, model, terms), strict=True))
    names = sorted({*terms.reported, *(name for own in dimensions.values() for name in own)})
    message: dict[str, Any] = {
        "type": "credit.assigned",
        "conversion_id": conversion.event_id,
        "contact_id": conversion.contact_id,
        "conversion": conversion.name,
        "occurred_at": _time(conversion.occurred_us),
        "model": model,
        "version": version,
        "currency": conversion.currency,
        "value": _money(conversion.amount_minor, decimals),
        "refunded": _money(refunded, decimals),
        "touchpoints": [
            {
                "touchpoint_id": touchpoint.event_id,
                "name": touchpoint.name,
                "occurred_at": _time(touchpoint.occurred_us),
                "expires_at": _time(_expires(touchpoint, terms)),
                "credit": _money(earned[touchpoint.event_id], decimals),
                "dimensions": dict(sorted(dimensions[touchpoint.event_id].items())),
            }
            for touchpoint in evidence
        ],
        "dimensions": {},
        "unattributed": _money(0 if evidence else net, decimals),
    }
    for name in names:
        having = [touchpoint for touchpoint in evidence if name in dimensions[touchpoint.event_id]]
        sums: dict[str, int] = {}
        for touchpoint, credit in zip(having, _split(net, having, model, terms), strict=True):
            value = dimensions[touchpoint.event_id][name]
            sums[value] = sums.get(value, 0) + credit
        message["dimensions"][name] = {
            "credits": {value: _money(sums[value], decimals) for value in sorted(sums)},
            "unattributed": _money(0 if having else net, decimals),
        }
    if capped:
        message["capped"] = True
    return message


def _split(net: int, evidence: list[Touchpoint], model: str, terms: Terms) -> list[int]:
    if not evidence:
        return []
    weights = _weights(evidence, model, terms)
    quotas = [net * weight / sum(weights) for weight in weights]
    shares = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(quotas)), key=lambda i: (shares[i] - quotas[i], i))
    for place in by_remainder[: net - sum(shares)]:
        shares[place] += 1
    return shares


def _weights(evidence: list[Touchpoint], model: str, terms: Terms) -> list[Fraction]:
    count = len(evidence)
    match model:
        case "linear":
            return [Fraction(1)] * count
        case "first":
            return _all_to(0, count)
        case "last":
            return _all_to(count - 1, count)
        case "last_non_direct":
            others = [i for i, touchpoint in enumerate(evidence) if touchpoint.name not in terms.direct]
            return _all_to(others[-1] if others else count - 1, count)
        case "position_based":
            return _ends(count, 40, 20, 40)
        case "j_shaped":
            return _ends(count, 20, 20, 60)
        case "inverse_j":
            return _ends(count, 60, 20, 20)
        case "time_decay":
            ages = [evidence[-1].occurred_us - touchpoint.occurred_us for touchpoint in evidence]
            assert all(age % terms.half_life == 0 for age in ages)  # so that the powers of two are exact
            return [Fraction(1, 2 ** (age // terms.half_life)) for age in ages]
    raise ValueError(model)


def _all_to(place: int, count: int) -> list[Fraction]:
    return [Fraction(i == place) for i in range(count)]


def _ends(count: int, first: int, middle: int, last: int) -> list[Fraction]:
    if count == 1:
        return [Fraction(1)]
    inner = [Fraction(middle, count - 2)] * (count - 2) if count > 2 else []
    return [Fraction(first), *inner, Fraction(last)]


def _expires(touchpoint: Touchpoint, terms: Terms) -> int:
    lifetime = terms.lifetimes[touchpoint.name] if touchpoint.lifetime_us is None else touchpoint.lifetime_us
    return touchpoint.occurred_us + lifetime


def _dimensions(touchpoint: Touchpoint, terms: Terms) -> dict[str, str]:
    own: dict[str, str] = json.loads(touchpoint.dimensions or b"{}")
    return terms.dimensions[touchpoint.name] | own


def _time(us: int) -> str:
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    return instant.isoformat().replace("+00:00", "Z")


def _money(minor: int, decimals: int) -> str:
    whole, rest = divmod(minor, 10**decimals)
    return f"{whole}.{rest:0{decimals}}" if decimals else str(whole)


def _compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
