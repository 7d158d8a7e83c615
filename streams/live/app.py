"""The Faust app: it hosts the web server, the timers and the life cycle; the hot loop is the worker's own consumer."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import faust
import uvloop
from faust.app.base import BootStrategy

from config.settings import Settings
from streams.live.pages import WorkerPages, add_pages
from streams.live.worker import AttributionWorker

LISTEN_EVERY: Final = timedelta(seconds=5)
TELL_EVERY: Final = timedelta(seconds=10)
_LIBRARIES: Final = ("aiokafka", "faust", "mode")


class WithoutFaustConsumer(BootStrategy):
    """Faust's own consumer and producer stay off: the worker has its own (architecture, Faust's part)."""

    enable_kafka = False


class EvenhandApp(faust.App):
    BootStrategy = WithoutFaustConsumer
    logger = logging.getLogger("faust.app")  # else what Faust says of itself would come under our name


def create_app(settings: Settings, worker: AttributionWorker) -> faust.App:
    """The app around a worker: its pages, and what is done every few seconds."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)  # Faust makes its own folder, but none above it
    app = EvenhandApp(
        f"{settings.group}.worker",
        broker=f"kafka://{settings.kafka_bootstrap_servers.replace(',', ';kafka://')}",
        datadir=settings.state_dir / "faust",
        topic_disable_leader=True,
        loop=asyncio.get_running_loop(),
    )
    app.web = WorkerPages(app, settings.web_port)
    add_pages(app, worker.health, worker.metrics)

    @app.timer(LISTEN_EVERY.total_seconds())  # type: ignore[untyped-decorator]
    async def listen() -> None:
        await _or_crash(worker, worker.health.listen)

    @app.timer(TELL_EVERY.total_seconds())  # type: ignore[untyped-decorator]
    async def tell() -> None:
        await _or_crash(worker, worker.health.tell)
        await _or_crash(worker, worker.commit_for_monitoring)

    return app


async def _or_crash(worker: AttributionWorker, task: Callable[[], Awaitable[None]]) -> None:
    try:
        await task()
    except Exception as error:  # noqa: BLE001 (whatever it is, the worker ends of it)
        worker.crash(error)


def run_worker(settings: Settings, worker: AttributionWorker) -> None:
    """Run until SIGTERM or SIGINT, or until the worker fails.

    Raises:
        EvenhandError: what the worker failed of; anything else is a bug.
    """
    if not logging.getLogger().isEnabledFor(logging.DEBUG):
        for library in _LIBRARIES:
            logging.getLogger(library).setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, worker))


async def _run(settings: Settings, worker: AttributionWorker) -> None:
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, worker.over.set)
    app = create_app(settings, worker)
    try:
        await app.start()
        starting = asyncio.create_task(worker.start())
        over = asyncio.create_task(worker.over.wait())
        await asyncio.wait((starting, over), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await over
        else:
            starting.cancel()
    finally:
        await worker.stop()
        await app.stop()
    if worker.failure is not None:
        raise worker.failure
