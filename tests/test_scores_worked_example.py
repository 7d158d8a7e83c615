"""The contract's own profile at work: a contact that opens mails, wants no more of them, and is thought well of."""

from __future__ import annotations

from pathlib import Path

from config.definitions import load_definitions
from events.instant import DAY_US, HOUR_US, parse_instant
from projections.scores.facts import Scored
from projections.scores.message import encode_score
from projections.scores.score import next_change_us, score
from tests.scoring import CONTACT, adjusted, opened, updated

DEFINITIONS = Path(__file__).with_name("data") / "definitions.toml"
ENGAGEMENT = load_definitions(DEFINITIONS).profiles["engagement"]
NOW = parse_instant("2024-07-15T12:00:00Z")


def spring(event_id: str, age_us: int, campaign: str = "spring") -> Scored:
    return opened(event_id, NOW - age_us, properties={"campaign": campaign})


# Of the six that match and are younger than ten days, every second counts: 5 x (0.2 + 0.6 + 0.9) = 8.5, and so 8.
# Their group may give 6 at most. 8 - 20 - 2 + 30 = 16.
FACTS = [
    spring("too old", 10 * DAY_US),
    spring("o1", 9 * DAY_US),
    spring("o2", 8 * DAY_US),
    spring("another campaign", 7 * DAY_US, "winter"),
    spring("o3", 5 * DAY_US, "summer"),
    spring("o4", 4 * DAY_US),
    spring("o5", DAY_US + HOUR_US),
    spring("o6", DAY_US),
    updated("u1", NOW - HOUR_US, dnd=["push", "post", "voice", "sms", "email"], groups=["donors"]),
    adjusted("a1", NOW - 1, profile_id="engagement", points=30),
]
MESSAGE = (
    b'{"contact_id":"donor-7","profile_id":"engagement","profile_revision":3,"score":16,"unclamped":16,"band":"warm",'
    b'"as_of":"2024-07-15T12:00:00Z","rules":[{"rule_id":"opens","times":3,"points":8},'
    b'{"rule_id":"all_dnd","times":1,"points":-20},{"rule_id":"silent","times":0,"points":0}],'
    b'"groups":[{"group_id":"mail","points":-2}],"adjusted":30,"version":1721044800000000}'
)


def test_the_contracts_profile_gives_this_message_byte_for_byte() -> None:
    found = score(ENGAGEMENT, FACTS, NOW, CONTACT)

    assert found is not None
    assert encode_score(found, NOW) == MESSAGE


def test_it_changes_when_eight_and_a_half_has_faded_below_seven_and_a_half() -> None:
    """Three facts fade by 5 / 10 a day each: one point in 16 hours, and a half goes to the even 8."""
    change_us = NOW + 16 * HOUR_US + 1
    before, after = (score(ENGAGEMENT, FACTS, at, CONTACT) for at in (change_us - 1, change_us))

    assert next_change_us(ENGAGEMENT, FACTS, NOW) == change_us
    assert before is not None
    assert after is not None
    assert (before.rules[0].points, after.rules[0].points) == (8, 7)


def test_staff_have_no_score() -> None:
    hired = updated("u2", NOW, groups=["staff"])

    assert score(ENGAGEMENT, [*FACTS, hired], NOW, CONTACT) is None
