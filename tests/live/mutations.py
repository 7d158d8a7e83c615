"""Everything that producers get wrong, record by record, and what must become of each."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from events.refusal import Reason
from tests.live.log import Sent
from tests.live.story import partition_of
from tests.sent_events import ABSENT, cancellation, conversion, record, refund, retraction, touchpoint

CATALOGUE: Final = """
attribution_horizon = "P20D"
conversion_retention = "P40D"
shadow_models = ["last"]

[touchpoints.google_ad_click]
lifetime = "P7D"
dimensions = { department = "Technology", platform = "Google Ads" }
"""
THE_DAY: Final = datetime(2023, 7, 5, tzinfo=UTC)
"""All facts are of this day, so that none is too late and all are held."""
BEYOND_THE_HORIZON: Final = THE_DAY + timedelta(days=22)

Event = dict[str, Any]
Make = Callable[..., Event]
Spoil = Callable[[Random, bytes], bytes | None]


class Mutant(NamedTuple):
    """A record and the reason that it must be refused for; None: it is accepted."""

    sent: Sent
    reason: Reason | None
    certain: bool = True
    """False: nobody knows beforehand what chance has made of it."""


def at(moment: datetime) -> str:
    """As `occurred_at` has it."""
    return moment.isoformat().replace("+00:00", "Z")


def _with(member: str) -> Spoil:
    return lambda _, value: value[:-1] + b"," + member.encode() + b"}"


def _always(value: bytes | None) -> Spoil:
    return lambda _random, _value: value


def _nested(depth: int) -> str:
    """Properties that make an event nest so deep."""
    return '"properties":{"deep":' + "[" * (depth - 2) + "]" * (depth - 2) + "}"


MALFORMED: Final[tuple[Spoil, ...]] = (
    lambda random, value: value[: random.randrange(len(value))],
    lambda random, _: b"\xff" + random.randbytes(60),
    lambda _, value: value.decode().encode("utf-16"),
    lambda _, value: value.decode().encode("utf-32-le"),
    lambda _, value: value.decode().encode("latin-1"),
    lambda _, value: b"\xef\xbb\xbf" + value,
    lambda _, value: gzip.compress(value),
    lambda _, value: value + value,
    lambda _, value: value + b"}",
    lambda _, value: value + b"\0",
    lambda _, value: value[:-1] + b",}",
    lambda _, value: value.replace(b'"', b"'"),
    lambda _, value: value.replace(b":", b" "),
    lambda _, value: b"// an event\n" + value,
    lambda _, value: value[:-1] + b',"properties":{"s":"\xed\xa0\x80"}}',
    lambda _, value: value[:-1] + b',"properties":{"s":"\xc0\xaf"}}',
    _with('"event_id":"twice"'),
    _with('"event\\u005fid":"twice, in disguise"'),
    _with('"properties":{"a":1,"a":1}'),
    _with('"properties":{"n":NaN}'),
    _with('"properties":{"n":-Infinity}'),
    _with('"properties":{"n":1e999}'),
    _with('"properties":{"n":0123}'),
    _with('"properties":{"s":"\\ud800"}'),
    _with('"properties":{"\\udfff":1}'),
    _with('"properties":{"s":"\\x41"}'),
    _with('"properties":{"s":"\t"}'),
    _with(_nested(65)),
    _always(b""),
    _always(b" \r\n\t"),
    _always(b"[" * 16_000 + b"]" * 16_000),
    _always(b'{"a":' * 6_000),
)
OVERSIZED: Final[tuple[Spoil, ...]] = (
    lambda _, value: value.ljust(32_769),
    _with('"properties":{"s":"' + "x" * 40_000 + '"}'),
    _always(b"[" * 100_000),
    _always(b"\xfe" * 200_000),
    _always(b"\1" * 1_000_000),
)
NO_EVENT: Final[tuple[Spoil, ...]] = tuple(
    _always(value)
    for value in (None, b"{}", b"[]", b"null", b"true", b"12", b'"conversion.recorded"', b'{"type":null}')
)
HARMLESS: Final[tuple[Spoil, ...]] = (
    lambda _, value: value.ljust(32_768),
    lambda _, value: json.dumps(json.loads(value), separators=("\t , ", "  :\t")).encode(),
    lambda _, value: record(dict(reversed(json.loads(value).items()))),
    _with(_nested(64)),
    _with('"properties":{"n":123456789012345678901234567890,"x":1.50,"":null}'),
    _with('"properties":{"s":"\\ud83d\\ude00 \\u0000"}'),
)
BYTES: Final = (
    (Reason.MALFORMED_JSON, MALFORMED),
    (Reason.OVERSIZED, OVERSIZED),
    (Reason.INVALID_EVENT, NO_EVENT),
    (None, HARMLESS),
)
"""What becomes of an event's bytes."""

