"""Facts about interactions in a replay: follow-ups, what the rules forbade, and the rows of both.

Taken key by key, each one's facts in the order of the log, which is that of the files and their lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from events.interactions import InteractionFact
from projections.followups.book import Book, Rejected
from projections.followups.due import status_at
from projections.followups.interaction import Interaction
from projections.followups.messages import encode_followup, encode_rejection
from projections.tables import INTERACTION_HISTORY, INTERACTIONS, REJECTIONS
from projections.writing import person_rows
from projections.writing.facts import history_row
from streams.replay.asked import Asked
from streams.replay.contacts import Contacts
from streams.replay.desk import Desk
from streams.replay.scores import Scoring
from streams.replay.sent import Sent, SentEntry, by_key
from streams.replay.settling import Settled, outdone, settle
from streams.replay.sorting import ExternalSort

_BUDGET_BYTES: Final = 24 << 20
_OVERHEAD_BYTES: Final = 300

_Followup: TypeAlias = tuple[str, str, str, bytes]
"""interaction id, contact id, owner, the interaction."""
_Rejection: TypeAlias = tuple[int, str, str, str, bytes]
"""occurred_us, event id, contact id, owner, the message."""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Interaction).decode


class Interactions:
    """Takes everything that was sent about interactions, then writes what follows."""

    def __init__(self, desk: Desk, contacts: Contacts, scoring: Scoring, asked: Asked) -> None:
        _, self._model, self._letters, self._tally = desk
        self._contacts = contacts
        self._scoring = scoring
        self._asked = asked
        self._users = asked.users
        self._rows = person_rows.Interactions()
        self._followups = ExternalSort[_Followup](desk.folder, "followups", _BUDGET_BYTES)
        self._rejections = ExternalSort[_Rejection](desk.folder, "rejections", _BUDGET_BYTES)

    def run(self, batches: Iterable[list[SentEntry]]) -> None:
        """Take all facts, key by key."""
        for key, sent in by_key(batches):
            lives = self._contacts.lives_of(key)
            told = lives.at(self._asked.as_of_us)
            by_life: dict[int, list[Sent]] = {}
            for each in sent:
                by_life.setdefault(lives.of(each.occurred_us), []).append(each)
            for life, facts in sorted(by_life.items()):
                settled = settle(facts)
                is_last = life == lives.last
                if is_last:
                    self._refuse(settled)
                else:
                    self._tally.erased += len(facts)
                if life == told:
                    self._take(settled.kept, is_erased=not is_last)
                elif is_last:
                    self._tally.later += len(settled.kept)

    def write(self, as_of_us: int, followups: Path, rejections: Path) -> None:
        """All follow-ups with their status at an instant, and what was rejected up to it."""
        with followups.open("wb") as file:
            for followup_batch in self._followups.batches():
                for *_, packed in followup_batch:
                    interaction: Interaction = _unpack(packed)
                    status = status_at(interaction, self._users, as_of_us)
                    file.write(encode_followup(interaction, self._users, status) + b"\n")
        with rejections.open("wb") as file:
            for rejection_batch in self._rejections.batches():
                messages = [message for occurred_us, *_, message in rejection_batch if occurred_us <= as_of_us]
                file.writelines([message + b"\n" for message in messages])
                self._model.write(REJECTIONS, [person_rows.rejection_row(message) for message in messages])

    def _refuse(self, settled: Settled) -> None:
        self._tally.duplicates += settled.copies
        for each in settled.conflicting:
            self._letters.add(each.line, outdone(each.fact))

    def _take(self, sent: Iterable[Sent], *, is_erased: bool) -> None:
        """The facts of one life make its book. `is_erased`: an erasure that has not come by then takes them all."""
        book = Book(self._users)
        for each in sent:
            if self._asked.leaves_out(each.occurred_us):
                self._tally.later += not is_erased
                continue
            fact = each.fact
            assert isinstance(fact, InteractionFact)  # the others are sorted elsewhere
            outcome = book.take(fact)
            if isinstance(outcome, Rejected):
                self._tally.rejected += not is_erased
                self._reject(outcome)
                continue
            if not is_erased:
                self._tally.accept(each.occurred_us)
            row = history_row(fact, each.value, self._letters.log_of(each.intake), each.number)
            self._model.write(INTERACTION_HISTORY, [row])
            self._scoring.add_other(each)
        for interaction_id in sorted(book.interactions):
            self._tell(book.interactions[interaction_id])

    def _tell(self, interaction: Interaction) -> None:
        version = self._rows.version_of(encode_followup(interaction, self._users))
        self._model.write(INTERACTIONS, version.rows[0])
        packed = _pack(interaction)
        entry = (interaction.interaction_id, interaction.contact_id or "", interaction.owner or "", packed)
        self._followups.extend([entry], len(packed) + _OVERHEAD_BYTES)

    def _reject(self, rejected: Rejected) -> None:
        fact: InteractionFact = rejected.fact
        message = encode_rejection(fact, rejected.reason)
        entry = (fact.occurred_us, fact.event_id, fact.contact_id or "", fact.owner or "", message)
        self._rejections.extend([entry], len(message) + _OVERHEAD_BYTES)
