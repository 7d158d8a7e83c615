"""Recurrence rules: RRULE of RFC 5545, section 3.3.10, by its grammar first and by python-dateutil then.

dateutil alone takes more than the grammar: an interval of zero, which never ends, or numbers without bounds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from dateutil.rrule import rrulestr

LONGEST_RULE: Final = 1_024
"""In characters."""
_ANY_START: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a rule's times are local


def _number(least: int, most: int) -> str:
    return f"0*(?:{'|'.join(map(str, range(most, least - 1, -1)))})"


def _list(item: str) -> str:
    return f"{item}(?:,{item})*"


_COUNT: Final = "0*[1-9][0-9]{0,4}"
_DAY: Final = "(?:MO|TU|WE|TH|FR|SA|SU)"
_GRAMMAR: Final = {
    name: re.compile(pattern).fullmatch
    for name, pattern in {
        "FREQ": "SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY",
        "UNTIL": "[0-9]{8}(?:T[0-9]{6}Z?)?",
        "COUNT": _COUNT,
        "INTERVAL": _COUNT,
        "BYSECOND": _list(_number(0, 59)),  # a leap second is no second here
        "BYMINUTE": _list(_number(0, 59)),
        "BYHOUR": _list(_number(0, 23)),
        "BYDAY": _list(f"(?:[+-]?{_number(1, 53)})?{_DAY}"),
        "BYMONTHDAY": _list(f"[+-]?{_number(1, 31)}"),
        "BYYEARDAY": _list(f"[+-]?{_number(1, 366)}"),
        "BYWEEKNO": _list(f"[+-]?{_number(1, 53)}"),
        "BYMONTH": _list(_number(1, 12)),
        "BYSETPOS": _list(f"[+-]?{_number(1, 366)}"),
        "WKST": _DAY,
    }.items()
}
_NOT_WITH: Final = {
    "BYWEEKNO": {"SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY"},
    "BYYEARDAY": {"DAILY", "WEEKLY", "MONTHLY"},
    "BYMONTHDAY": {"WEEKLY"},
}
"""Parts that RFC 5545 bars from rules that come so often."""


def check_rule(text: str) -> str:
    """The rule as it is, such as `FREQ=WEEKLY;BYDAY=MO`, with or without `RRULE:`. ValueError says what is wrong.

    A valid rule may still have no occurrence, or none after a given start.
    """
    if len(text) > LONGEST_RULE:
        raise ValueError(f"a recurrence has at most {LONGEST_RULE} characters, this one has {len(text)}")
    # Beyond ASCII there are letters whose capitals are within it.
    parts = _parts((text.upper() if text.isascii() else text).removeprefix("RRULE:"))
    _check_together(parts)
    if "UNTIL" in parts:
        datetime.fromisoformat(parts["UNTIL"])
    # Whether an interval ever meets its hours depends on the start, which is not known yet.
    rule = ";".join(f"{name}={value}" for name, value in parts.items() if name != "INTERVAL")
    rrulestr(rule, dtstart=_ANY_START, ignoretz=True)
    return text


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name not in _GRAMMAR or not _GRAMMAR[name](value):
            raise ValueError(f"a recurrence is an RRULE of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO, without {part!r}")
        if name in parts:
            raise ValueError(f"a recurrence has each part once, this one has {name} twice")
        parts[name] = value
    return parts


def _check_together(parts: Mapping[str, str]) -> None:
    often = parts.get("FREQ")
    if often is None:
        raise ValueError("a recurrence says how often, such as FREQ=WEEKLY")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("a recurrence ends by COUNT or by UNTIL, not by both")
    for name in parts:
        if often in _NOT_WITH.get(name, ()):
            raise ValueError(f"{name} does not go with FREQ={often}")
    numbered = any(digit in parts.get("BYDAY", "") for digit in "0123456789")
    if numbered and (often not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
        raise ValueError("BYDAY has numbers in months and years alone")
    if "BYSETPOS" in parts and sum(name.startswith("BY") for name in parts) == 1:
        raise ValueError("BYSETPOS needs another part to choose from")
