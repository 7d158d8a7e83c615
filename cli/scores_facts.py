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
from streams.replay.asked import Asked
from streams.replay.desk import Desk
from streams.replay.intake import file_intakes
from streams.replay.ledger import Ledger
from streams.replay.letters import DeadLetters
from streams.replay.order import decide_all
from streams.replay.scores import Scoring
from streams.replay.spool import Spool
from streams.replay.tally import Tally


class NoFactsError(UsageError):
    """The caller must act: the files hold nothing that a score could be made of."""


class Accepted(NamedTuple):
    """What files hold for scores as of an instant."""

    kept: Scoring
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
    intakes = file_intakes(files)
    asked = Asked(profiles=tuple(replace(profile, published=True) for profile in profiles), as_of_us=as_of_us)
    with TemporaryDirectory(prefix="evenhand-scores-") as place:
        folder = Path(place)
        letters, tally = DeadLetters(folder, intakes), Tally()
        kept = Scoring(folder, catalogue, asked)
        spool = Spool(folder, letters)
        spool.read(intakes, progress)
        with closing(SqliteWriter(folder / "aside.db")) as model:
            desk = Desk(folder, model, letters, tally)
            decide_all(spool, desk, Ledger(folder), kept, catalogue, asked, progress)
        if not tally.accepted:
            raise NoFactsError(f"{', '.join(files)}: no accepted event; `evenhand replay` tells why each was refused")
        refused = sum(letters.by_reason.values()) + tally.rejected
        yield Accepted(kept, tally.newest_us if as_of_us is None else as_of_us, refused)
