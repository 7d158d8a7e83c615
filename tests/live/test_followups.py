"""Follow-ups live: killed, wiped and started again, the topics say what the facts come to, and nothing twice."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from events.codec import decode
from events.interactions import InteractionFact
from projections.followups.book import Book, Rejected
from projections.followups.messages import encode_followup
from projections.followups.users import Users
from tests.live.conftest import Install
from tests.live.installation import Installation
from tests.live.log import Sent, read

CONTACTS: Final = [f"contact {number}" for number in range(12)]
ERASED: Final = CONTACTS[3]
TOPICS: Final = ("followups", "reminders", "rejections", "dead-letters")
USERS: Final = Users()

Fields = dict[str, Any]


def story(seed: int, now: datetime) -> list[Fields]:
    """Facts about interactions, some forbidden, some copies; an erasure among them; a few due today."""
    dice = random.Random(seed)
    facts: list[Fields] = []

    def add(contact: str, what: str, number: int, **fields: object) -> None:
        facts.append(
            {
                "type": f"interaction.{what}",
                "event_id": f"e{len(facts)}",
                "contact_id": contact,
                "occurred_at": (now - timedelta(minutes=5) + timedelta(milliseconds=len(facts))).isoformat(),
                "interaction_id": f"i{number}",
                "actor": "u1",
            }
            | fields
        )

    for number in range(10):
        for contact in CONTACTS:
            today = dice.random() < 0.3
            due = (now.date() if today else now.date() + timedelta(days=dice.randrange(-3, 9))).isoformat()
            rule = {"recurrence": "FREQ=WEEKLY"} if dice.random() < 0.3 else {}
            response = dice.random() < 0.5
            add(contact, "scheduled", number, kind="customer", due_on=due, response_required=response, **rule)
            add(contact, "posted", dice.randrange(12), text="heard nothing yet")
            if dice.random() < 0.4:
                add(contact, "completed", dice.randrange(10), outcome="reached")
            if dice.random() < 0.2:
                facts.append(dice.choice(facts))
    middle = len(facts) // 2
    erased = {
        "type": "contact.erased",
        "event_id": "x",
        "contact_id": ERASED,
        "occurred_at": facts[middle]["occurred_at"],
    }
    return [*facts[:middle], erased, *facts[middle:]]


def expected(facts: list[Fields]) -> tuple[dict[str, Book], list[Rejected]]:
    """What the facts come to, folded key by key as if what was erased had never been sent."""
    books = {contact: Book(USERS) for contact in CONTACTS}
    rejected = []
    until = next(decoded(fact).occurred_us for fact in facts if fact["type"] == "contact.erased")
    books[ERASED].erased_us = until
    for fact in facts:
        if fact["type"] != "contact.erased":
            taken = books[fact["contact_id"]].take(decoded(fact))
            rejected += [taken] if isinstance(taken, Rejected) else []
    return books, rejected


def decoded(fact: Fields) -> InteractionFact:
    topic = "contacts" if fact["type"] == "contact.erased" else "interactions"
    return decode(topic, json.dumps(fact).encode())  # type: ignore[return-value]


def test_follow_ups_outlive_kills_and_lost_disks(install: Install) -> None:
    # Given
    installation = install(partitions=2)
    now = datetime.now(UTC)
    facts = story(7, now)
    books, rejected = expected(facts)

    # When
    size = len(facts) // 4 + 1
    pieces = [facts[first : first + size] for first in range(0, len(facts), size)]
    for number, piece in enumerate(pieces):
        worker = installation.serving("a", "followups")
        installation.send(
            Sent(
                "contacts" if fact["type"] == "contact.erased" else "interactions",
                fact["contact_id"].encode(),
                json.dumps(fact).encode(),
            )
            for fact in piece
        )
        time.sleep(0.1 * number)
        worker.kill()
        if number == 1:
            installation.wipe("a")
    worker = installation.serving("a", "followups")
    wanted = {
        (contact, interaction.interaction_id): without_version(encode_followup(interaction, USERS))
        for contact, book in books.items()
        for interaction in book.interactions.values()
    }
    installation.wait_until(lambda: last_said(installation) == wanted)
    time.sleep(0.5)
    assert worker.stop() == 0

    # Then
    followups, reminders, rejections, letters = (
        read(installation.broker, *installation.topics([name])) for name in TOPICS
    )
    assert letters == []
    versions: dict[bytes | None, int] = {}
    for record in followups:  # in the order of the log; a tombstone ends a key's numbers
        version = 0 if record.value is None else json.loads(record.value)["version"]
        assert version > versions.get(record.key, 0) or version == 0
        versions[record.key] = version
    named = Counter((message["contact_id"], message["event_id"]) for message in map(parsed, rejections))
    assert max(named.values()) == 1
    assert named.keys() >= {(one.fact.contact_id, one.fact.event_id) for one in rejected}
    reminded = Counter((record.key, parsed(record)["sent_for"]) for record in reminders)
    assert max(reminded.values()) == 1
    due_today = {
        json.dumps([contact, interaction.interaction_id], separators=(",", ":")).encode()
        for contact, book in books.items()
        for interaction in book.interactions.values()
        if interaction.needs_response and interaction.schedule.due_on == now.date()
    }
    assert {key for key, _ in reminded} >= (due_today if now.hour >= USERS.reminder_hour else set())


def last_said(installation: Installation) -> dict[tuple[str, str], Fields]:
    """The last record of each key, without its version; tombstones take keys away."""
    last: dict[tuple[str, str], Fields] = {}
    for record in read(installation.broker, *installation.topics(["followups"])):
        name, interaction_id = json.loads(record.key or b"")
        if record.value is None:
            last.pop((name, interaction_id), None)
        else:
            last[name, interaction_id] = without_version(record.value)
    return last


def without_version(message: bytes) -> Fields:
    fields: Fields = json.loads(message)
    del fields["version"]
    return fields


def parsed(record: Any) -> Fields:
    fields: Fields = json.loads(record.value)
    return fields
