"""Who is who at the sample charity: its staff and their work, its supporters and where they live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

STAFF: Final = ("amina", "bevan", "carys", "dev")
"""User ids, as `examples/charity/definitions.toml` has them."""


class Task(NamedTuple):
    """A kind of work with a supporter."""

    title: str
    kind: str
    interaction_type: str
    days: int
    """Until it is due."""
    done: float
    """Share that is done, most of it in time."""
    outcome: str
    response_required: float
    """Share that asks for a response."""
    recurrence: str | None = None


TASKS: Final = (
    Task("Thank for the gift", "customer", "call", 3, 0.85, "thanked", 0.05),
    Task("Ask for a Gift Aid declaration", "customer", "letter", 14, 0.70, "declared", 0.40),
    Task("Invite to the open day", "prospect", "call", 7, 0.75, "coming", 0.50),
    Task("Answer the complaint", "customer", "mail", 2, 0.80, "settled", 1.0),
    Task("Keep in touch", "customer", "call", 10, 0.80, "talked", 0.10, "FREQ=MONTHLY"),
)

_FIRST: Final = ("Ada", "Bronwen", "Chidi", "Dilys", "Euan", "Fatima", "Gwen", "Hamish", "Imran", "Jean", "Kofi", "Zoë")
_LAST: Final = ("Adeyemi", "Brown", "Clarke", "Davies", "Evans", "Khan", "MacLeod", "Ó Briain", "Patel", "Smith")
_PLACES: Final = (
    ("Leeds", "LS1 4AP", "Europe/London"),
    ("Cardiff", "CF10 3NP", "Europe/London"),
    ("Glasgow", "G2 1DY", "Europe/London"),
    ("Belfast", "BT1 5GS", "Europe/London"),
    ("Dublin", "D02 X285", "Europe/Dublin"),
    ("Porto", "4000-322", "Europe/Lisbon"),
)
_KINDS: Final = ("donor", "donor", "donor", "member", "prospect")
_DND: Final[tuple[tuple[str, ...], ...]] = (
    *[()] * 16,
    ("sms",),
    ("voice", "sms"),
    ("email",),
    ("email", "sms", "voice", "post", "push"),
)


def card(supporter: int, draws: Sequence[float]) -> dict[str, object]:
    """What the office notes when it enters a supporter, by six draws between 0 and 1."""
    first, last, place, kind, dnd, staff = draws
    name = f"{_FIRST[int(first * len(_FIRST))]} {_LAST[int(last * len(_LAST))]}"
    city, postcode, time_zone = _PLACES[int(place * len(_PLACES))]
    attributes: dict[str, object] = {
        "name": name,
        "email": f"donor-{supporter:06d}@example.org",
        "kind": _KINDS[int(kind * len(_KINDS))],
        "owner": STAFF[int(staff * len(STAFF))],
        "city": city,
        "postcode": postcode,
        "time_zone": time_zone,
        "dnd": _DND[int(dnd * len(_DND))],
    }
    if staff > 0.99:
        attributes["groups"] = ["staff"]
    return attributes


def moved(draw: float) -> dict[str, object]:
    """What changes with a supporter who moves."""
    city, postcode, time_zone = _PLACES[int(draw * len(_PLACES))]
    return {"city": city, "postcode": postcode, "time_zone": time_zone}
