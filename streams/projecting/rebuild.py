"""A read model built anew beside the one that people read, and put in its place when it has everything."""

from __future__ import annotations

import structlog

from config.catalogue import Catalogue
from projections.writing.rows import ReadModel
from streams.admin.installation import Installation
from streams.projecting.projector import Projector

log = structlog.get_logger(__name__)


def rebuild(installation: Installation, model: ReadModel, catalogue: Catalogue, group: str) -> None:
    """The read model is made anew from all that the topics hold; readers see the former one until it is whole.

    Raises:
        EvenhandError: the former one stands unharmed.
    """
    model.prepare()
    beside = model.beside()
    try:
        projector = Projector(installation, beside, catalogue, group)
        projector.catch_up()
        projector.catch_up()  # what came meanwhile: the reading that the new one lacks must be short
        beside.take_place_of(model)
    finally:
        beside.close()
    log.info("read model rebuilt", of=str(model))
