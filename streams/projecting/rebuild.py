"""A read model built anew beside the one that people read, and put in its place when it has everything."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from projections.writing.rows import ReadModel, ViewsOfOthersError
from streams.projecting.projector import Projector

log = structlog.get_logger(__name__)


def rebuild(projector_of: Callable[[ReadModel], Projector], model: ReadModel, *, drop_views: bool = False) -> None:
    """The read model is made anew from all that the topics hold; readers see the former one until it is whole.

    `projector_of` makes the projector of a read model.

    Raises:
        ViewsOfOthersError: it would drop views that others made, which `drop_views` does not allow.
        EvenhandError: the former one stands unharmed, as it does after any of these.
    """
    model.prepare()
    if not drop_views:
        _expect_no_views_of_others(model)
    beside = model.beside()
    try:
        projector = projector_of(beside)
        projector.catch_up()
        projector.catch_up()  # what came meanwhile: the reading that the new one lacks must be short
        if not drop_views:  # some may have been made meanwhile
            _expect_no_views_of_others(model)
        beside.take_place_of(model)
    finally:
        beside.close()
    log.info("read model rebuilt", of=str(model))


def _expect_no_views_of_others(model: ReadModel) -> None:
    if found := model.views_of_others():
        raise ViewsOfOthersError(
            f"{model}: a rebuild would drop views that others made ({', '.join(found)}): keep what they are made of "
            "and drop them, or say --drop-views"
        )
