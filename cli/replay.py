"""`evenhand replay`: files of events to credits and a read model; needs no Kafka."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.option_types import Moment
from config.catalogue import load_catalogue
from config.errors import UsageError
from config.settings import Settings, load_settings
from events.refusal import Reason

if TYPE_CHECKING:
    from streams.replay.asked import Asked
    from streams.replay.intake import Intake

_STRICT_EXIT: Final = 1


@click.command(name="replay")
@click.argument("files", metavar="FILE...", nargs=-1)
@click.option(
    "--out",
    envvar="EVENHAND_OUT",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder to write to; made when missing, files of a former replay are replaced.",
)
@click.option(
    "--catalogue",
    envvar="EVENHAND_CATALOGUE",
    metavar="FILE",
    help="The catalogue.  [default: catalogue.toml in the current folder, else the one that ships]",
)
@click.option(
    "--all-versions",
    envvar="EVENHAND_ALL_VERSIONS",
    is_flag=True,
    help="Write every version of each credit, as they arise, instead of the last.",
)
@click.option(
    "--profiles",
    envvar="EVENHAND_PROFILES",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The definitions: score profiles, and users with their time zones.  [default: none, and no scores]",
)
@click.option(
    "--as-of",
    "as_of_us",
    envvar="EVENHAND_AS_OF",
    type=Moment(),
    metavar="TIME",
    help="Scores, follow-ups and rejections as of then.  [default: when the newest accepted event occurred]",
)
@click.option("--strict", envvar="EVENHAND_STRICT", is_flag=True, help="Exit with 1 if there is any dead letter.")
@click.option(
    "--from-topics",
    envvar="EVENHAND_FROM_TOPICS",
    is_flag=True,
    help="Read the Kafka topics up to now instead of files (EVENHAND_KAFKA_…, EVENHAND_TOPIC_PREFIX).",
)
@click.pass_context
def command(
    context: click.Context,
    files: tuple[str, ...],
    out: Path,
    catalogue: str | None,
    all_versions: bool,
    profiles: Path | None,
    as_of_us: int | None,
    strict: bool,
    from_topics: bool,
) -> None:
    """Tell what follows from the events of files: credits, scores, follow-ups, and a read model to ask.

    Writes credits.jsonl, credits-shadow.jsonl, scores.jsonl, followups.jsonl, rejections.jsonl, dead-letters.jsonl and
    evenhand.db.

    FILE is JSON Lines, one event of any input topic a line, also as .gz or .zst, or Parquet with the same columns;
    - is standard input. Facts about interactions are taken in the order of FILEs and lines; all others may be in any
    order. The same events, catalogue and definitions always give the same bytes.
    """
    from cli.summary import print_summary
    from cli.watching import WatchedReplay
    from projections.reading import open_read_model
    from streams.replay.intake import file_intakes
    from streams.replay.run import DEAD_LETTERS, READ_MODEL, replay

    if from_topics == bool(files):
        raise UsageError("name files of events, or --from-topics; one of the two (see `evenhand replay --help`)")
    settings = load_settings(catalogue=catalogue)
    rules = load_catalogue(settings.catalogue_path())
    asked = _asked(profiles, as_of_us)
    intakes = _topics(settings) if from_topics else file_intakes(files)
    with WatchedReplay() as progress:
        outcome = replay(intakes, out, rules, progress, asked=asked, all_versions=all_versions)
        progress.end()
    with closing(open_read_model(out / READ_MODEL)) as database:
        counts = {"read": outcome.events, "accepted": outcome.accepted, "duplicates": outcome.duplicates}
        rare = {"rejected": outcome.rejected, "later": outcome.later, "erased": outcome.erased}
        counts |= {name: count for name, count in rare.items() if count}
        print_summary(database, counts, outcome.dead_letters)
    click.echo(f"\nWritten to {out}")
    if outcome.dead_letters:
        total = sum(outcome.dead_letters.values())
        click.echo(f"Refused: {total:,} of {outcome.events:,} events; {out / DEAD_LETTERS} says why, line by line.")
        if Reason.UNKNOWN_TOUCHPOINT in outcome.dead_letters:
            click.echo(f"Touchpoints are unknown to {rules.source}: name another with --catalogue, or list them there.")
    if strict and outcome.dead_letters:
        context.exit(_STRICT_EXIT)


def _asked(profiles: Path | None, as_of_us: int | None) -> Asked:
    from config.definitions import load_definitions
    from projections.followups.users import users_of
    from streams.replay.asked import Asked

    if profiles is None:
        return Asked(as_of_us=as_of_us)
    definitions = load_definitions(profiles)
    return Asked(users_of(definitions), tuple(definitions.profiles.values()), as_of_us)


def _topics(settings: Settings) -> Sequence[Intake]:
    from config.kafka_security import kafka_python_security
    from streams.admin.cluster import Cluster
    from streams.admin.installation import Installation
    from streams.live.judge import Judge
    from streams.replay.topics import topic_intakes

    cluster = Cluster(settings.kafka_bootstrap_servers, kafka_python_security(settings))
    return topic_intakes(
        Installation(cluster, settings.topic_prefix), lambda topic, number, count: Judge(topic, number, count).judge
    )