_WRONG_TYPES: Final[tuple[object, ...]] = (7, 1.5, True, None, [], {"a": "b"})
_NO_IDS: Final = ("", "x" * 129, "a\x07b", "\ufffe", "line\nbreak")
_NO_INSTANTS: Final = (
    *("", "yesterday", "2023-07-05", "2023-07-05T11:00:00", "2023-07-05 11:00:00Z", "2023-07-05T11:00:60Z"),
    *("2023-02-29T11:00:00Z", "1899-12-31T23:59:59Z", "2023-07-05T24:00:00Z", "2023-07-05T11:00:00+25:00", "0"),
)
_NO_AMOUNTS: Final = ("", "-5", "+5", "5.", ".5", "05", "5,00", "1e3", "5.001", "NaN", "1" * 17 + ".00", " 5", "٥")
_NO_LIFETIMES: Final = ("", "P1Y", "P1M", "P0D", "-P1D", "P401D", "P1DT", "3 days", "P1,5D", "PT0.0000001S")
_SIXTEEN: Final = {f"dimension {number}": "value" for number in range(16)}
EVENTS: Final[tuple[tuple[Reason | None, Make, str, tuple[object, ...]], ...]] = (
    (
        Reason.UNKNOWN_TYPE,
        touchpoint,
        "type",
        ("", "Touchpoint.Recorded", "touchpoint.imagined", "conversion.recorded"),
    ),
    (Reason.UNKNOWN_TYPE, conversion, "type", ("conversion.undone", "touchpoint.recorded")),
    (Reason.INVALID_EVENT, touchpoint, "type", (ABSENT, *_WRONG_TYPES)),
    (Reason.INVALID_EVENT, touchpoint, "event_id", (ABSENT, *_WRONG_TYPES, *_NO_IDS)),
    (Reason.INVALID_EVENT, touchpoint, "contact_id", (ABSENT, *_WRONG_TYPES, *_NO_IDS)),
    (Reason.INVALID_EVENT, touchpoint, "occurred_at", (ABSENT, *_WRONG_TYPES, *_NO_INSTANTS)),
    (Reason.INVALID_EVENT, touchpoint, "name", (ABSENT, *_WRONG_TYPES, *_NO_IDS)),
    (Reason.INVALID_EVENT, touchpoint, "lifetime", (*_WRONG_TYPES, *_NO_LIFETIMES)),
    (
        Reason.INVALID_EVENT,
        touchpoint,
        "dimensions",
        (7, [], None, {"": "a"}, {"a": ""}, {"a": 1}, _SIXTEEN | {"b": "c"}),
    ),
    (Reason.INVALID_EVENT, touchpoint, "properties", (7, [], None, "text")),
    (Reason.INVALID_EVENT, touchpoint, "utm_source", ("mistaken",)),
    (Reason.INVALID_EVENT, conversion, "value", (ABSENT, *_WRONG_TYPES, *_NO_AMOUNTS)),
    (Reason.INVALID_EVENT, conversion, "currency", (ABSENT, *_WRONG_TYPES)),
    (Reason.INVALID_EVENT, refund, "value", (ABSENT, "0", "0.00", "-1")),
    (Reason.INVALID_EVENT, refund, "conversion_id", (ABSENT, *_NO_IDS)),
    (Reason.INVALID_EVENT, retraction, "touchpoint_id", (ABSENT, *_NO_IDS)),
    (Reason.INVALID_EVENT, cancellation, "conversion_id", (ABSENT, *_NO_IDS)),
    (Reason.UNKNOWN_CURRENCY, conversion, "currency", ("XXX", "XAU", "DEM", "gbp", "", "£")),
    (Reason.UNKNOWN_TOUCHPOINT, touchpoint, "name", ("carrier_pigeon", "Google_ad_click")),
    (Reason.FROM_THE_FUTURE, touchpoint, "occurred_at", ("2199-12-31T00:00:00Z",)),
    (Reason.FROM_THE_FUTURE, refund, "occurred_at", ("2199-12-31T00:00:00Z",)),
    (Reason.TOO_LATE, retraction, "occurred_at", ("1999-12-31T00:00:00Z",)),
    (Reason.TOO_LATE, conversion, "occurred_at", ("1999-12-31T00:00:00Z",)),
    (None, touchpoint, "occurred_at", ("2023-07-05t11:00:00z", "2023-07-05T13:00:00.1234567+02:00")),
    (None, touchpoint, "lifetime", ("P3D", "P2W", "PT0.000001S", "P400D")),
    (None, touchpoint, "dimensions", ({}, _SIXTEEN)),
    (None, conversion, "value", ("0", "50", "50.5", "9" * 16 + ".99")),
)
"""What stands in one field of an event."""


