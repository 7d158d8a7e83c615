"""A dataset in Evenhand's own wire contract: its catalogue, its events, and the answers in its credits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from benchmarks.datasets import NAMES, Dataset
from benchmarks.oracle import Answer
from benchmarks.topics import Record

TOUCHPOINT, CONVERSION = b'{"type":"touchpoint.recorded",', b'{"type":"conversion.recorded",'
_LIFETIME: Final = re.compile(rb'"lifetime_s":\d+,')
_CONTACT: Final = re.compile(rb'"contact_id":"([^"]+)"')


def catalogue(dataset: Dataset, horizon: str = "P1000D", retention: str = "P1000D") -> str:
    """Lifetimes stand in the catalogue, since a tracker would not send them."""
    lines = [
        'dimensions = ["department", "online_channel", "platform"]',
        'model = "linear"',
        f'attribution_horizon = "{horizon}"',
        f'conversion_retention = "{retention}"',
    ]
    for name in NAMES:
        lines += [f"[touchpoints.{name}]", f'lifetime = "P{dataset.lifetime_days(name)}D"']
    return "\n".join(lines) + "\n"


def is_conversion(line: bytes) -> bool:
    """Whether a dataset's line is a conversion."""
    return b'"value":' in line


def contract_event(line: bytes) -> bytes:
    """A dataset's line as the contract has it."""
    if is_conversion(line):
        return CONVERSION + line[1:].rstrip()
    return TOUCHPOINT + _LIFETIME.sub(b"", line[1:].rstrip(), count=1)


def contact_of(line: bytes) -> bytes:
    """The contact's id, which is the record's key."""
    found = _CONTACT.search(line)
    if found is None:
        raise ValueError(f"an event without a contact: {line!r}")
    return found[1]


def records(lines: Iterable[bytes], prefix: str) -> Iterator[Record]:
    """A dataset's lines as records of Evenhand's input topics."""
    for line in lines:
        topic = "conversions" if is_conversion(line) else "touchpoints"
        yield Record(prefix + topic, contact_of(line), contract_event(line))


def peer_records(lines: Iterable[bytes], touchpoints: str, conversions: str) -> Iterator[Record]:
    """A dataset's lines as they are, at the times at which they occurred."""
    for line in lines:
        occurred = datetime.fromisoformat(json.loads(line)["occurred_at"])
        topic = conversions if is_conversion(line) else touchpoints
        yield Record(topic, contact_of(line), line.rstrip(), round(occurred.timestamp() * 1000))


def minor(amount: str) -> int:
    """Pence in an amount of pounds, `"12.34"`."""
    return int(amount.replace(".", ""))


def answer_of(credit: dict[str, Any]) -> Answer:
    """The answer that a message of Evenhand's `credits` gives."""
    return Answer(
        [(touchpoint["touchpoint_id"], minor(touchpoint["credit"])) for touchpoint in credit["touchpoints"]],
        {
            name: {value: minor(amount) for value, amount in dimension["credits"].items()}
            for name, dimension in credit["dimensions"].items()
        },
        minor(credit["unattributed"]),
    )


def answer_of_peer(credit: dict[str, Any]) -> Answer:
    """The answer that a peer's message gives."""
    return Answer(
        [(touchpoint["touchpoint_id"], touchpoint["value"]) for touchpoint in credit["credits"]],
        credit["by_dimension"],
        credit["unattributed"],
    )


def answered(value: bytes) -> tuple[str, int, Answer]:
    """Of a message of either kind: the conversion's id, the version (0: the last one counts), and the answer."""
    credit = json.loads(value)
    if "version" in credit:
        return credit["conversion_id"], credit["version"], answer_of(credit)
    return credit["conversion_id"], 0, answer_of_peer(credit)
