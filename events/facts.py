"""The facts of every topic together, and the key that each one's record has."""

from __future__ import annotations

from typing import TypeAlias

from events.contacts import ContactFact
from events.fact import Fact
from events.interactions import InteractionFact

AnyFact: TypeAlias = Fact | InteractionFact | ContactFact


def key_of(fact: AnyFact) -> str:
    """What the facts of one contact share, or of one owner's personal interactions: the key of the fact's record."""
    return owner_key(fact.owner) if fact.contact_id is None else fact.contact_id


def owner_key(owner: str | None) -> str:
    """The key of a user's personal interactions."""
    return f"user:{owner}"
