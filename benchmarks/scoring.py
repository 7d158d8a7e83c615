"""What it costs to score a contact: five profiles of ten rules, contacts of twenty facts, and one of ten thousand."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Final, NamedTuple

from benchmarks import machine
from benchmarks.report import keep, table, verdict
from config.catalogue import Catalogue, load_catalogue
from config.profile import Profile
from config.profile_reading import read_profile
from events.instant import DAY_US, HOUR_US, format_instant, parse_instant
from projections.scores.facts import Scored, scored
from projections.scores.history import History
from projections.scores.message import encode_score
from projections.scores.score import Scorer

SEED: Final = 1_877
NOW: Final = parse_instant("2026-07-01T12:00:00Z")
NAMES: Final = ("google_ad_click", "email_open", "email_clicked", "phone_call", "website_visit")
PROFILES: Final = 5
FACTS: Final = 20
MANY: Final = 10_000
TARGET_US: Final = 60
"""A fact: a contact that is touched is scored once, so a whole scoring may take as much for each of its facts."""

RULES: Final = """
groups = { mail = { floor = -10, ceiling = 40 } }
bands = [{ name = "cold", from = 0 }, { name = "warm", from = 20 }, { name = "hot", from = 60 }]
floor = 0
ceiling = 200

[[rules]]
rule_id = "opens"
points = 5
when = { type = "touchpoint.recorded", name = "email_open" }
decay_over = "P30D"

[[rules]]
rule_id = "clicks"
points = 8
when = { type = "touchpoint.recorded", name = "email_clicked" }
where = [{ field = "properties.campaign", op = "in", value = ["spring", "summer"] }]
group = "mail"

[[rules]]
rule_id = "visits"
points = 1
when = { type = "touchpoint.recorded", name = "website_visit" }
window = "P30D"
max_per_day = 3

[[rules]]
rule_id = "calls"
points = 10
when = { type = "touchpoint.recorded", name = "phone_call" }
max_times = 3

[[rules]]
rule_id = "adverts"
points = 2
when = { type = "touchpoint.recorded", name = "google_ad_click" }
every = 2

[[rules]]
rule_id = "gifts"
points = 20
when = { type = "conversion.recorded" }
decay_over = "P365D"

[[rules]]
rule_id = "large"
points = 30
when = { type = "conversion.recorded" }
where = [{ field = "value", op = ">=", value = 100 }]

[[rules]]
rule_id = "met"
points = 15
when = { type = "interaction.logged" }
window = "P90D"

[[rules]]
rule_id = "all_dnd"
points = -20
if = [{ field = "dnd", op = "contains_all", value = ["email", "sms", "voice", "post", "push"] }]

[[rules]]
rule_id = "silent"
points = -5
unless = { type = "touchpoint.recorded" }
within = "P30D"
"""


class Timed(NamedTuple):
    """What scorings took, each under all profiles, with its next change and its messages."""

    what: str
    facts: int
    """Of each contact."""
    scorings: int
    seconds: float

    @property
    def each_us(self) -> float:
        return self.seconds / self.scorings * 1e6

    @property
    def fact_us(self) -> float:
        return self.each_us / self.facts


def scoring(contacts: int, command: str) -> None:
    """Contacts of twenty facts, and one of very many."""
    catalogue, draws = load_catalogue(None), Random(SEED)
    scorers = [Scorer(profile) for profile in _profiles()]
    found = [
        _timed("contacts", [list(_facts(catalogue, draws, FACTS)) for _ in range(contacts)], scorers),
        _timed("a contact of many facts", [list(_facts(catalogue, draws, MANY))], scorers),
    ]
    few = found[0]
    text = verdict(few.fact_us <= TARGET_US, f"at most {TARGET_US} µs a fact of a contact", f"{few.fact_us:.1f} µs")
    rows = [each._asdict() | {"each_us": each.each_us} for each in found]
    keep("scoring", command, machine.facts(), rows, f"{_table(found)}\n\n{text}")


def _profiles() -> Iterator[Profile]:
    for place in range(PROFILES):
        yield read_profile(f"p{place}", tomllib.loads(RULES, parse_float=Decimal))


def _facts(catalogue: Catalogue, draws: Random, count: int) -> Iterator[Scored]:
    yield _fact(catalogue, 0, NOW - 400 * DAY_US, "contact.updated", attributes={"dnd": ["email"], "city": "Leeds"})
    for place in range(1, count):
        at = NOW - draws.randrange(200 * DAY_US // HOUR_US) * HOUR_US
        match draws.randrange(10):
            case 0:
                gift = {"name": "donation", "value": f"{draws.randrange(1, 200)}.00", "currency": "GBP"}
                yield _fact(catalogue, place, at, "conversion.recorded", **gift)
            case 1:
                met = {"interaction_id": f"i{place}", "kind": "customer", "outcome": "met", "actor": "u1"}
                yield _fact(catalogue, place, at, "interaction.logged", **met)
            case _:
                campaign = {"campaign": draws.choice(("spring", "summer", "winter"))}
                name = draws.choice(NAMES)
                yield _fact(catalogue, place, at, "touchpoint.recorded", name=name, properties=campaign)


def _fact(catalogue: Catalogue, place: int, at: int, what: str, **fields: object) -> Scored:
    head = {"type": what, "event_id": f"e{place}", "contact_id": "k", "occurred_at": format_instant(at)}
    return scored(json.dumps(head | fields).encode(), catalogue)


def _timed(what: str, histories: list[list[Scored]], scorers: list[Scorer]) -> Timed:
    began = time.perf_counter()
    for facts in histories:
        history = History(facts, NOW)
        for scorer in scorers:
            found = scorer.score(history, "k")
            scorer.next_change_us(history)
            assert found is not None  # none of these profiles excludes anyone
            encode_score(found, NOW)
    return Timed(what, len(histories[0]), len(histories), time.perf_counter() - began)


def _table(found: list[Timed]) -> str:
    rows = [(each.what, f"{each.facts:,}", f"{each.each_us:,.0f}", f"{each.fact_us:.1f}") for each in found]
    return table(("scored", "facts each", "µs a scoring", "µs a fact"), rows)
