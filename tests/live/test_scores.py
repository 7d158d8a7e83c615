"""Scores live: killed, wiped and started again, the topics say what the accepted facts come to, and nothing twice.

Behaviours E13 and T11: a profile that is published later scores everybody from facts already held.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from config.catalogue import load_catalogue
from config.definitions import load_definitions
from events.codec import decode
from events.interactions import InteractionFact
from projections.followups.book import Book, Copy, Rejected
from projections.followups.users import Users
from projections.scores.facts import Scored, scored
from projections.scores.message import encode_score
from projections.scores.score import score
from tests.live.conftest import Install
from tests.live.installation import Installation
from tests.live.log import Logged, Sent, read

CONTACTS: Final = [f"contact {number}" for number in range(12)]
ERASED: Final = CONTACTS[3]
PROFILES: Final = """
[profiles.engagement]
bands = [{ name = "cold", from = 0 }, { name = "warm", from = 10 }, { name = "hot", from = 40 }]
hysteresis = 3
exclude = [{ if = [{ field = "groups", op = "contains", value = "staff" }] }]
groups = { mail = { ceiling = 12 } }

[[profiles.engagement.rules]]
rule_id = "clicks"
when = { type = "touchpoint.recorded", name = "email_clicked" }
points = 3
group = "mail"

[[profiles.engagement.rules]]
rule_id = "talks"
when = { type = "interaction.completed" }
points = 5

[profiles.giving]
bands = [{ name = "donor", from = 1 }]

[[profiles.giving.rules]]
rule_id = "gifts"
when = { type = "conversion.recorded" }
where = [{ field = "value", op = ">", value = 20 }]
points = 10
window = "P300D"
"""
LATER: Final = """
[profiles.presence]

[[profiles.presence.rules]]
rule_id = "visits"
when = { type = "touchpoint.recorded" }
points = 1

