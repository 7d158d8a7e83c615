"""The fast path: the facts of ordinary records, some 800,000 a second.

It answers None where it has any doubt, and the full judgement speaks; where it answers, the two agree. The records of
most trackers have no white space, no escape, no letter beyond ASCII, and nothing that was not met before. Those take no
more than the function below, whose one test is the length: a text of n characters takes at least n bytes, and each
member its key and punctuation, so a record exactly as long as the members it was decoded into holds nothing else, and
no member twice. What is remembered is bounded in length, so such a record is never oversized either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import MsgspecError

from events.careful import considered
from events.fact import Conversion, Fact, Touchpoint
from events.money import CURRENT, parse_amount
from events.plain import DEL
from events.remembered import DIMENSIONS, HOURS, RESTS, SECONDS
from events.wire import (
    AnyWire,
    ConversionRecorded,
    TouchpointRecorded,
    decode_any,
    decode_conversions,
    decode_touchpoints,
)

_hours, _seconds, _rests, _dimensions = HOURS.known, SECONDS.known, RESTS.known, DIMENSIONS.known
_TOUCHPOINT: Final = len(
    '{"type":"touchpoint.recorded","event_id":"","contact_id":"","occurred_at":"","name":"","dimensions":}'
)
_CONVERSION: Final = len(
    '{"type":"conversion.recorded","event_id":"","contact_id":"","occurred_at":"","name":"","value":"","currency":""}'
)


def _fast_path(decode: Callable[[bytes], AnyWire]) -> Callable[[bytes], Fact | None]:
    """Of records decoded so: the fact, or None when the full judgement is to be asked."""

    def fact_of(value: bytes) -> Fact | None:
        try:
            sent = decode(value)
            if type(sent) is TouchpointRecorded:
                contact, event, at, name = sent.contact_id, sent.event_id, sent.occurred_at, sent.name
                raw = bytes(sent.dimensions)
                size = _TOUCHPOINT + len(contact) + len(event) + len(at) + len(name) + len(raw)
                if size == len(value) and DEL not in value:
                    occurred_us = _hours[at[:13]] + _seconds[at[13:19]] + _rests[at[19:]]
                    return Touchpoint(contact, event, occurred_us, name, None, _dimensions[raw], b"")
            elif type(sent) is ConversionRecorded:
                contact, event, at, name = sent.contact_id, sent.event_id, sent.occurred_at, sent.name
                text, currency = sent.value, sent.currency
                size = _CONVERSION + len(contact) + len(event) + len(at) + len(name) + len(text) + len(currency)
                if size == len(value) and DEL not in value:
                    occurred_us = _hours[at[:13]] + _seconds[at[13:19]] + _rests[at[19:]]
                    decimals, first_us, last_us = CURRENT[currency]
                    if first_us <= occurred_us <= last_us:
                        amount_minor = parse_amount(text, decimals)
                        return Conversion(contact, event, occurred_us, name, amount_minor, currency, b"")
        except KeyError:
            pass
        except (MsgspecError, ValueError, RecursionError):
            return None
        return considered(sent, value)

    return fact_of


fast_touchpoint: Final = _fast_path(decode_touchpoints)
fast_conversion: Final = _fast_path(decode_conversions)
fast_any: Final = _fast_path(decode_any)
