"""A fact on its way through the sort: plain values, in the order in which replay takes them.

Contacts never meet in attribution, so replay takes one contact after the other, each one's facts in the contract's
order (`occurred_at`; touchpoint, retraction, conversion, refund, cancellation; `event_id`). What comes out is what the
order over all contacts would give, and the state that must be held at a time is a single contact's.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

from msgspec.structs import astuple

from events.fact import Cancellation, Conversion, Fact, Refund, Retraction, Touchpoint

KINDS: Final[tuple[type[Any], ...]] = (Touchpoint, Retraction, Conversion, Refund, Cancellation)
"""By rank: of facts at one instant, touchpoints are taken first, cancellations last."""
CONVERSION: Final = KINDS.index(Conversion)
_RANK: Final = {kind: rank for rank, kind in enumerate(KINDS)}

Entry: TypeAlias = tuple[str, int, int, str, int, int, int, tuple[Any, ...], bytes]
"""contact id, occurred_us, rank, event id, intake, number, timestamp, the fact's fields, its bytes."""

OVERHEAD_BYTES: Final = 600
"""What an entry takes in memory beside its bytes: ten objects, ids and all, as measured on UUID event ids."""


class Line(NamedTuple):
    """Where an entry came from, as the deciders see it: a `Received`."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


def entry_of(fact: Fact, intake: int, number: int, timestamp: int, value: bytes) -> Entry:
    """The entry of a fact that came as that record of that intake."""
    return (
        fact.contact_id,
        fact.occurred_us,
        _RANK[type(fact)],
        fact.event_id,
        intake,
        number,
        timestamp,
        astuple(fact),
        value,
    )


def fact_of(entry: Entry) -> Fact:
    """The fact again."""
    fact: Fact = KINDS[entry[2]](*entry[7])
    return fact
