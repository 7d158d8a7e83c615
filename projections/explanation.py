"""One conversion explained: every touchpoint of its contact, and why it counted or did not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from config.errors import UsageError
from events.money import format_amount


class Verdict(StrEnum):
    """Why a touchpoint counted for a conversion, or did not (contract, section 4)."""

    ACTIVE = "active"
    EXPIRED = "expired"
    AFTER_CONVERSION = "after_conversion"
    RETRACTED = "retracted"
    OVER_CAP = "over_cap"


class UnknownConversionError(UsageError):
    """The caller named a conversion that the read model does not hold."""


class AmbiguousConversionError(UsageError):
    """The caller named a conversion that several contacts have: a conversion's id is its contact's own."""


class Converted(NamedTuple):
    """A conversion as the read model has it. Instants are the read model's text, amounts decimals."""

    contact_id: str
    conversion_id: str
    name: str
    occurred_at: str
    model: str
    version: int
    capped: bool
    currency: str
    exponent: int
    value: str
    refunded: str
    net: str
    """What is split: value less refunded."""
    unattributed: str


class ExplainedTouchpoint(NamedTuple):
    """A touchpoint of the contact, as the conversion saw it."""

    touchpoint_id: str
    name: str
    occurred_at: str
    expires_at: str
    verdict: Verdict
    credit: str | None
    """None where it did not count."""
    dimensions: Mapping[str, str]


class Share(NamedTuple):
    """What one value of a dimension earned; value None is what is unattributed."""

    dimension: str
    value: str | None
    credit: str


class Explanation(NamedTuple):
    """A conversion, and all that led to it or did not."""

    conversion: Converted
    touchpoints: list[ExplainedTouchpoint]
    """By (occurred_at, event id)."""
    shares: list[Share]
    """By dimension and value."""


def explain(database: sqlite3.Connection, conversion_id: str, contact_id: str | None = None) -> Explanation:
    """Explain a conversion; the contact is needed where several have one of that id.

    Raises:
        UnknownConversionError: there is none.
        AmbiguousConversionError: there are several.
    """
    conversion = _conversion(database, conversion_id, contact_id)
    shares = database.execute(
        """SELECT dimension, value, credit_minor FROM credit_by_dimension
           WHERE contact_id = ? AND conversion_id = ? ORDER BY place""",
        (conversion.contact_id, conversion.conversion_id),
    )
    return Explanation(
        conversion,
        _touchpoints(database, conversion),
        [Share(dimension, value, format_amount(minor, conversion.exponent)) for dimension, value, minor in shares],
    )


def _conversion(database: sqlite3.Connection, conversion_id: str, contact_id: str | None) -> Converted:
    found = database.execute(
        """SELECT contact_id, conversion_id, name, occurred_at, model, version, capped, currency, exponent,
                  value_minor, refunded_minor, unattributed_minor
           FROM conversions JOIN currencies USING (currency)
           WHERE conversion_id = ?1 AND (?2 IS NULL OR contact_id = ?2) ORDER BY contact_id LIMIT 4""",
        (conversion_id, contact_id),
    ).fetchall()
    if not found:
        of_contact = "" if contact_id is None else f" of contact {contact_id!r}"
        raise UnknownConversionError(f"the read model has no conversion {conversion_id!r}{of_contact}; check the id")
    if len(found) > 1:
        contacts = ", ".join([repr(row[0]) for row in found[:3]] + ["…"] * (len(found) > 3))
        raise AmbiguousConversionError(
            f"several contacts have a conversion {conversion_id!r} ({contacts}); say whose with --contact"
        )
    *known, exponent, value, refunded, unattributed = found[0]
    amounts = [format_amount(minor, exponent) for minor in (value, refunded, value - refunded, unattributed)]
    return Converted._make([*known, exponent, *amounts])


def _touchpoints(database: sqlite3.Connection, conversion: Converted) -> list[ExplainedTouchpoint]:
    earned = dict(
        database.execute(
            "SELECT touchpoint_id, credit_minor FROM credit_by_touchpoint WHERE contact_id = ? AND conversion_id = ?",
            (conversion.contact_id, conversion.conversion_id),
        ).fetchall()
    )
    rows = database.execute(
        """SELECT event_id, name, occurred_at, expires_at, retracted, dimensions
           FROM touchpoints WHERE contact_id = ? ORDER BY occurred_at, event_id""",
        (conversion.contact_id,),
    )
    explained = []
    for touchpoint_id, name, occurred_at, expires_at, retracted, dimensions in rows:
        minor = earned.get(touchpoint_id)
        if minor is not None:
            verdict = Verdict.ACTIVE
        elif occurred_at > conversion.occurred_at:
            verdict = Verdict.AFTER_CONVERSION
        elif expires_at < conversion.occurred_at:
            verdict = Verdict.EXPIRED
        else:
            verdict = Verdict.RETRACTED if retracted else Verdict.OVER_CAP
        credit = None if minor is None else format_amount(minor, conversion.exponent)
        explained.append(
            ExplainedTouchpoint(touchpoint_id, name, occurred_at, expires_at, verdict, credit, json.loads(dimensions))
        )
    return explained
