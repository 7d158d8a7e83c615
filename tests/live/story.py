"""What reaches a charity's topics in real life: its quarter, and everything that producers get wrong."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from aiokafka.partitioner import murmur2

from cli.delivery import Faults
from cli.quarter import Quarter
from cli.sample import sample_lines
from tests.live.log import Sent

CATALOGUE: Final = """
dimensions = ["department", "online_channel", "platform"]
model = "linear"
shadow_models = ["last", "position_based"]
attribution_horizon = "P20D"
conversion_retention = "P40D"
default_lifetime = "P3D"

[touchpoints.email_clicked]
lifetime = "P7D"
dimensions = { department = "Fundraising", online_channel = "E-mail" }

[touchpoints.website_visit]
lifetime = "P7D"
dimensions = { department = "Technology", online_channel = "Website" }

[touchpoints.google_ad_click]
lifetime = "P3D"
dimensions = { department = "Technology", online_channel = "Paid Ads", platform = "Google Ads" }
"""
"""A horizon short enough that in one quarter facts are too late, wait in vain, and leave the state."""

WRONG: Final = 0.04
"""Share of records after which one comes that is wrong in some way."""
LATE, COPIED = 0.02, 0.01
START: Final = date(2025, 4, 1)

Event = dict[str, Any]


def partition_of(key: bytes, partitions: int) -> int:
    """Where murmur2 puts a key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class Story:
    """Always the same records for the same arguments. Ends with the quarter."""

    def __init__(self, seed: int, partitions: int, contacts: int = 1_500, days: int = 91) -> None:
        self._random = Random(f"story {seed}")
        self._partitions = partitions
        self._lines = sample_lines(Quarter(contacts, days, START, seed), Faults(LATE, COPIED))
        self._recent: deque[Event] = deque(maxlen=400)
        self._waited_for: deque[Event] = deque()
        self._made = 0
        self._wrongs: tuple[Callable[[Event], Sent], ...] = (
            self._cut_short,
            self._no_json,
            self._no_value,
            self._of_no_type,
            self._without_key,
            self._under_another_key,
            self._in_another_partition,
            self._in_no_currency,
            self._from_the_future,
            self._too_late,
            self._in_conflict,
            self._copy,
            self._refund_in_another_currency,
            self._refund_of_what_never_comes,
            self._refund_of_what_comes_later,
            self._retraction_of_what_never_comes,
        )

    def __iter__(self) -> Iterator[Sent]:
        for line in self._lines:
            event: Event = json.loads(line)
            yield _sent(event)
            self._recent.append(event)
            while self._waited_for and self._waited_for[0]["occurred_at"][:10] < event["occurred_at"][:10]:
                yield _sent(self._waited_for.popleft())
            if self._random.random() < WRONG:
                yield self._random.choice(self._wrongs)(self._random.choice(self._recent))

    def _id(self, letter: str) -> str:
        self._made += 1
        return f"{letter}-{self._made}"

    # What cannot be read or is not where it belongs

    def _cut_short(self, event: Event) -> Sent:
        sent = _sent(event)
        assert sent.value is not None
        return sent._replace(value=sent.value[: self._random.randrange(len(sent.value))])

    def _no_json(self, event: Event) -> Sent:
        return _sent(event)._replace(value=bytes(self._random.randrange(256) for _ in range(50)))

    def _no_value(self, event: Event) -> Sent:
        return _sent(event)._replace(value=None)

    def _of_no_type(self, event: Event) -> Sent:
        return _sent(event)._replace(value=_json(event | {"type": "touchpoint.imagined"}))

    def _without_key(self, event: Event) -> Sent:
        partition = self._random.randrange(self._partitions)
        return _sent(event)._replace(key=None, partition=partition)

    def _under_another_key(self, event: Event) -> Sent:
        return _sent(event)._replace(key=b"somebody else")

    def _in_another_partition(self, event: Event) -> Sent:
        sent = _sent(event | {"event_id": self._id("elsewhere")})
        assert sent.key is not None
        return sent._replace(partition=(partition_of(sent.key, self._partitions) + 1) % self._partitions)

    # What is no fact, or no fact any more

    def _in_no_currency(self, event: Event) -> Sent:
        return _sent(self._gift(event) | {"currency": "XXX"})

    def _from_the_future(self, event: Event) -> Sent:
        return _sent(event | {"event_id": self._id("future"), "occurred_at": "2199-12-31T00:00:00Z"})

    def _too_late(self, event: Event) -> Sent:
        return _sent(event | {"event_id": self._id("late"), "occurred_at": _days_after(event, -35)})

    def _in_conflict(self, event: Event) -> Sent:
        return _sent(event | {"occurred_at": _days_after(event, 1)})

    def _copy(self, event: Event) -> Sent:
        return _sent(event)

    # What follows on something else

    def _refund_in_another_currency(self, event: Event) -> Sent:
        return _sent(self._refund(event, event["event_id"]) | {"currency": "USD"})

    def _refund_of_what_never_comes(self, event: Event) -> Sent:
        return _sent(self._refund(event, self._id("never")))

    def _refund_of_what_comes_later(self, event: Event) -> Sent:
        gift = self._gift(event)
        self._waited_for.append(gift)
        return _sent(self._refund(event, gift["event_id"]))

    def _retraction_of_what_never_comes(self, event: Event) -> Sent:
        return _sent(self._new(event, "touchpoint.retracted", "retraction") | {"touchpoint_id": self._id("never")})

    def _gift(self, event: Event) -> Event:
        gift = {"name": "donation", "value": "10.00", "currency": "GBP"}
        return self._new(event, "conversion.recorded", "gift") | gift

    def _refund(self, event: Event, conversion_id: str) -> Event:
        refund = {"conversion_id": conversion_id, "value": "3.33", "currency": "GBP"}
        return self._new(event, "conversion.refunded", "refund") | refund

    def _new(self, event: Event, kind: str, letter: str) -> Event:
        kept = {field: event[field] for field in ("contact_id", "occurred_at")}
        return {"type": kind, "event_id": self._id(letter), **kept}


def _days_after(event: Event, days: int) -> str:
    return (datetime.fromisoformat(event["occurred_at"]) + timedelta(days=days)).isoformat()


def _sent(event: Event) -> Sent:
    topic = "touchpoints" if event["type"].startswith("touchpoint") else "conversions"
    return Sent(topic, event["contact_id"].encode(), _json(event))


def _json(event: Event) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