[[profiles.presence.rules]]
rule_id = "known"
if = [{ field = "kind", op = "exists" }]
points = 100
"""

Fields = dict[str, Any]


def story(seed: int, now: datetime) -> list[Fields]:
    """Facts of all four topics, some forbidden, some undone, some copies; one contact is erased among them."""
    dice = random.Random(seed)
    facts: list[Fields] = []

    def add(contact: str, what: str, **fields: object) -> None:
        at = now - timedelta(minutes=5) + timedelta(milliseconds=len(facts))
        who = {"type": what, "event_id": f"e{len(facts)}", "contact_id": contact, "occurred_at": at.isoformat()}
        facts.append(who | fields)

    for number in range(8):
        for contact in CONTACTS:
            add(contact, "touchpoint.recorded", name=dice.choice(["email_clicked", "website_visit"]))
            if dice.random() < 0.2:  # one of these names what never comes: it waits, and takes nothing back
                add(contact, "touchpoint.retracted", touchpoint_id=f"e{len(facts) + dice.randrange(-2, 2)}")
            if dice.random() < 0.4:
                value, name = dice.choice(["5.00", "50.00"]), "donation"
                add(contact, "conversion.recorded", name=name, value=value, currency="GBP")
            if dice.random() < 0.2:
                add(contact, "conversion.cancelled", conversion_id=f"e{len(facts) - 1}")
            add(contact, "interaction.scheduled", interaction_id=f"i{number}", actor="u1", kind="customer")
            add(contact, "interaction.completed", interaction_id=f"i{dice.randrange(9)}", actor="u1", outcome="reached")
            if dice.random() < 0.1:
                add(contact, "interaction.deleted", interaction_id=f"i{dice.randrange(9)}", actor="u1")
            attributes = {"kind": "donor", "groups": ["staff"] if dice.random() < 0.2 else []}
            add(contact, "contact.updated", attributes=attributes)
            if dice.random() < 0.2:
                add(contact, "score.adjusted", profile_id="engagement", points=dice.randrange(-30, 30), actor="u1")
            if dice.random() < 0.4:
                facts.append(dice.choice(facts))
    middle = len(facts) // 2
    erased = {
        "type": "contact.erased",
        "event_id": "x",
        "contact_id": ERASED,
        "occurred_at": facts[middle]["occurred_at"],
    }
    later = middle + len(facts) // 8
    return [*facts[:later], erased, *facts[later:]]


def topic_of(fact: Fields) -> str:
    family: str = fact["type"].partition(".")[0]
    return "contacts" if family == "score" else f"{family}s"


def accepted(facts: list[Fields], catalogue: Path) -> dict[str, list[Scored]]:
    """Of each contact the facts that count, as if what was erased had never been sent."""
    rules = load_catalogue(catalogue)
    books = {contact: Book(Users()) for contact in CONTACTS}
    erased_us = next(decode("contacts", sent(fact)).occurred_us for fact in facts if fact["event_id"] == "x")  # type: ignore[union-attr]
    books[ERASED].erased_us = erased_us
    found: dict[str, list[Scored]] = {contact: [] for contact in CONTACTS}
    for fact in facts:
        judged = decode(topic_of(fact), sent(fact))
        contact = fact["contact_id"]
        if isinstance(judged, InteractionFact) and isinstance(books[contact].take(judged), Rejected | Copy):
            continue
        found[contact].append(scored(sent(fact), rules))
    return found


def test_scores_outlive_kills_and_lost_disks_and_a_profile_published_later_counts_all(install: Install) -> None:
    # Given
    installation = install(partitions=2)
    facts = story(7, datetime.now(UTC))
    definitions = installation.home / "definitions.toml"
    definitions.write_text(PROFILES)
    refused = {**next(fact for fact in facts if fact["type"] == "contact.updated"), "attributes": {"name": "Another"}}

    # When
    size = len(facts) // 2 + 1
    pieces = [facts[first : first + size] for first in range(0, len(facts), size)]
    pieces[1].append({**refused, "contact_id": CONTACTS[0]})
    for number, piece in enumerate(pieces):
        worker = installation.serving("a", "scores", EVENHAND_PROFILES=str(definitions))
        installation.send(Sent(topic_of(fact), fact["contact_id"].encode(), sent(fact)) for fact in piece)
        installation.send([Sent("touchpoints", None, b"another role says why", 0)])
        time.sleep(0.2)
        worker.kill()
        if number == 0:
            installation.wipe("a")
    worker = installation.serving("a", "scores", EVENHAND_PROFILES=str(definitions))
    installation.wait_until(lambda: last_said(installation) == expected(facts, installation, definitions))
    assert worker.stop() == 0
    definitions.write_text(PROFILES + LATER)
    worker = installation.serving("a", "scores", EVENHAND_PROFILES=str(definitions))
    installation.wait_until(lambda: last_said(installation) == expected(facts, installation, definitions))
    assert worker.stop() == 0

    # Then
    scores, changes, letters = (
        read(installation.broker, *installation.topics([name])) for name in ("scores", "score-changes", "dead-letters")
    )
    assert [json.loads(letter.value or b"")["reason"] for letter in letters] == ["conflicting_duplicate"]
    versions = rising(scores)
    assert {key for key, _ in rising(changes)} <= {key for key, _ in versions}
    assert set(rising(changes)) <= set(versions)
    for key in {record.key for record in changes}:
        moves = [parsed(record) for record in changes if record.key == key]
        assert moves[0]["previous_band"] is None
        assert all(later["previous_band"] == former["band"] != later["band"] for former, later in pairwise(moves))
    presence = Counter(json.loads(record.key or b"")[0] for record in scores if b'"presence"' in (record.key or b""))
    assert presence == Counter(CONTACTS)


def expected(facts: list[Fields], installation: Installation, definitions: Path) -> dict[tuple[str, str], Fields]:
    """What the last scores are by now."""
    now_us = time.time_ns() // 1000
    profiles = load_definitions(definitions).profiles.values()
    scores = [
        score(profile, held, now_us, contact)
        for contact, held in accepted(facts, installation.catalogue).items()
        for profile in profiles
    ]
    return {(one.contact_id, one.profile_id): timeless(encode_score(one, 0)) for one in scores if one is not None}


def last_said(installation: Installation) -> dict[tuple[str, str], Fields]:
    """The last record of each key; tombstones take keys away."""
    last: dict[tuple[str, str], Fields] = {}
    for record in read(installation.broker, *installation.topics(["scores"])):
        contact_id, profile_id = json.loads(record.key or b"")
        if record.value is None:
            last.pop((contact_id, profile_id), None)
        else:
            last[contact_id, profile_id] = timeless(record.value)
    return last


def rising(records: list[Logged]) -> list[tuple[bytes | None, int]]:
    """The versions of each key, which only grow."""
    versions = [(record.key, parsed(record)["version"]) for record in records if record.value is not None]
    last: dict[bytes | None, int] = {}
    for key, version in versions:
        assert version > last.get(key, 0)
        last[key] = version
    return versions


def sent(fact: Fields) -> bytes:
    return json.dumps(fact).encode()


def timeless(message: bytes) -> Fields:
    fields: Fields = json.loads(message)
    del fields["version"], fields["as_of"]
    return fields


def parsed(record: Logged) -> Fields:
    fields: Fields = json.loads(record.value or b"")
    return fields
