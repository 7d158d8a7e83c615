"""The facts of topic `contacts` in a replay: attributes to the read model, erasures for whoever decides after them."""

from __future__ import annotations

from collections.abc import Iterable

from events.contacts import ContactUpdated
from projections.instants import instant_text
from projections.tables import CONTACT_UPDATES, CONTACTS
from projections.writing.contacts import contact_row
from streams.replay.asked import Asked
from streams.replay.desk import Desk
from streams.replay.lives import NEVER_ERASED, Chapter, Lives, chapters
from streams.replay.scores import Scoring
from streams.replay.sent import SentEntry, by_key
from streams.replay.settling import Settled, outdone


class Contacts:
    """Takes everything that was sent about contacts. What it keeps of them in memory is when they were erased."""

    def __init__(self, desk: Desk, scoring: Scoring, asked: Asked) -> None:
        self._lives: dict[str, Lives] = {}
        self._desk = desk
        self._scoring = scoring
        self._as_of_us = asked.as_of_us

    def lives_of(self, contact_id: str) -> Lives:
        """When that contact was erased."""
        return self._lives.get(contact_id, NEVER_ERASED)

    def run(self, batches: Iterable[list[SentEntry]]) -> None:
        """Take all facts, contact by contact."""
        for contact_id, sent in by_key(batches):
            lives = Lives()
            for chapter in chapters(sent, lives):
                if chapter.life < lives.last:
                    self._forget(chapter)
                else:
                    self._tell(contact_id, chapter.settled)
                if chapter.life == lives.at(self._as_of_us):
                    self._score(chapter.settled)
            if lives.last:
                self._lives[contact_id] = lives

    def _score(self, settled: Settled) -> None:
        for each in settled.kept:
            self._scoring.add_other(each)

    def _forget(self, chapter: Chapter) -> None:
        """Of a life that was erased the erasures alone were sent."""
        for erasure in chapter.erasures:
            self._desk.tally.accept(erasure.occurred_us)
        settled = chapter.settled
        self._desk.tally.erased += len(settled.kept) - len(chapter.erasures) + settled.copies + len(settled.conflicting)

    def _tell(self, contact_id: str, settled: Settled) -> None:
        self._desk.tally.duplicates += settled.copies
        for each in settled.conflicting:
            self._desk.letters.add(each.line, outdone(each.fact))
        updates = []
        for each in settled.kept:
            self._desk.tally.accept(each.occurred_us)
            fact = each.fact
            if isinstance(fact, ContactUpdated):
                updates.append((instant_text(fact.occurred_us), fact.event_id, fact.attributes_json.decode()))
        if updates:
            updates.sort()
            rows = [(contact_id, event_id, at, attributes, None, None) for at, event_id, attributes in updates]
            self._desk.model.write(CONTACT_UPDATES, sorted(rows))
            self._desk.model.write(CONTACTS, [contact_row(contact_id, updates)])
