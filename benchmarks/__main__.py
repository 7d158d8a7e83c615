"""`python -m benchmarks COMMAND`: measures on a fresh broker, prints a table, keeps it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from benchmarks import datasets
from benchmarks.contenders import CONTENDERS
from benchmarks.installation import BenchmarkError
from benchmarks.places import BROKER, RUNS
from benchmarks.report import bring_up_to_date
from tests.kafka import Broker, BrokerError, MissingBrokerError

_PEERS = "kstreams-eos,kstreams,quix,bytewax-1topic,hand,evenhand"


@contextmanager
def fresh_broker() -> Iterator[Broker]:
    """A broker without a past; its gigabytes go with it."""
    for folder in (BROKER, RUNS):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        with Broker(BROKER) as broker:
            yield broker
    finally:
        shutil.rmtree(BROKER, ignore_errors=True)


def command_line() -> str:
    """What was typed, as it can be typed again."""
    return " ".join(["python -m benchmarks", *sys.argv[1:]])


@click.group()
def main() -> None:
    """Measure Evenhand on a real broker; see docs/benchmarks.md."""


@main.command()
@click.option("--dataset", "names", type=click.Choice(list(datasets.NAMED)), multiple=True, default=("main",))
@click.option("--contenders", default=_PEERS, show_default=True, help=f"Of {', '.join(CONTENDERS)}.")
@click.option("--repeat", type=click.IntRange(1), default=1, show_default=True)
def race(names: tuple[str, ...], contenders: str, repeat: int) -> None:
    """Events per CPU second, right and wrong answers, memory: Evenhand beside its peers."""
    from benchmarks.race import race as run_race

    for name in names:
        with fresh_broker() as broker:
            run_race(broker, datasets.NAMED[name], contenders.split(","), repeat, command_line())


@main.command()
def report() -> None:
    """Bring the figures of docs/benchmarks.md up to what was last measured here."""
    click.echo(f"taken over: {', '.join(bring_up_to_date()) or 'nothing'}")


if __name__ == "__main__":
    try:
        main()
    except (BenchmarkError, BrokerError, MissingBrokerError) as error:
        sys.exit(f"error: {error}")
