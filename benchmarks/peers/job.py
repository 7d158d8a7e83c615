"""What every Python peer shares: what the race tells it, by environment variables, and the split itself.

| variable | meaning |
| --- | --- |
| `RACE_BOOTSTRAP` | the broker |
| `RACE_TOUCHPOINTS`, `RACE_CONVERSIONS` | the topics to read from their beginnings; the same one twice where needed |
| `RACE_CREDITS` | the topic to write one JSON message a conversion to, key: the conversion's id |
| `RACE_GROUP` | a fresh consumer group |
| `RACE_STATE_DIR` | a fresh folder for state |
| `RACE_EVENTS` | how many inputs there are |
| `RACE_DONE` | the file to make after the last of them, for a peer that may answer before it has read all touchpoints |
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final

BOOTSTRAP: Final = os.environ["RACE_BOOTSTRAP"]
TOUCHPOINTS: Final = os.environ["RACE_TOUCHPOINTS"]
CONVERSIONS: Final = os.environ["RACE_CONVERSIONS"]
CREDITS: Final = os.environ["RACE_CREDITS"]
GROUP: Final = os.environ["RACE_GROUP"]
STATE_DIR: Final = os.environ["RACE_STATE_DIR"]
EVENTS: Final = int(os.environ["RACE_EVENTS"])
DONE: Final = Path(os.environ["RACE_DONE"])
PARTITIONS: Final = 4
MAX_MESSAGE: Final = 16 << 20
DIMENSIONS: Final = ("department", "online_channel", "platform")
_GRACE_MS: Final = 3_600_000

Row = list[Any]
"""A touchpoint: occurred and id, expires, and the value of each of DIMENSIONS. Instants in milliseconds."""


def milliseconds(text: str) -> int:
    """Since 1970."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def row_of(touchpoint: dict[str, Any]) -> Row:
    """What is kept of a touchpoint."""
    at = milliseconds(touchpoint["occurred_at"])
    dimensions = [touchpoint["dimensions"][name] for name in DIMENSIONS]
    return [at, touchpoint["event_id"], at + touchpoint["lifetime_s"] * 1000, *dimensions]


def unexpired(rows: list[Row], now_ms: int) -> list[Row]:
    """The rows without those that expired an hour ago."""
    return [row for row in rows if row[2] >= now_ms - _GRACE_MS]


def credit(conversion: dict[str, Any], rows: list[Row]) -> dict[str, Any]:
    """The message of a conversion: its value in equal parts, in pence. Rows in any order, copies allowed."""
    at = milliseconds(conversion["occurred_at"])
    pounds, pence = conversion["value"].split(".")
    value = int(pounds) * 100 + int(pence)
    active = sorted({row[1]: row for row in rows if row[0] <= at <= row[2]}.values())
    sums: tuple[dict[str, int], ...] = ({}, {}, {})
    credits = []
    if active:
        part, over = divmod(value, len(active))
        for place, (_, touchpoint, _, *values) in enumerate(active):
            share = part + (place < over)
            dimensions = dict(zip(DIMENSIONS, values, strict=True))
            credits.append({"touchpoint_id": touchpoint, "value": share, "dimensions": dimensions})
            for by_value, name in zip(sums, values, strict=True):
                by_value[name] = by_value.get(name, 0) + share
    return {
        "conversion_id": conversion["event_id"],
        "contact_id": conversion["contact_id"],
        "currency": conversion["currency"],
        "value": value,
        "credits": credits,
        "by_dimension": dict(zip(DIMENSIONS, sums, strict=True)),
        "unattributed": 0 if active else value,
    }
