"""What every acceptance test does: give events to the real decider under a catalogue, and read the credits it says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from config.catalogue import Catalogue, load_catalogue
from events.codec import decode_any
from events.fact import Fact
from events.refusal import Refusal
from streams.attribution import Attribution
from streams.crediting import Crediting
from streams.holds import UNBOUNDED
from streams.received import UNTIMED
from streams.state import PartitionState
from streams.store import MemoryStore

DATA = Path(__file__).parent / "data"
EXAMPLES = Path(__file__).parents[1] / "examples"

Message = dict[str, Any]


class Line(NamedTuple):
    """A line of a file, as a record."""

    topic: str
    offset: int
    value: bytes
    key: bytes | None = None
    partition: int = 0
    timestamp: int = UNTIMED


class Ruling(NamedTuple):
    """What came of some events."""

    messages: list[bytes]
    """The last version of each credit: by time of the conversion, the catalogue's model before the shadow models."""
    refusals: list[Refusal]


def decide(events: Iterable[bytes], catalogue: Catalogue) -> Ruling:
    """Give events of any input topic, in any order, to the decider, with nothing too late and nothing in the future."""
    decider = Attribution(catalogue, PartitionState(MemoryStore()), UNBOUNDED)
    refusals = []
    for number, event in enumerate(events, 1):
        decoded = decode_any(event)
        if isinstance(decoded, Refusal):
            refusals.append(decoded)
            continue
        topic, fact = decoded
        assert isinstance(fact, Fact)
        refusal = decider.decide(fact, Line(topic, number, event))
        if refusal is not None:
            refusals.append(refusal)
    refusals += [refusal for _, refusal in decider.refused_later]
    said = sorted(
        Crediting(catalogue, decider).say(),
        key=lambda said: (said.credits[0][0].claim.occurred_us, said.conversion_id, said.contact_id),
    )
    return Ruling([message for version in said for _, message in version.credits], refusals)


def attribute(events: Iterable[bytes], catalogue: Catalogue) -> list[Message]:
    """The credits that events earn, main and shadow. Every event must be accepted."""
    ruling = decide(events, catalogue)
    assert ruling.refusals == []
    return [json.loads(message) for message in ruling.messages]


def catalogue_of(toml: str) -> Catalogue:
    """The catalogue that a text describes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.toml"
        path.write_text(toml, "utf-8")
        return load_catalogue(path)


def lines_of(path: Path) -> list[bytes]:
    """The events of a JSON Lines file."""
    return path.read_bytes().splitlines()


def event(kind: str, event_id: str, at: str, contact_id: str = "donor-7", **fields: object) -> bytes:
    """An event of the contract as a producer writes it."""
    head = {"type": kind, "event_id": event_id, "contact_id": contact_id, "occurred_at": at}
    return json.dumps(head | fields, ensure_ascii=False).encode()


def touchpoint(event_id: str, name: str, at: str, contact_id: str = "donor-7", **fields: object) -> bytes:
    return event("touchpoint.recorded", event_id, at, contact_id, name=name, **fields)


def donation(event_id: str, value: str, at: str, contact_id: str = "donor-7", currency: str = "GBP") -> bytes:
    return event("conversion.recorded", event_id, at, contact_id, name="donation", value=value, currency=currency)


def by_model(messages: Sequence[Message], model: str) -> list[Message]:
    """The credits under one model."""
    return [message for message in messages if message["model"] == model]


def earned(messages: Iterable[Message], dimension: str) -> dict[str, Decimal]:
    """What each value of a dimension earned, over some credits; values that earned nothing are left out."""
    sums: dict[str, Decimal] = {}
    for message in messages:
        for value, credit in message["dimensions"][dimension]["credits"].items():
            sums[value] = sums.get(value, Decimal(0)) + Decimal(credit)
    return {value: credit for value, credit in sums.items() if credit}


def to_the_penny(shares: Mapping[str, Fraction]) -> dict[str, Decimal]:
    """The contract's rounding of exact shares of an amount in pounds, given in the order of the evidence.

    Each share is cut to whole pennies; the pennies then left go, one each, to the shares that lost most by the cut,
    equal losses in the order given. Shares of nothing are left out.
    """
    pennies = {name: int(share * 100) for name, share in shares.items()}
    lost = {name: share * 100 - pennies[name] for name, share in shares.items()}
    left = int(sum(lost.values()))
    for name in sorted(shares, key=lambda name: -lost[name])[:left]:
        pennies[name] += 1
    return {name: Decimal(amount) / 100 for name, amount in pennies.items() if amount}
