"""`evenhand produce`: the events of files to the topics, all of them in the order in which they happened."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from cli.columns import columns, printable
from cli.on_kafka import delivery_timeout_option, on_kafka
from cli.watching import WatchedReplay
from streams.admin.cluster import Cluster
from streams.admin.delivery import Delivery
from streams.admin.inputs import ready_inputs
from streams.admin.installation import Installation
from streams.admin.production import Outgoing, Production, RefusedLine
from streams.admin.time_order import in_order_of_time
from streams.replay.sources import Source, open_source

_MOST_SHOWN: Final = 20
_STRICT_EXIT: Final = 1
_WATCH_EVERY: Final = 2_000


@click.command(name="produce")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--keep-order",
    envvar="EVENHAND_PRODUCE_KEEP_ORDER",
    is_flag=True,
    help="Send file after file, line after line; facts far behind the newest are refused as too late then.",
)
@click.option(
    "--invalid",
    envvar="EVENHAND_PRODUCE_INVALID",
    type=click.Choice(["skip", "send"]),
    default="skip",
    show_default=True,
    help="What to do with lines that are no valid event; sent, they become dead letters.",
)
@click.option("--strict", envvar="EVENHAND_PRODUCE_STRICT", is_flag=True, help="Exit with 1 if a line is not valid.")
@delivery_timeout_option
@on_kafka
@click.pass_context
def command(
    context: click.Context,
    files: tuple[str, ...],
    keep_order: bool,
    invalid: str,
    strict: bool,
    delivery_timeout: timedelta,
    installation: Installation,
) -> None:
    """Send the events of files to the topics, merged in order of `occurred_at` over all the files.

    FILE is JSON Lines, also as .gz or .zst, or Parquet; - is standard input. Each line is judged first; what is no
    valid event is reported with its file and line. Sending a file again does no harm: facts count once.
    """
    sources = [open_source(file) for file in files]
    ready_inputs(installation)
    started = time.monotonic()
    # The collector would look through the records under way once for every 700 new ones: a fifth of the time.
    gc.set_threshold(50_000)
    with WatchedReplay() as progress, tempfile.TemporaryDirectory(prefix="evenhand-") as folder:
        production = Production(installation.prefix, _Refusals(progress.console).show, send_invalid=invalid == "send")
        records: Iterator[Outgoing]
        if keep_order:
            records = chain.from_iterable(map(production.records, sources))
        else:
            records = in_order_of_time(_read(production, sources, progress), Path(folder))
        records = _sent(records, None if keep_order else production.taken, progress)
        delivery = _deliver(records, installation.cluster, delivery_timeout)
    click.echo(_summary(production, delivery, time.monotonic() - started))
    if strict and production.refused:
        context.exit(_STRICT_EXIT)


def _read(production: Production, sources: Sequence[Source], progress: WatchedReplay) -> Iterator[Outgoing]:
    sizes = [source.size_bytes for source in sources]
    progress.begin("reading", None if None in sizes else sum(size or 0 for size in sizes))
    before = 0
    for source in sources:
        for record in production.records(source):
            if production.read % _WATCH_EVERY == 0:
                progress.reach(before + source.consumed_bytes(), production.read)
            yield record
        before += source.size_bytes or 0


def _sent(records: Iterable[Outgoing], total: int | None, progress: WatchedReplay) -> Iterator[Outgoing]:
    progress.begin("sending", total)
    for count, record in enumerate(records, 1):
        if count % _WATCH_EVERY == 0:
            progress.reach(count, count)
        yield record
    progress.end()


def _deliver(records: Iterable[Outgoing], cluster: Cluster, timeout: timedelta) -> Delivery:
    timeout_s = timeout.total_seconds()
    with cluster.producer(timeout_s) as producer:
        delivery = Delivery(producer, cluster.bootstrap_servers, timeout_s)
        for record in records:
            delivery.send(record.topic, record.key, record.value)
        delivery.finish()
    return delivery


class _Refusals:
    """Shows the first refused lines one by one; the summary counts them all."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0

    def show(self, line: RefusedLine) -> None:
        self._shown += 1
        if self._shown > _MOST_SHOWN:
            return
        errors = "; ".join(f"{error.path} {error.message}".strip() for error in line.refusal.errors)
        self._say(printable(f"{line.source}:{line.number}: {line.refusal.reason}: {errors}"))
        if self._shown == _MOST_SHOWN:
            self._say("further lines that are refused are counted alone")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _summary(production: Production, delivery: Delivery, seconds: float) -> str:
    rows: list[tuple[str, str, int]] = [("sent to", topic, count) for topic, count in sorted(delivery.sent.items())]
    rows += [("refused", reason, count) for reason, count in sorted(production.refused.items())]
    left_out = production.read - production.taken
    rate = delivery.delivered / seconds if seconds else 0
    last = f"{delivery.delivered:,} records delivered in {seconds:.1f} s ({rate:,.0f}/s), {left_out:,} lines left out"
    return "\n".join([*([columns(rows)] if rows else []), last])
