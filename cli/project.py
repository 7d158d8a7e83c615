"""`evenhand project`: the read model kept up to the topics."""

from __future__ import annotations

import gc
import logging
import signal

import click

from cli.on_kafka import on_kafka
from config.catalogue import load_catalogue
from config.errors import UsageError
from config.settings import load_settings
from streams.admin.installation import Installation


@click.command(name="project")
@click.option("--once", envvar="EVENHAND_ONCE", is_flag=True, help="Stop when it has all that the topics hold now.")
@click.option(
    "--rebuild",
    "anew",
    envvar="EVENHAND_REBUILD",
    is_flag=True,
    help="Build it anew beside the one that is read, put it in its place, and stop.",
)
@click.option(
    "--drop-views",
    envvar="EVENHAND_DROP_VIEWS",
    is_flag=True,
    help="With --rebuild: views that others made of the read model may go with it.",
)
@click.option(
    "--database-url",
    envvar="EVENHAND_DATABASE_URL",
    metavar="URL",
    help="Where the read model is: postgresql://user@host/name or sqlite:///file.db.  [default: sqlite:///evenhand.db]",
)
@click.option("--catalogue", envvar="EVENHAND_CATALOGUE", metavar="FILE", help="The catalogue that the workers have.")
@on_kafka
def command(
    installation: Installation,
    once: bool,
    anew: bool,
    drop_views: bool,
    database_url: str | None,
    catalogue: str | None,
) -> None:
    """Keep the read model in PostgreSQL or SQLite up to the topics, until stopped.

    Its rows and how far they go are written together, so that it may be killed at any time. Several share the
    partitions. A database or broker that is away is waited for; with --once and --rebuild it is an error.
    """
    # Before it is imported: Alembic tells at length what it loads and how it begins.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from projections.writing.database import open_database
    from projections.writing.rows import ReadModel
    from streams.projecting.projector import Projector
    from streams.projecting.rebuild import rebuild

    # A chunk is tens of thousands of tuples without cycles: a look through them is vain.
    gc.set_threshold(50_000, 20, 50)
    settings = load_settings(catalogue=catalogue, database_url=database_url, topic_prefix=installation.prefix)
    path = settings.catalogue_path()
    if path is None:
        raise UsageError(
            "no catalogue: set EVENHAND_CATALOGUE to the workers' own, or start where a catalogue.toml stands"
        )
    rules = load_catalogue(path)
    model = open_database(settings.database_url.get_secret_value())

    def projector_of(model: ReadModel) -> Projector:
        return Projector(installation, model, rules, settings.group)

    try:
        if anew:
            rebuild(projector_of, model, drop_views=drop_views)
            return
        projector = projector_of(model)
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: projector.over.set())
        (projector.catch_up if once else projector.follow)()
    finally:
        model.close()
