"""Deciding: contact by contact, each one's facts in order, through the decider that also works live.

Several contacts share a state that is thrown away when they are done. Only a contact of very many facts gets a database
on disk, and is then decided in stretches.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from config.catalogue import Catalogue
from events.fact import Refund, Retraction, Touchpoint
from streams.attribution import Attribution
from streams.crediting import Crediting, Said
from streams.disk import remove_tree
from streams.holds import UNBOUNDED
from streams.progress import Progress
from streams.received import UNTIMED
from streams.replay.arrivals import Arrivals
from streams.replay.aside import Aside
from streams.replay.contacts import Contacts
from streams.replay.copies import least_first
from streams.replay.desk import Desk
from streams.replay.entry import Entry, Line, fact_of
from streams.replay.ledger import Ledger
from streams.replay.lives import NEVER_ERASED, Lives
from streams.replay.remains import Remains
from streams.replay.settling import outdone
from streams.replay.shares import Shares
from streams.replay.timeline import Timeline
from streams.rocks import RocksStore
from streams.state import PartitionState
from streams.store import MemoryStore

_SHARED: Final = 20_000
"""Facts after which a state is thrown away at the next contact."""
_STRETCH: Final = 50_000
"""Facts of one contact after which its state goes to disk."""
_CACHED_TOUCHES: Final = 50_000


class Deciding:
    """Decides all facts, and hands what follows to the ledger, the read model and the dead letters."""

    def __init__(self, catalogue: Catalogue, desk: Desk, ledger: Ledger, contacts: Contacts, aside: Aside) -> None:
        self.arrivals: Arrivals | None = None
        """Where every version is wanted, what takes them; the ledger is not asked then."""
        self.shares = Shares(desk.model)
        self._catalogue = catalogue
        self._folder = desk.folder / "state"
        self._ledger = ledger
        self._timeline = Timeline(catalogue, desk.model)
        self._letters = desk.letters
        self._contacts = contacts
        self._tally = desk.tally
        self._aside = aside
        self._lives = NEVER_ERASED
        """Of the contact at hand."""
        self._life = 0
        self._remains: Remains | None = None
        """Where the present life was erased, what it leaves."""
        self._store: RocksStore | None = None
        self._refunds_received: dict[tuple[int, int], int] = {}
        """Timestamps of refunds at hand, which may turn out later to be in the wrong currency."""
        self._latest: dict[tuple[str, str], tuple[Said, bool]] = {}
        """Where every version is wanted: the last of each, and whether the read model has one of that conversion."""
        self._begin()

    def run(self, batches: Iterable[list[Entry]], progress: Progress) -> None:
        """Decide facts that come in the order of `entry`."""
        contact, facts, done = "", 0, 0
        for batch in least_first(batches, self._is_admissible, self._outdone):
            for entry in batch:
                if entry[0] != contact:
                    contact = entry[0]
                    lives = self._contacts.lives_of(contact)
                    if facts >= _SHARED or self._store is not None or lives.last or self._lives.last:
                        self._finish()
                        facts = 0
                        self._live(lives, entry)
                elif self._remains is not None and self._lives.of(entry[1]) != self._life:
                    self._finish()
                    facts = 0
                    self._live(self._lives, entry)
                elif facts >= _STRETCH:
                    self._to_disk()
                    facts = 0
                facts += 1
                self._decide(entry)
            done += len(batch)
            progress.reach(done, done)
        self._finish()

    def _live(self, lives: Lives, entry: Entry) -> None:
        """The life of a contact begins to which that fact belongs."""
        self._lives, self._life = lives, lives.of(entry[1])
        self._aside.live(lives, self._life)
        self._remains = Remains(entry[0], *lives.end_of(self._life)) if self._life < lives.last else None

    def _decide(self, entry: Entry) -> None:
        _, occurred_us, _, _, source, number, timestamp, _, value = entry
        fact = fact_of(entry)
        # Nothing is from the future in a replay: the decider is told no timestamp.
        line = Line("", source, number, UNTIMED, None, value)
        decider = self._decider
        accepted = decider.counts.accepted
        refusal = decider.decide(fact, line)
        if refusal is None and self._aside.is_asked and decider.counts.accepted != accepted:
            self._aside.take(entry, fact)
        if self._remains is not None:
            self._tally.erased += 1
        elif refusal is not None:
            self._letters.add(line._replace(timestamp=timestamp), refusal)
        elif decider.counts.accepted != accepted:
            if occurred_us > self._tally.newest_us:
                self._tally.newest_us = occurred_us
            if isinstance(fact, Touchpoint):
                self._timeline.add(fact)
            elif isinstance(fact, Retraction):
                self._timeline.retract(fact)
            elif isinstance(fact, Refund) and timestamp != UNTIMED:
                self._refunds_received[source, number] = timestamp
            if self.arrivals is not None:
                for said in self._crediting.say():
                    self.arrivals.add(entry, said)
                    key = (said.contact_id, said.conversion_id)
                    _, replaces = self._latest.get(key, (said, said.reissued))
                    self._latest[key] = (said, replaces)

    def _begin(self) -> None:
        state = PartitionState(MemoryStore(), _CACHED_TOUCHES)
        self._decider = Attribution(self._catalogue, state, UNBOUNDED)
        self._crediting = Crediting(self._catalogue, self._decider)

    def _say(self) -> None:
        """The credits of the facts so far are in the ledger and in the read model."""
        remains = self._remains
        for credited in self._crediting.say():
            said = credited if remains is None else remains.of(credited)
            if remains is not None and self.arrivals is not None:
                self.arrivals.add(remains.entry, said)
            self._ledger.add(said)
            self.shares.add(said, replaces=said.reissued)
        for said, replaces in self._latest.values():
            self.shares.add(said, replaces=replaces)
        self._latest.clear()

    def _to_disk(self) -> None:
        """Everything that a contact's facts have led to so far is said and written, and its state may leave memory."""
        self._say()
        self._timeline.flush()
        if self._store is None:
            self._store = self._decider.state.store = RocksStore(self._folder)
        self._decider.state.commit()

    def _finish(self) -> None:
        """The contacts at hand have no more facts."""
        self._say()
        self._timeline.finish_contacts(flushed_early=self._store is not None)
        if self._aside.is_asked:
            self._aside.finish(self._decider)
        if self._remains is None:
            self._count()
        if self._store is not None:
            self._store.close()
            self._store = None
            remove_tree(self._folder)
        self._refunds_received.clear()
        self._begin()

    def _count(self) -> None:
        refused_later = self._decider.refused_later
        for origin, refusal in refused_later:
            timestamp = self._refunds_received.get((origin.partition, origin.offset), UNTIMED)
            self._letters.add(Line("", origin.partition, origin.offset, timestamp, None, origin.value), refusal)
        self._tally.accepted += self._decider.counts.accepted - len(refused_later)
        self._tally.duplicates += self._decider.counts.duplicates

    def _is_admissible(self, entry: Entry) -> bool:
        """Whether the catalogue lets the fact in."""
        fact = fact_of(entry)
        if not isinstance(fact, Touchpoint) or fact.lifetime_us is not None:
            return True
        return self._catalogue.lifetime_us(fact.name, fact.occurred_us) is not None

    def _outdone(self, entry: Entry) -> None:
        contact_id, occurred_us, _, _, source, number, timestamp, _, value = entry
        lives = self._contacts.lives_of(contact_id)
        if lives.of(occurred_us) < lives.last:
            self._tally.erased += 1
        else:
            self._letters.add(Line("", source, number, timestamp, None, value), outdone(fact_of(entry)))
