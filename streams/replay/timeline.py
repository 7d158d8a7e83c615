"""The touchpoints of a replay on their way to the read model, each with what became of it."""

from __future__ import annotations

from operator import itemgetter

from config.catalogue import Catalogue
from events.fact import Retraction, Touchpoint
from projections.retractions import retract_rows
from projections.sqlite import SqliteWriter
from projections.tables import RETRACTIONS, TOUCHPOINTS
from projections.touchpoint_rows import TouchpointRows, retraction_row


class Timeline:
    """Takes accepted touchpoints and retractions, contact by contact, and writes the touchpoints' rows."""

    def __init__(self, catalogue: Catalogue, model: SqliteWriter) -> None:
        self._rows = TouchpointRows(catalogue)
        self._model = model
        self._touchpoints: list[Touchpoint] = []
        self._retractions: list[Retraction] = []
        self._retracted: set[tuple[str, str]] = set()

    def add(self, touchpoint: Touchpoint) -> None:
        """Take an accepted touchpoint."""
        self._touchpoints.append(touchpoint)

    def retract(self, retraction: Retraction) -> None:
        """Take an accepted retraction, before or after the touchpoint that it names."""
        self._retractions.append(retraction)
        self._retracted.add((retraction.contact_id, retraction.touchpoint_id))

    def flush(self) -> None:
        """Write the touchpoints taken so far; retractions may still follow."""
        retracted, row = self._retracted, self._rows.row
        made = [row(fact, (fact.contact_id, fact.event_id) in retracted) for fact in self._touchpoints]
        rows = [each for each in made if each is not None]
        rows.sort(key=itemgetter(0, 1))  # a contact's stand together; in the order of the key they are written quickest
        self._model.write(TOUCHPOINTS, rows)
        self._model.write(RETRACTIONS, sorted(map(retraction_row, self._retractions)))
        self._touchpoints.clear()
        self._retractions.clear()

    def finish_contacts(self, *, flushed_early: bool) -> None:
        """Write what is left of these contacts. `flushed_early`: some of their touchpoints stand written already."""
        self.flush()
        if flushed_early and self._retracted:
            retract_rows(self._model, self._retracted)
        self._retracted.clear()
