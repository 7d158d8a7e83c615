"""The bytes of a credit: the contract's `credit.assigned`, compact UTF-8 JSON, its fields in the contract's order."""

from __future__ import annotations

import json

from events.instant import format_instant, format_span
from events.money import exponent, format_amount
from streams.credit import Credit
from streams.window import Description, Touch


def encode_credit(credit: Credit) -> bytes:
    """The value of a record of topic `credits` or `credits.shadow` (contract, section 3)."""
    claim = credit.claim
    places = exponent(claim.currency, claim.occurred_us)
    assert places is not None  # the codec refused conversions without a minor unit
    amounts: dict[int, str] = {}
    touchpoints = []
    for touch, minor in zip(credit.evidence, credit.credits_minor, strict=True):
        amount = amounts.get(minor)
        if amount is None:
            amount = amounts[minor] = format_amount(minor, places)
        description = touch.description
        touchpoints.append(f"{touch.told or _tell(touch)}{amount}{description.told or _describe(description)}")
    dimensions = []
    for name, split in credit.dimensions.items():
        sums = ",".join([f'{quote(value)}:"{format_amount(minor, places)}"' for value, minor in split.credits.items()])
        unattributed = format_amount(split.unattributed, places)
        dimensions.append(f'{quote(name)}:{{"credits":{{{sums}}},"unattributed":"{unattributed}"}}')
    capped = ',"capped":true' if credit.capped else ""
    return (
        f'{{"type":"credit.assigned","conversion_id":{quote(claim.conversion_id)},"contact_id":{quote(claim.contact_id)}'
        f',"conversion":{quote(claim.conversion)},"occurred_at":"{format_instant(claim.occurred_us)}"'
        f',"model":"{credit.model}","version":{credit.version},"currency":"{claim.currency}"'
        f',"value":"{format_amount(claim.amount_minor, places)}"'
        f',"refunded":"{format_amount(claim.refunded_minor, places)}"'
        f',"touchpoints":[{",".join(touchpoints)}],"dimensions":{{{",".join(dimensions)}}}'
        f',"unattributed":"{format_amount(credit.unattributed_minor, places)}"{capped}}}'
    ).encode()


def credit_key(contact_id: str, conversion_id: str) -> bytes:
    """The key of a record of topic `credits`: no two conversions share one."""
    return f"[{quote(contact_id)},{quote(conversion_id)}]".encode()


def shadow_key(contact_id: str, conversion_id: str, model: str) -> bytes:
    """The key of a record of topic `credits.shadow`."""
    return f"[{quote(contact_id)},{quote(conversion_id)},{quote(model)}]".encode()


def quote(text: str) -> str:
    """A JSON string, not ASCII-escaped. Ids hold no control character, so only these two need an escape."""
    if '"' in text or "\\" in text:
        return json.dumps(text, ensure_ascii=False)
    return f'"{text}"'


def _tell(touch: Touch) -> str:
    """What comes before a touchpoint's credit."""
    occurred_at, expires_at = format_span(touch.occurred_us, touch.expires_us)
    touch.told = (
        f'{{"touchpoint_id":{quote(touch.event_id)},"name":{quote(touch.description.name)}'
        f',"occurred_at":"{occurred_at}","expires_at":"{expires_at}","credit":"'
    )
    return touch.told


def _describe(description: Description) -> str:
    """What comes after it."""
    dimensions = ",".join([f"{quote(name)}:{quote(value)}" for name, value in description.dimensions.items()])
    description.told = f'","dimensions":{{{dimensions}}}}}'
    return description.told
