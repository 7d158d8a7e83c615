"""The projector: keeps a read model up to the topics, and waits whenever one of the two is away."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Final

import structlog
from kafka import KafkaConsumer

from config.catalogue import Catalogue
from projections.migrations import IDENTITY
from projections.tables import META
from projections.writing.projection import PositionMovedError, Projection
from projections.writing.rows import DatabaseAwayError, ReadModel
from streams.admin.failure import BrokersAwayError
from streams.admin.installation import Installation
from streams.projecting.sources import sources
from streams.projecting.stream import Stream

log = structlog.get_logger(__name__)

_BACK_OFF_S, _LONGEST_BACK_OFF_S = 0.25, 5.0
_SESSION_S: Final = 10.0


class Projector:
    """Follows an installation's topics into a read model."""

    def __init__(self, installation: Installation, model: ReadModel, catalogue: Catalogue, group: str) -> None:
        """`group`: what the names of consumer groups begin with."""
        self.over = threading.Event()
        """Set when it is to stop."""
        self._installation = installation
        self._model = model
        self._projection = Projection(catalogue, installation.prefix)
        self._group = group

    def catch_up(self) -> None:
        """The read model has all that the topics held when this began.

        Raises:
            EvenhandError: a database or a broker that is away, too.
        """
        self._model.prepare()
        found = sources(self._installation)
        with self._installation.cluster.consumer() as consumer:
            stream = Stream(consumer, found, shared=False)
            log.info("projector started", topics=len(found), into=str(self._model))
            stream.begin(self._model)
            ends = stream.ends()
            while not stream.has_reached(ends) and not self.over.is_set():
                self._write_next(stream)

    def follow(self) -> None:
        """The read model keeps up with the topics, sharing partitions with all that write to it, until it is over.

        Raises:
            EvenhandError: something that only a person can mend.
        """
        back_off = _BACK_OFF_S
        while not self.over.is_set():
            try:
                self._model.prepare()
                found = sources(self._installation)
                with self._member() as consumer:
                    log.info("projector started", topics=len(found), into=str(self._model))
                    stream = Stream(consumer, found, shared=True)
                    while not self.over.is_set():
                        if self._write_next(stream):
                            back_off = _BACK_OFF_S
            except (BrokersAwayError, DatabaseAwayError) as error:
                log.warning("waiting", why=str(error), in_seconds=back_off)
                self.over.wait(back_off)
                back_off = min(back_off * 2, _LONGEST_BACK_OFF_S)

    def _write_next(self, stream: Stream) -> bool:
        """One chunk is in the read model; False when there was none, or when it has to be read again."""
        if stream.moved:
            stream.begin(self._model)
        chunk = stream.chunk()
        if not chunk.steps:
            return False
        try:
            with self._model.writing({step.partition for step in chunk.steps}) as rows:
                self._projection.apply(rows, chunk)
        except PositionMovedError as error:
            log.info("read again from where the read model ends", why=str(error))
            stream.begin(self._model)
            return False
        stream.written(chunk)
        return True

    def _member(self) -> AbstractContextManager[KafkaConsumer]:
        """In a group of the read model's own, so that all who share its partitions write to it."""
        with self._model.writing(()) as rows:
            ((identity,),) = rows.fetch(META, ("value",), ("name",), [(IDENTITY,)])
        return self._installation.cluster.member(f"{self._group}.project-{identity}", _SESSION_S)
