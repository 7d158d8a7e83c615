"""`evenhand dead-letters`: look through what was refused, and send it back once the cause is mended."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Final

import click

from cli.columns import columns, printable
from cli.letter_filters import of_letters
from cli.letter_lines import HEADER, json_line, place, row
from cli.on_kafka import delivery_timeout_option
from streams.admin.dead_letters import DeadLetterTopic, FoundLetter
from streams.admin.delivery import Delivery
from streams.admin.inputs import ready_inputs
from streams.admin.retry import Outcome, Retried, retry

_SAID: Final = {
    Outcome.SENT: "sent",
    Outcome.NO_PAYLOAD: "not sent: the record had no value",
    Outcome.OTHER_TOPIC: "not sent: no input topic of this installation",
}


@click.group(name="dead-letters")
def command() -> None:
    """List refused records, or send them again."""


@command.command(name="list")
@click.option(
    "--limit",
    envvar="EVENHAND_DEAD_LETTERS_LIMIT",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="The newest so many, oldest of them first; 0: all, partition after partition.",
)
@click.option(
    "--json",
    "as_json",
    envvar="EVENHAND_DEAD_LETTERS_JSON",
    is_flag=True,
    help="Print each as a line of JSON, with its payload.",
)
@of_letters
def list_letters(letters: DeadLetterTopic, limit: int, as_json: bool) -> None:
    """Show what was refused, and why, as it stands on Kafka now."""
    counts: Counter[str] = Counter()
    with closing(letters.read()) as found:
        shown = _newest(_counted(found, counts), limit)
        if as_json:
            for letter in shown:
                click.echo(json_line(letter))
            return
        rows = [row(letter) for letter in shown]
    if rows:
        click.echo(columns([HEADER, *rows]) + "\n")
        click.echo(columns([("REASON", "HOW MANY"), *sorted(counts.items())]) + "\n")
    click.echo(f"{counts.total():,} dead letters, {len(rows):,} of them shown")


@command.command(name="retry")
@click.option("--dry-run", envvar="EVENHAND_DEAD_LETTERS_DRY_RUN", is_flag=True, help="Send nothing, only say what.")
@delivery_timeout_option
@of_letters
def retry_letters(letters: DeadLetterTopic, dry_run: bool, delivery_timeout: timedelta) -> None:
    """Send refused records back to the topics that they came from, under their own keys, once the cause is mended.

    Dead letters stay where they are. A second run sends the same records again: those accepted since are duplicates
    and change nothing, those refused again are new dead letters. Name the time of the first run with --since to send
    the new ones alone.
    """
    cluster = letters.installation.cluster
    inputs = ready_inputs(letters.installation)
    outcomes: Counter[tuple[str, str]] = Counter()
    with closing(letters.read()) as found:
        if dry_run:
            _say_each(retry(found, inputs, None), outcomes, _SAID | {Outcome.SENT: "would be sent"})
        else:
            timeout_s = delivery_timeout.total_seconds()
            with cluster.producer(timeout_s) as producer:
                delivery = Delivery(producer, cluster.bootstrap_servers, timeout_s)
                _say_each(retry(found, inputs, delivery), outcomes, _SAID)
                delivery.finish()
    rows = [(*kind, count) for kind, count in sorted(outcomes.items())]
    click.echo("\n" + columns([("REASON", "WHAT WAS DONE", "HOW MANY"), *rows]) if rows else "no dead letters to send")


def _say_each(retried: Iterable[Retried], outcomes: Counter[tuple[str, str]], words: Mapping[Outcome, str]) -> None:
    for found, outcome in retried:
        outcomes[found.letter.reason, words[outcome]] += 1
        click.echo(f"{place(found)}  {printable(found.letter.reason)}  {words[outcome]}")


def _counted(letters: Iterable[FoundLetter], counts: Counter[str]) -> Iterator[FoundLetter]:
    for found in letters:
        counts[found.letter.reason] += 1
        yield found


def _newest(letters: Iterator[FoundLetter], limit: int) -> Iterable[FoundLetter]:
    """The newest `limit`, oldest of them first; all as they come where that is 0."""
    if not limit:
        return letters
    return reversed(heapq.nlargest(limit, letters, lambda found: (found.written_ms, found.partition, found.offset)))
