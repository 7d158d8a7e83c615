"""`python -m benchmarks COMMAND`: measures on a fresh broker, prints a table, keeps it."""

from __future__ import annotations

import shutil
import subprocess
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

_PARTS = (
    ("race",),
    ("race", "--dataset", "small", "--contenders", ",".join(CONTENDERS)),
    ("hot",),
    ("memory",),
    ("latency",),
    ("replay",),
    ("failover",),
    ("writing",),
    ("querying",),
    ("report",),
)
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
@click.option("--contenders", default="kstreams,kstreams-eos,hand,evenhand", show_default=True)
@click.option("--window", "windows", type=click.Choice(datasets.WINDOWS), multiple=True, default=datasets.WINDOWS)
def hot(contenders: str, windows: tuple[int, ...]) -> None:
    """CPU per event of contacts with long windows."""
    from benchmarks.hot import hot as run_hot

    with fresh_broker() as broker:
        run_hot(broker, contenders.split(","), windows, command_line())


@main.command()
@click.option("--dataset", "name", type=click.Choice(("main", "small")), default="main", show_default=True)
def memory(name: str) -> None:
    """Bytes of state, over 30 simulated days."""
    from benchmarks.memory import memory as run_memory

    with fresh_broker() as broker:
        run_memory(broker, datasets.NAMED[name], command_line())


@main.command()
@click.option("--rate", "rates", type=click.IntRange(1), multiple=True, default=(1_000, 5_000), show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=60, show_default=True)
def latency(rates: tuple[int, ...], seconds: float) -> None:
    """From production to a credit that can be read, at steady rates of events a second."""
    from benchmarks.latency import latency as run_latency

    with fresh_broker() as broker:
        run_latency(broker, rates, seconds, command_line())


@main.command()
@click.option("--dataset", "name", type=click.Choice(("main", "small")), default="main", show_default=True)
@click.option("--events", "sizes", type=click.IntRange(1), multiple=True, default=(10_000_000,), show_default=True)
def replay(name: str, sizes: tuple[int, ...]) -> None:
    """Replay beside the live worker, and of ten times the events."""
    from benchmarks.replay import replay as run_replay

    with fresh_broker() as broker:
        run_replay(broker, datasets.NAMED[name], sizes, command_line())


@main.command()
@click.option("--times", type=click.IntRange(1), default=5, show_default=True, help="Kills with small states.")
@click.option("--state-mb", type=click.IntRange(0), default=1_000, show_default=True, help="The large state; 0: none.")
def failover(times: int, state_mb: int) -> None:
    """From SIGKILL to the next credit on the victim's partitions."""
    from benchmarks.failover import failover as run_failover

    with fresh_broker() as broker:
        run_failover(broker, times, state_mb, command_line())


@main.command()
@click.option("--contacts", type=click.IntRange(1), default=5_000, show_default=True, help="Some 20 events each.")
def writing(contacts: int) -> None:
    """The read model's writer in PostgreSQL beside COPY and executemany."""
    from benchmarks.writing import writing as run_writing

    run_writing(contacts, command_line())


@main.command()
@click.option("--conversions", type=click.IntRange(1_000), default=1_000_000, show_default=True)
def querying(conversions: int) -> None:
    """What analysts wait for, with PostgreSQL's plans."""
    from benchmarks.querying import querying as run_querying

    run_querying(conversions, command_line())


@main.command(name="all")
def everything() -> None:
    """All of these, one after the other, then the report: an hour of a quiet machine."""
    for part in _PARTS:
        subprocess.run([sys.executable, "-m", "benchmarks", *part], check=True)


@main.command()
def report() -> None:
    """Bring the figures of docs/benchmarks.md up to what was last measured here."""
    click.echo(f"taken over: {', '.join(bring_up_to_date()) or 'nothing'}")


if __name__ == "__main__":
    try:
        main()
    except (BenchmarkError, BrokerError, MissingBrokerError) as error:
        sys.exit(f"error: {error}")
