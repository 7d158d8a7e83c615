"""The events that all contenders get: contacts over 30 days, or few contacts with very many touchpoints. Fixed seed.

Every event has its own millisecond, so that "at or before" never depends on the order within a tie.
"""

from __future__ import annotations

import itertools
import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.places import DATA

DAY_MS: Final = 86_400_000
START_MS: Final = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)
POOL: Final = 10_000
"""Active touchpoints of all the hot contacts together, whatever the window of one is."""
HOT_LIFETIME_DAYS: Final = 7
NAMES: Final = {
    "ad_impression": (30, 1),
    "site_visit": (25, 2),
    "email_open": (15, 3),
    "social_click": (8, 5),
    "ad_click": (8, 7),
    "email_click": (6, 7),
    "sms_click": (4, 10),
    "webinar": (4, 14),
}
"""Share of the touchpoints in percent, and lifetime in days."""
_DEPARTMENTS: Final = ("sales", "marketing", "support", "partnerships")
_CHANNELS: Final = ("paid_search", "paid_social", "email", "organic", "affiliate", "direct")
_PLATFORMS: Final = ("web", "ios", "android", "kiosk")
_MOST_POUNDS: Final = 500


class Dataset(NamedTuple):
    """What a dataset is like; equal ones have equal bytes."""

    name: str
    events: int
    contacts: int = 0
    cap: float = 1.0
    """The largest share of the events that one contact has."""
    window: int = 0
    """Of a hot dataset: active touchpoints of each contact. It has POOL touchpoints before its `events`."""
    seed: int = 20250101

    @property
    def folder(self) -> Path:
        return DATA / self.name

    @property
    def file(self) -> Path:
        """One event a line, in the order of time. Conversions have a `value`."""
        return self.folder / "events.jsonl"

    @property
    def total(self) -> int:
        return self.events + (POOL if self.window else 0)

    def lifetime_days(self, name: str) -> int:
        """How long a touchpoint of that name counts."""
        return HOT_LIFETIME_DAYS if self.window else NAMES[name][1]


MAIN: Final = Dataset("main", 1_000_000, contacts=50_000, cap=0.0002)
SMALL: Final = Dataset("small", 100_000, contacts=5_000, cap=0.002)
WINDOWS: Final = (10, 100, 1_000, 10_000)


def hot(window: int, events: int = 20_000) -> Dataset:
    """POOL / window contacts that always hold `window` active touchpoints each; 1 % of the events are conversions."""
    suffix = "" if events == 20_000 else f"-{events}"
    return Dataset(f"hot{window}{suffix}", events, window=window)


def large(events: int) -> Dataset:
    """As main, with more events and contacts in proportion."""
    return Dataset(f"large{events}", events, contacts=events // 20, cap=200 / events)


NAMED: Final = {dataset.name: dataset for dataset in (MAIN, SMALL, *map(hot, WINDOWS))}


def write(dataset: Dataset) -> Path:
    """The dataset's file is there; nothing is done when it already is."""
    shape = dataset.folder / "shape.json"
    wanted = json.dumps(dataset._asdict())
    if not shape.exists() or shape.read_text() != wanted:
        dataset.folder.mkdir(parents=True, exist_ok=True)
        with dataset.file.open("wb") as out:
            out.writelines(json.dumps(event, separators=(",", ":")).encode() + b"\n" for event in events(dataset))
        shape.write_text(wanted)
    return dataset.file


def events(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """The dataset's events in the order of time."""
    return _hot(dataset) if dataset.window else _spread(dataset)


def _spread(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """Contacts by Zipf's law, over 30 days, one event in ten a conversion."""
    chance = random.Random(dataset.seed)
    weights = list(itertools.accumulate(_contact_weights(dataset.contacts, 1.1, dataset.cap)))
    whom = chance.choices(range(dataset.contacts), cum_weights=weights, k=dataset.events)
    conversions = set(chance.sample(range(dataset.events), dataset.events // 10))
    step = 30 * DAY_MS / dataset.events
    for number, contact in enumerate(whom):
        at_ms = START_MS + int(number * step) + chance.randrange(max(1, int(step)))
        yield _event(chance, f"contact-{contact:06d}", at_ms, is_conversion=number in conversions)


def _hot(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """The state, the arrival rate and the time line are the same for every window: only the window differs."""
    chance = random.Random(dataset.seed)
    lifetime_ms = HOT_LIFETIME_DAYS * DAY_MS
    step = lifetime_ms // POOL
    contacts = POOL // dataset.window
    at_ms = START_MS
    touchpoints = 0
    for number in range(POOL + dataset.events):
        is_conversion = number >= POOL and (number - POOL) % 100 == 50
        at_ms += 1 if is_conversion else step
        contact = chance.randrange(contacts) if is_conversion else touchpoints % contacts
        touchpoints += not is_conversion
        lifetime_s = lifetime_ms // 1000
        yield _event(chance, f"contact-hot-{contact}", at_ms, is_conversion=is_conversion, lifetime_s=lifetime_s)


def _contact_weights(contacts: int, exponent: float, cap: float) -> list[float]:
    weights: list[float] = [number**-exponent for number in range(1, contacts + 1)]
    for _ in range(60):  # what the capped ones lose goes to the others, until the cap holds after normalising too
        total = sum(weights)
        weights = [min(weight / total, cap) for weight in weights]
    return weights


def _event(
    chance: random.Random, contact: str, at_ms: int, *, is_conversion: bool, lifetime_s: int | None = None
) -> dict[str, Any]:
    event_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    event = {"event_id": event_id, "contact_id": contact, "occurred_at": rfc3339(at_ms)}
    if is_conversion:
        pence = chance.randint(1, _MOST_POUNDS * 100)
        return {**event, "name": "purchase", "value": f"{pence // 100}.{pence % 100:02d}", "currency": "GBP"}
    name = chance.choices(list(NAMES), [share for share, _ in NAMES.values()])[0]
    return {
        **event,
        "name": name,
        "lifetime_s": lifetime_s or NAMES[name][1] * DAY_MS // 1000,
        "dimensions": dimensions(chance),
    }


def dimensions(chance: random.Random) -> dict[str, str]:
    """A value for each of the three dimensions."""
    return {
        "department": chance.choice(_DEPARTMENTS),
        "online_channel": chance.choice(_CHANNELS),
        "platform": chance.choice(_PLATFORMS),
    }


def rfc3339(at_ms: int) -> str:
    """An instant as the events write it, milliseconds since 1970 in UTC."""
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"
