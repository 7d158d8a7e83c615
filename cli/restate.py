"""`evenhand restate`: say past credits again, under a catalogue that changes what held for them."""

from __future__ import annotations

from typing import Final

import click

from cli.change_lines import change_lines
from cli.columns import columns
from config.catalogue import load_catalogue
from config.errors import UsageError
from config.settings import load_settings

_HEADING: Final = (
    "PARTITION", "CONVERSIONS", "SAID AGAIN", "SAID FIRST", "UNCHANGED", "LEFT STANDING", "NEW DEAD LETTERS",
)  # fmt: skip


@click.command(name="restate")
@click.option(
    "--catalogue",
    envvar="EVENHAND_CATALOGUE",
    metavar="FILE",
    help="The catalogue to restate under.  [default: catalogue.toml in the current folder]",
)
@click.option(
    "--partition",
    "partitions",
    envvar="EVENHAND_RESTATE_PARTITION",
    type=click.IntRange(0),
    multiple=True,
    help="This partition alone; may be given several times.  [default: all]",
)
@click.option(
    "--dry-run",
    envvar="EVENHAND_RESTATE_DRY_RUN",
    is_flag=True,
    help="Write nothing to Kafka, only show how many credits would change, and some of them; workers may run.",
)
@click.option(
    "--sample",
    envvar="EVENHAND_RESTATE_SAMPLE",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="How many changed credits a dry run shows.",
)
def command(catalogue: str | None, partitions: tuple[int, ...], dry_run: bool, sample: int) -> None:
    """Rebuild the state from the topics under the catalogue, and say again each credit that comes out different.

    Stop all workers first, and start them again after it, with the same catalogue. Run it with their environment
    (EVENHAND_…). Whatever interrupts it, run it again: no credit is said twice.
    """
    from cli.watching import WatchedReplay
    from streams.live.restate import Scale, restate

    settings = load_settings(catalogue=catalogue)
    path = settings.catalogue_path()
    if path is None:
        raise UsageError("no catalogue: name it with --catalogue, or start where a catalogue.toml stands")
    scale = Scale(partitions, dry_run, sample if dry_run else 0)
    with WatchedReplay("records") as progress:
        restated = restate(settings, load_catalogue(path), scale, progress)
        progress.end()
    for change in restated.changes:
        click.echo("\n".join(change_lines(change)) + "\n")
    rows = [
        (
            partition,
            tally.looked_at,
            tally.said_again,
            tally.said_first,
            tally.unchanged,
            tally.left,
            tally.dead_letters,
        )
        for partition, tally in restated.tallies.items()
    ]
    total = [sum(row[place] for row in rows) for place in range(1, len(_HEADING))]
    click.echo(columns([_HEADING, *rows, ("all", *total)]))
    if dry_run:
        click.echo("\nNothing was written: this is what a run without --dry-run would do.")
