"""Facts of the topic `contacts`: what a contact is like, corrections of its scores by hand, and its end.

As in `events.fact`: instants are microseconds, ids the text as sent, and equal structs are one and the same fact.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from events.sent import fields_of


class ContactUpdated(Struct, frozen=True, gc=False, tag=True):
    """`contact.updated`."""

    contact_id: str
    event_id: str
    occurred_us: int
    attributes_json: bytes
    """Canonical JSON of the attributes: equal bytes are equal attributes, which Python's 1 == True does not say."""

    @property
    def attributes(self) -> dict[str, object]:
        """By name; None hides an attribute. Numbers are int, or Decimal where they have a fraction or an exponent."""
        return fields_of(self.attributes_json)


class ScoreAdjusted(Struct, frozen=True, gc=False, tag=True):
    """`score.adjusted`: exactly one of `points` and `set_to` is given."""

    contact_id: str
    event_id: str
    occurred_us: int
    profile_id: str
    points: int | None
    set_to: int | None
    actor: str
    reason: str | None


class ContactErased(Struct, frozen=True, gc=False, tag=True):
    """`contact.erased`."""

    contact_id: str
    event_id: str
    occurred_us: int


ContactFact: TypeAlias = ContactUpdated | ScoreAdjusted | ContactErased
