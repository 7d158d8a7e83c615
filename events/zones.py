"""Time zones: IANA's names and rules as the package `tzdata` ships them, whatever the machine itself has."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

ZONES: Final = frozenset((files("tzdata") / "zones").read_text().split())
"""Every name, old ones that link to another included."""


def check_zone(text: str) -> str:
    """The name as it is. ValueError where the database has no zone of that name."""
    if text not in ZONES:
        raise ValueError("a time zone has a name of IANA's database, such as Europe/London")
    return text


@cache
def zone(name: str) -> ZoneInfo:
    """The zone's rules. ValueError for a name that is none."""
    with files("tzdata").joinpath("zoneinfo", *check_zone(name).split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)
