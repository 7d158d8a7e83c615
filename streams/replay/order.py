"""The one order in which a replay decides: contacts tell of erasures, which attribution and interactions then heed."""

from __future__ import annotations

from config.catalogue import Catalogue
from streams.progress import Progress
from streams.replay.arrivals import Arrivals
from streams.replay.aside import Aside
from streams.replay.asked import Asked
from streams.replay.contacts import Contacts
from streams.replay.deciding import Deciding
from streams.replay.desk import Desk
from streams.replay.interactions import Interactions
from streams.replay.ledger import Ledger
from streams.replay.scores import Scoring
from streams.replay.spool import Spool


def decide_all(
    spool: Spool,
    desk: Desk,
    ledger: Ledger,
    scoring: Scoring,
    catalogue: Catalogue,
    asked: Asked,
    progress: Progress,
    arrivals: Arrivals | None = None,
) -> tuple[Deciding, Interactions]:
    """Decide all that was read. `scoring` has the accepted facts then; what was read is cleared away.

    `arrivals`: where every version of each credit goes, if they are wanted.
    """
    contacts = Contacts(desk, scoring, asked)
    contacts.run(spool.contacts.batches())
    spool.contacts.clear()
    deciding = Deciding(catalogue, desk, ledger, contacts, Aside(scoring, asked))
    deciding.arrivals = arrivals
    progress.begin("deciding", spool.events)
    deciding.run(spool.facts.batches(), progress)
    spool.facts.clear()  # the disk and the memory are wanted for what follows
    deciding.shares.finish()
    interactions = Interactions(desk, contacts, scoring, asked)
    interactions.run(spool.interactions.batches())
    spool.interactions.clear()
    return deciding, interactions
