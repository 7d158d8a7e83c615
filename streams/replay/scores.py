"""Scores in a replay: accepted facts are put aside, and each contact's are scored once the instant is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from config.catalogue import Catalogue
from config.profile import EventRule, InactivityRule, Profile
from events.topics import CONTACTS
from projections.scores.facts import Scored, scored
from projections.scores.history import History
from projections.scores.message import encode_score, next_version
from projections.scores.score import Scorer
from projections.sqlite import SqliteWriter
from projections.tables import SCORES
from projections.writing import person_rows
from streams.replay.asked import Asked
from streams.replay.entry import Entry
from streams.replay.sent import Sent
from streams.replay.sorting import ExternalSort

_TAKES_BACK: Final = ("touchpoint.retracted", "conversion.cancelled", "interaction.deleted")
_BUDGET_BYTES: Final = 96 << 20
_OVERHEAD_BYTES: Final = 400

_Aside: TypeAlias = tuple[str, int, str, int, int, bool, bytes]
"""contact id, occurred_us, event id, intake, number, whether a profile looks at it, its bytes."""


class _Look(msgspec.Struct):
    """What tells whether a profile looks at a fact."""

    type: str
    name: str | None = None


_look = msgspec.json.Decoder(_Look).decode


class Scoring:
    """Takes accepted facts, then writes every contact's score under every published profile.

    In memory are the facts of one contact, of those the ones that any profile looks at.
    """

    def __init__(self, folder: Path, catalogue: Catalogue, asked: Asked) -> None:
        published = (profile for profile in asked.profiles if profile.published)
        self._scorers = [Scorer(profile) for profile in sorted(published, key=lambda profile: profile.profile_id)]
        self._seen = frozenset(_seen(scorer.profile for scorer in self._scorers))
        self._catalogue = catalogue
        self._asked = asked
        self._aside = ExternalSort[_Aside](folder, "scored", _BUDGET_BYTES)

    @property
    def is_asked(self) -> bool:
        """Whether there is any profile to score under."""
        return bool(self._scorers)

    def add(self, entry: Entry) -> None:
        """Take an accepted fact of attribution."""
        contact_id, occurred_us, _, event_id, source, number, _, _, value = entry
        self._put(contact_id, occurred_us, event_id, source, number, value)

    def add_other(self, sent: Sent) -> None:
        """Take an accepted fact about a contact or about an interaction; a personal one is nobody's."""
        contact_id = sent.fact.contact_id
        if contact_id is not None:
            self._put(contact_id, sent.occurred_us, sent.event_id, sent.intake, sent.number, sent.value)

    def write(self, as_of_us: int, path: Path, model: SqliteWriter) -> None:
        """Score every contact as of an instant."""
        rows = person_rows.Scores()
        with path.open("wb") as file:
            for contact_id, facts in self.by_contact():
                history = History(facts, as_of_us)
                for scorer in self._scorers:
                    score = scorer.score(history, contact_id)
                    if score is not None:
                        message = encode_score(score, next_version(as_of_us, None))
                        file.write(message + b"\n")
                        model.write(SCORES, rows.version_of(message).rows[0])

    def _put(self, contact_id: str, occurred_us: int, event_id: str, source: int, number: int, value: bytes) -> None:
        if not self._scorers or self._asked.leaves_out(occurred_us):
            return
        looked = _look(value)
        seen = (looked.type, None) in self._seen or (looked.type, looked.name) in self._seen
        entry = (contact_id, occurred_us, event_id, source, number, seen, value)
        self._aside.extend([entry], len(value) + _OVERHEAD_BYTES)

    def by_contact(self) -> Iterator[tuple[str, list[Scored]]]:
        """The facts put aside of each contact, as far as the profiles look at them, with the earliest of all."""
        for contact_id, entries in groupby(chain.from_iterable(self._aside.batches()), key=itemgetter(0)):
            facts: list[Scored] = []
            for _, occurred_us, _, _, _, seen, value in entries:
                if seen or not facts:  # the earliest says since when the contact is known
                    facts.append(scored(value, self._catalogue, occurred_us))
            yield contact_id, facts


def _seen(profiles: Iterable[Profile]) -> Iterator[tuple[str, str | None]]:
    """The facts that any of these profiles looks at, by type and name (None: of any name)."""
    yield from ((kind, None) for kind in (*CONTACTS.event_types, *_TAKES_BACK))
    for profile in profiles:
        for rule in profile.rules:
            if isinstance(rule, EventRule):
                yield rule.when.type, rule.when.name
            elif isinstance(rule, InactivityRule):
                yield rule.unless.type, rule.unless.name