class Mutations:
    """Records that begin with sound facts of every contact and go on with mutants, the same for the same seed."""

    def __init__(self, seed: int, partitions: int) -> None:
        self.awaited: list[Sent] = []
        """Conversions in pounds that refunds in dollars wait for."""
        self.never: list[Sent] = []
        """Facts that wait for what never comes."""
        self._random = Random(f"mutations {seed}")
        self._partitions = partitions
        self._made = 0
        self._contacts = [f"contact {number} Æ" for number in range(40)]
        self._sound = [self.event(make, contact_id=who) for who in self._contacts for make in (touchpoint, conversion)]

    def sound(self) -> list[Sent]:
        """A touchpoint and a conversion of every contact, with nothing wrong."""
        return [self.sent(event) for event in self._sound]

    def __iter__(self) -> Iterator[Mutant]:
        while True:
            for reason, spoils in BYTES:
                for spoil in spoils:
                    sent = self.sent(self.event(self._random.choice([touchpoint, conversion])))
                    yield Mutant(sent._replace(value=spoil(self._random, sent.value or b"")), reason)
            for reason, make, field, values in EVENTS:
                yield from [Mutant(self.sent(self.event(make, **{field: value}), make), reason) for value in values]
            for _ in range(4):
                yield from self._of_records()
                yield from self._of_history()
                yield from [self._flipped() for _ in range(10)]

    def event(self, make: Make, **changes: object) -> Event:
        """An event with an id of its own, of anyone, some time of the day."""
        self._made += 1
        who, when = self._random.choice(self._contacts), THE_DAY + timedelta(seconds=self._random.randrange(86_400))
        return make(**{"event_id": f"e-{self._made}", "contact_id": who, "occurred_at": at(when)} | changes)

    def sent(self, event: Event, make: Make | None = None) -> Sent:
        """As its producer sends it, to the topic that its kind belongs to."""
        contact = event.get("contact_id")
        key = (contact if isinstance(contact, str) else "nobody").encode()
        of_touchpoints = make in {touchpoint, retraction} if make else event["type"].startswith("touchpoint")
        topic = "touchpoints" if of_touchpoints else "conversions"
        return Sent(topic, key, record(event), partition_of(key, self._partitions))

    def _of_records(self) -> Iterator[Mutant]:
        """What is wrong around an event, and of several faults the one that takes precedence."""
        sent = self.sent(self.event(touchpoint))
        assert sent.key is not None
        for key in (None, b"", sent.key.upper(), sent.key + b" ", b"\xff\xfe"):
            yield Mutant(sent._replace(key=key), Reason.KEY_MISMATCH)
        yield Mutant(self._elsewhere(sent), Reason.WRONG_PARTITION)
        yield Mutant(self._elsewhere(sent)._replace(key=None), Reason.KEY_MISMATCH)
        yield Mutant(sent._replace(key=None, value=b"{"), Reason.MALFORMED_JSON)
        yield Mutant(self.sent(self.event(touchpoint, type="?", name=7), touchpoint), Reason.UNKNOWN_TYPE)
        foreign = self.sent(self.event(conversion, currency="XXX", occurred_at="2199-12-31T00:00:00Z"))
        yield Mutant(foreign, Reason.UNKNOWN_CURRENCY)
        yield Mutant(self._elsewhere(foreign), Reason.WRONG_PARTITION)
        unknown = self.sent(self.event(touchpoint, name="?", occurred_at="2199-12-31T00:00:00Z"))
        yield Mutant(unknown, Reason.UNKNOWN_TOUCHPOINT)

    def _of_history(self) -> Iterator[Mutant]:
        """What is wrong beside the facts that came before."""
        known = self._random.choice(self._sound)
        yield Mutant(self.sent(known), None)
        yield Mutant(self.sent(dict(reversed(known.items()))), None)
        yield Mutant(self.sent(known | {"occurred_at": "2023-07-05T23:59:59.999999Z"}), Reason.CONFLICTING_DUPLICATE)
        gift = self._random.choice(self._sound[1::2])
        who = {"contact_id": gift["contact_id"], "conversion_id": gift["event_id"]}
        yield Mutant(self.sent(self.event(refund, **who, currency="USD")), Reason.CURRENCY_MISMATCH)
        yield Mutant(self.sent(self.event(refund, **who)), None)
        yield Mutant(self.sent(self.event(cancellation, **who)), None)
        taken = {**who, "event_id": gift["event_id"]}
        yield Mutant(self.sent(self.event(refund, **taken)), Reason.CONFLICTING_DUPLICATE)
        click = self._random.choice(self._sound[::2])
        who = {"contact_id": click["contact_id"], "touchpoint_id": click["event_id"]}
        yield Mutant(self.sent(self.event(retraction, **who)), None)
        coming = self.event(conversion)
        self.awaited.append(self.sent(coming))
        who = {"contact_id": coming["contact_id"], "conversion_id": coming["event_id"]}
        yield Mutant(self.sent(self.event(refund, **who, currency="USD")), Reason.CURRENCY_MISMATCH)
        for make in (refund, retraction, cancellation):
            waiting = self.sent(self.event(make))
            self.never.append(waiting)
            yield Mutant(waiting, None)

    def _flipped(self) -> Mutant:
        """A bit is wrong somewhere, but not in the instant: a clock that runs ahead would make the others too late."""
        sent = self.sent(self.event(self._random.choice([touchpoint, conversion])))
        value = bytearray(sent.value or b"")
        instant = value.index(b"2023-")
        place = self._random.choice([*range(instant), *range(instant + 20, len(value))])
        value[place] ^= 1 << self._random.randrange(8)
        return Mutant(sent._replace(value=bytes(value)), None, certain=False)

    def _elsewhere(self, sent: Sent) -> Sent:
        assert sent.partition is not None
        return sent._replace(partition=(sent.partition + 1) % self._partitions)
