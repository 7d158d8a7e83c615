"""A replay from end to end, in one order: read and sort, decide, write, and only then put everything in its place."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from config.catalogue import Catalogue
from projections.instants import instant_text
from projections.sqlite import SqliteWriter
from projections.tables import META
from streams.contact import NEVER
from streams.progress import Progress
from streams.replay.arrivals import Arrivals
from streams.replay.asked import Asked
from streams.replay.desk import Desk
from streams.replay.intake import Intake
from streams.replay.ledger import Ledger
from streams.replay.letters import DeadLetters
from streams.replay.messages import Messages
from streams.replay.order import decide_all
from streams.replay.scores import Scoring
from streams.replay.spool import Spool
from streams.replay.tally import Tally
from streams.replay.workshop import publish, workshop

CREDITS: Final = "credits.jsonl"
SHADOW: Final = "credits-shadow.jsonl"
DEAD_LETTERS: Final = "dead-letters.jsonl"
SCORES: Final = "scores.jsonl"
FOLLOWUPS: Final = "followups.jsonl"
REJECTIONS: Final = "rejections.jsonl"
READ_MODEL: Final = "evenhand.db"


FILES: Final = (CREDITS, SHADOW, DEAD_LETTERS, SCORES, FOLLOWUPS, REJECTIONS, READ_MODEL)


class Outcome(Struct, frozen=True):
    """What a replay came to."""

    events: int
    """Lines read, blank ones apart: accepted + duplicates + rejected + later + erased + dead letters."""
    accepted: int
    duplicates: int
    rejected: int
    """Facts about interactions that the rules forbid."""
    later: int
    """Facts about interactions beyond the instant that was asked for."""
    erased: int
    """Facts up to their contact's erasure, as if never sent."""
    dead_letters: dict[str, int]
    """By reason."""
    conversions: int
    as_of_us: int | None
    """As asked, else the newest accepted `occurred_at`; None when nothing was accepted."""


_NOTHING_MORE: Final = Asked()


def replay(
    intakes: Sequence[Intake],
    out: Path,
    catalogue: Catalogue,
    progress: Progress,
    *,
    asked: Asked = _NOTHING_MORE,
    all_versions: bool = False,
) -> Outcome:
    """Write all that follows from the events of the intakes into `out` (contract, section 4; part 2, section 5).

    The same events, catalogue and definitions give the same bytes and rows. What stood in `out` before is replaced when
    everything is finished, and left alone when anything fails.
    """
    with workshop(out) as folder, _garbage_left_alone():
        outcome = _make(intakes, folder, catalogue, progress, asked, all_versions)
        publish(folder, out, FILES)
    return outcome


def _make(
    intakes: Sequence[Intake],
    folder: Path,
    catalogue: Catalogue,
    progress: Progress,
    asked: Asked,
    all_versions: bool,
) -> Outcome:
    letters = DeadLetters(folder, intakes)
    spool = Spool(folder, letters)
    spool.read(intakes, progress)
    model = SqliteWriter(folder / READ_MODEL)
    try:
        ledger = Ledger(folder)
        desk = Desk(folder, model, letters, Tally())
        tally = desk.tally
        scoring = Scoring(folder, catalogue, asked)
        arrivals = Arrivals(folder) if all_versions else None
        deciding, interactions = decide_all(spool, desk, ledger, scoring, catalogue, asked, progress, arrivals)
        progress.begin("writing", None)
        _write(folder, ledger, arrivals)
        as_of_us = tally.newest_us if asked.as_of_us is None else asked.as_of_us
        interactions.write(as_of_us, folder / FOLLOWUPS, folder / REJECTIONS)
        scoring.write(as_of_us, folder / SCORES, model)
        letters.write(folder / DEAD_LETTERS, model)
        outcome = Outcome(
            events=spool.events,
            accepted=tally.accepted,
            duplicates=tally.duplicates,
            rejected=tally.rejected,
            later=tally.later,
            erased=tally.erased,
            dead_letters=dict(sorted(letters.by_reason.items())),
            conversions=deciding.shares.conversions,
            as_of_us=None if as_of_us == NEVER else as_of_us,
        )
        model.write(META, _meta(outcome, catalogue))
        progress.begin("indexing", None)
        model.finish()
    finally:
        model.close()
    return outcome


def _write(folder: Path, ledger: Ledger, arrivals: Arrivals | None) -> None:
    with (folder / CREDITS).open("wb", _BUFFER) as credits_file, (folder / SHADOW).open("wb", _BUFFER) as shadow_file:
        (arrivals or ledger).write(Messages(credits_file, shadow_file))


def _meta(outcome: Outcome, catalogue: Catalogue) -> list[tuple[str, str]]:
    rows = {
        "accepted": str(outcome.accepted),
        "as_of": "" if outcome.as_of_us is None else instant_text(outcome.as_of_us),
        "catalogue": catalogue.fingerprint,
        "dead_letters": str(sum(outcome.dead_letters.values())),
        "duplicates": str(outcome.duplicates),
        "events": str(outcome.events),
    }
    return list(rows.items())


_BUFFER: Final = 1 << 20


@contextmanager
def _garbage_left_alone() -> Iterator[None]:
    """Without the cyclic collector: a replay makes millions of tuples and no cycles, and it would visit them again and
    again (1 µs of 15 per event)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
