"""The types of the fields of an event: a rule of the contract each, for pydantic and for JSON Schema alike.

A field keeps the text that was sent. What it means (microseconds, minor units) is the judgement's to say.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from typing_extensions import TypeAliasType

from events.calendar_day import DAY_PATTERN, parse_day
from events.canonical import number_text
from events.duration import DURATION_PATTERN, parse_duration
from events.identifiers import BARRED_PATTERN, MAX_ID_LENGTH, check_id
from events.instant import DAY_US, INSTANT_PATTERN, parse_instant
from events.money import AMOUNT_PATTERN, MAX_DIGITS, parse_amount
from events.recurrence import LONGEST_RULE, check_rule
from events.strict_json import Number
from events.zones import check_zone

MAX_DIMENSIONS: Final = 16
LONGEST_LIFETIME_US: Final = 400 * DAY_US
LARGEST_INTEGER: Final = 10**15 - 1
"""Doubles hold it exactly, so every reader of JSON has it whole."""


def check_instant(text: str) -> str:
    parse_instant(text)
    return text


def check_lifetime(text: str) -> str:
    if not 0 < parse_duration(text) <= LONGEST_LIFETIME_US:
        raise ValueError("a lifetime is more than zero and at most 400 days")
    return text


def check_day(text: str) -> str:
    parse_day(text)
    return text


def check_amount(text: str) -> str:
    parse_amount(text, len(text.partition(".")[2]))
    return text


def check_duration(text: str) -> str:
    parse_duration(text)
    return text


def integer_of(sent: object) -> object:
    """A number by its value: 5, 5.0 and 5e0 are one integer. Anything else is left for its refusal."""
    if isinstance(sent, Number):
        text = number_text(sent.text)
        return int(text) if text.removeprefix("-").isdigit() else text
    return sent


def _text(description: str, **rules: object) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": description, **rules})


_MONEY: Final = "A decimal as a string: at most 18 digits in minor units, no more decimals than its currency has"

Id = TypeAliasType(
    "Id",
    Annotated[
        str,
        AfterValidator(check_id),
        _text(
            "1 to 128 code points, none of them a control, surrogate or noncharacter; compared as they are",
            minLength=1,
            maxLength=MAX_ID_LENGTH,
            **{"not": {"pattern": BARRED_PATTERN}},
        ),
    ],
)
Instant = TypeAliasType(
    "Instant",
    Annotated[
        str,
        AfterValidator(check_instant),
        _text(
            "RFC 3339 with an offset, in the years 1900 to 2200 of UTC, kept to the microsecond; no leap second",
            format="date-time",
            pattern=f"^{INSTANT_PATTERN}$",
        ),
    ],
)
Lifetime = Annotated[
    str,
    AfterValidator(check_lifetime),
    _text(
        "An ISO 8601 duration without years and months, more than zero, at most 400 days",
        pattern=f"^{DURATION_PATTERN}$",
    ),
]
Dimensions = Annotated[
    dict[Id, Id],
    Field(
        max_length=MAX_DIMENSIONS,
        description="Values by dimension; they override or add to the catalogue's, one by one",
    ),
]
Properties = Annotated[
    dict[str, object], WithJsonSchema({"type": "object", "description": "Carried, never interpreted by attribution"})
]
Amount = Annotated[str, _text(_MONEY, maxLength=MAX_DIGITS + 1, pattern=f"^{AMOUNT_PATTERN}$")]
PlainAmount = Annotated[
    str,
    AfterValidator(check_amount),
    _text("A decimal as a string, at most 18 digits", maxLength=MAX_DIGITS + 1, pattern=f"^{AMOUNT_PATTERN}$"),
]
PositiveAmount = Annotated[
    str, _text(f"{_MONEY}; more than zero", maxLength=MAX_DIGITS + 1, pattern=f"^(?=.*[1-9]){AMOUNT_PATTERN}$")
]
Currency = Annotated[str, _text("An ISO 4217 code with a minor unit, current at `occurred_at`", pattern="^[A-Z]{3}$")]
Day = TypeAliasType(
    "Day",
    Annotated[
        str,
        AfterValidator(check_day),
        _text("A date, in the years 1900 to 2200, in no time zone", format="date", pattern=f"^{DAY_PATTERN}$"),
    ],
)
Span = Annotated[
    str,
    AfterValidator(check_duration),
    _text("An ISO 8601 duration without years and months", pattern=f"^{DURATION_PATTERN}$"),
]
Zone = TypeAliasType(
    "Zone",
    Annotated[
        str,
        AfterValidator(check_zone),
        _text("A name of IANA's time zone database, such as `Europe/London`"),
    ],
)
Recurrence = Annotated[
    str,
    AfterValidator(check_rule),
    _text("An RRULE of RFC 5545, such as `FREQ=WEEKLY;BYDAY=MO`", maxLength=LONGEST_RULE),
]
Integer = Annotated[int, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER), BeforeValidator(integer_of)]
Revision = Annotated[int, Field(ge=1, le=LARGEST_INTEGER), BeforeValidator(integer_of)]
Hour = Annotated[int, Field(ge=0, le=23), BeforeValidator(integer_of)]
