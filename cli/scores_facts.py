"""The accepted facts of files, contact by contact, for trying profiles on: judged and decided as a replay does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from msgspec.structs import replace

from config.catalogue import Catalogue
from config.errors import UsageError
from config.profile import Profile
from projections.scores.facts import Scored
from projections.sqlite import SqliteWriter
from streams.progress import Progress
from streams.replay.aside import Aside
from streams.replay.asked import Asked
from streams.replay.contacts import Contacts
from streams.replay.deciding import Deciding
from streams.replay.desk import Desk
from streams.replay.intake import FileIntake
from streams.replay.interactions import Interactions
from streams.replay.ledger import Ledger
from streams.replay.letters import DeadLetters
from streams.replay.scores import Scoring
from streams.replay.sources import STANDARD_INPUT, open_source
from streams.replay.spool import Spool
from streams.replay.tally import Tally


class NoFactsError(UsageError):
    """The caller must act: the files hold nothing that a score could be made of."""


class _Kept(Scoring):
    """The facts that replay puts aside for scores, given instead of scored."""

    def by_contact(self) -> Iterator[tuple[str, list[Scored]]]:
        """Each contact's, as far as the profiles look at them, with the earliest of all."""
        return self._by_contact()


class Accepted(NamedTuple):
    """What files hold for scores as of an instant."""

    kept: _Kept
    as_of_us: int
    """As asked, else the newest accepted `occurred_at`, as in a replay."""
    refused: int
    """Events that became dead letters or rejections, which never count."""

    def contacts(self) -> Iterator[tuple[str, list[Scored]]]:
        """Each contact with its facts, by id; may be asked again."""
        return self.kept.by_contact()


@contextmanager
def accepted_facts(
    files: Sequence[str],
    profiles: Sequence[Profile],
    catalogue: Catalogue,
    as_of_us: int | None,
    progress: Progress,
) -> Iterator[Accepted]:
    """The accepted facts that these profiles, drafts too, look at. They are sorted on disk, where TMPDIR says.

    Raises:
        UsageError: no files, one that is missing, or no accepted event in them.
    """
    if not files:
        raise UsageError("name files of events, or - for standard input")
    if files.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input (-) can be read once only; name it once")
    intakes = [FileIntake(open_source(file)) for file in files]
    asked = Asked(profiles=tuple(replace(profile, published=True) for profile in profiles), as_of_us=as_of_us)
    with TemporaryDirectory(prefix="evenhand-scores-") as place:
        folder = Path(place)
        letters, tally = DeadLetters(folder, intakes), Tally()
        kept = _Kept(folder, catalogue, asked)
        spool = Spool(folder, letters)
        spool.read(intakes, progress)
        with closing(SqliteWriter(folder / "aside.db")) as model:
            _decide(spool, Desk(folder, model, letters, tally), kept, catalogue, asked, progress)
        if not tally.accepted:
            raise NoFactsError(f"{', '.join(files)}: no accepted event; `evenhand replay` tells why each was refused")
        refused = sum(letters.by_reason.values()) + tally.rejected
        yield Accepted(kept, tally.newest_us if as_of_us is None else as_of_us, refused)


def _decide(spool: Spool, desk: Desk, kept: _Kept, catalogue: Catalogue, asked: Asked, progress: Progress) -> None:
    """In a replay's order: contacts tell of erasures, which attribution and interactions then heed."""
    contacts = Contacts(desk, kept, asked)
    contacts.run(spool.contacts.batches())
    progress.begin("deciding", spool.events)
    Deciding(catalogue, desk, Ledger(desk.folder), contacts, Aside(kept, asked)).run(spool.facts.batches(), progress)
    Interactions(desk, contacts, kept, asked).run(spool.interactions.batches())
    for sort in (spool.contacts, spool.facts, spool.interactions):
        sort.clear()
