"""Scores of one partition: which contacts to look at, and what is new to say of them, under every published profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from config.catalogue import Catalogue
from config.profile import Profile
from events.canonical import digest
from events.facts import AnyFact
from events.instant import DAY_US
from events.refusal import Refusal
from events.topics import SCORE_CHANGES, SCORES, Topic
from projections.followups.users import Users
from projections.scores.bands import said_band
from projections.scores.history import History
from projections.scores.message import encode_change, encode_score, next_version, score_key
from projections.scores.score import Score, Scorer
from streams.received import Received
from streams.scores.accepting import Accepting
from streams.scores.due import AT_ONCE, Due
from streams.scores.ledger import Ledger, content_of
from streams.scores.rows import PROFILES, Publishing, Said, pack, unpack_publishing
from streams.state import PartitionState

PIECE = 1_000
"""Contacts that are looked at in one go though nothing happened to them."""


class Message(Struct, frozen=True):
    """What is to be said; None: a tombstone."""

    topic: Topic
    key: bytes
    value: bytes | None


class Desk:
    """Facts in, messages out. The time is that of the last `wake`."""

    def __init__(self, state: PartitionState, catalogue: Catalogue, users: Users, profiles: Sequence[Profile]) -> None:
        """`profiles`: the published ones."""
        self.accepting = Accepting(state, catalogue, users)
        self.ledger = Ledger(state)
        self._state = state
        self._due = Due(state)
        self._scorers = [Scorer(profile) for profile in sorted(profiles, key=lambda profile: profile.profile_id)]
        self._now_us = 0
        self._signature = digest(repr([scorer.profile for scorer in self._scorers]).encode())
        if state.get(PROFILES) is None and not self._due.behind(b"", 1):  # whoever comes is scored under them
            state.put(PROFILES, pack(Publishing(self._signature, is_over=True)))

    @property
    def touched(self) -> dict[str, None]:
        """The contacts whose scores must be looked at now."""
        return self.accepting.touched

    @property
    def publishing(self) -> Publishing:
        """How far every contact has been scored under the published profiles."""
        row = self._state.get(PROFILES)
        found = Publishing(b"") if row is None else unpack_publishing(row)
        return found if found.signature == self._signature else Publishing(self._signature)

    def decide(self, fact: AnyFact, received: Received) -> Refusal | None:
        """Take a fact of any topic; a Refusal says why not, of facts about contacts alone."""
        return self.accepting.decide(fact, received)

    def wake(self, now_us: int) -> None:
        """Look at a piece of the contacts that are due, and at a piece of all while other profiles are published."""
        self._now_us = now_us
        self.touched.update(dict.fromkeys(self._due.by(now_us, PIECE)))
        publishing = self.publishing
        if not publishing.is_over:
            contacts = self._due.behind(publishing.cursor, PIECE)
            self.touched.update(dict.fromkeys(contacts))
            self._state.put(PROFILES, pack(_further(publishing, contacts)))

    def say(self) -> Iterator[list[Message]]:
        """What is new of each contact; from then on it counts as said."""
        for contact_id in self.touched:
            messages = self._look(contact_id)
            if messages:
                yield messages
        self.touched.clear()
        self.accepting.facts.written()

    def keep_quiet(self) -> None:
        """Look at the contacts later, a piece at a time."""
        for contact_id in self.touched:
            self._due.put(contact_id, AT_ONCE)
        self.touched.clear()
        self.accepting.facts.written()

    def _look(self, contact_id: str) -> list[Message]:
        facts = self.accepting.facts.counting(contact_id)
        history = History(facts, self._now_us)
        said = self.ledger.of(contact_id)
        messages: list[Message] = []
        for scorer in self._scorers:
            profile = scorer.profile
            score = scorer.score(history, contact_id)
            if score is not None:
                last = said.get(profile.profile_id)
                said[profile.profile_id], new = _spoken(profile, score, last)
                messages += new
            else:
                messages += _hidden(contact_id, profile.profile_id, said)
        for profile_id in said.keys() - {scorer.profile.profile_id for scorer in self._scorers}:
            messages += _hidden(contact_id, profile_id, said)
        if facts:
            self.ledger.put(contact_id, said)
            self._due.put(contact_id, self._next_us(history))
        else:
            self.ledger.put(contact_id, {})
            self._due.forget(contact_id)
        return messages

    def _next_us(self, history: History) -> int | None:
        """When a score may be another, and in any case a day later; None without any profile."""
        changes = [scorer.next_change_us(history) for scorer in self._scorers]
        known = [change for change in changes if change is not None]
        return min([*known, history.as_of_us + DAY_US]) if changes else None


def _spoken(profile: Profile, score: Score, last: Said | None) -> tuple[Said, list[Message]]:
    if last is None:
        last = Said(0, b"", None)
    version = next_version(score.as_of_us, last.version)
    message = encode_score(score, version)
    content = content_of(message)
    if last.content == content:
        return last, []
    key = score_key(score.contact_id, score.profile_id)
    messages = [Message(SCORES, key, message)]
    band = said_band(profile, score.score, last.band)
    if band != last.band:
        messages.append(Message(SCORE_CHANGES, key, encode_change(score, version, band, last.band)))
    return Said(version, content, band), messages


def _hidden(contact_id: str, profile_id: str, said: dict[str, Said]) -> list[Message]:
    last = said.get(profile_id)
    if last is None or not last.content:
        return []
    said[profile_id] = replace(last, content=b"")
    return [Message(SCORES, score_key(contact_id, profile_id), None)]


def _further(publishing: Publishing, contacts: Sequence[str]) -> Publishing:
    if not contacts:
        return replace(publishing, is_over=True)
    scored = publishing.contacts + len(contacts)
    return replace(publishing, cursor=contacts[-1].encode(), contacts=scored)
