"""The Faust app: it hosts the web server, the timers and the life cycle; the hot loop is the worker's own consumer."""

from __future__ import annotations

import asyncio
import signal
import socket
from datetime import timedelta
from typing import Any

import faust
import structlog
import uvloop
from aiokafka.errors import KafkaError
from faust.web import Request, Response, View

from config.settings import Settings
from streams.live.worker import AttributionWorker

log = structlog.get_logger(__name__)

_MEASURE_EVERY = timedelta(seconds=5)


def free_port() -> int:
    """A port that nobody listens to now: Faust takes no 0 for "any"."""
    with socket.create_server(("", 0)) as listener:
        return int(listener.getsockname()[1])


class WithoutFaustConsumer(faust.App.BootStrategy):  # type: ignore[misc]
    """Faust's own consumer and producer stay off: the worker has its own (architecture, Faust's part)."""

    enable_kafka = False


class EvenhandApp(faust.App):  # type: ignore[misc]
    BootStrategy = WithoutFaustConsumer


def _tell_of(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what went wrong where nobody waited for it, but for the futures that aiokafka leaves behind when a
    transaction fails: that failure was raised to the partition that published."""
    if not (isinstance(context.get("exception"), KafkaError) and isinstance(context.get("future"), asyncio.Future)):
        loop.default_exception_handler(context)


def create_app(settings: Settings, worker: AttributionWorker) -> faust.App:
    """The app around a worker: pages /metrics, /health and /ready, and what is done every few seconds."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    app = EvenhandApp(
        f"{settings.group}.worker",
        broker=f"kafka://{settings.kafka_bootstrap_servers.replace(',', ';kafka://')}",
        datadir=settings.state_dir / "faust",
        web_enabled=True,
        web_host="0.0.0.0",
        web_port=settings.web_port or free_port(),
        topic_disable_leader=True,
        loop=asyncio.get_running_loop(),
    )

    @app.page("/metrics")
    async def metrics(view: View, request: Request) -> Response:
        return view.bytes(worker.metrics.exposition(), content_type="text/plain; version=0.0.4")

    @app.page("/health")
    async def health(view: View, request: Request) -> Response:
        return view.json({"status": "alive"})

    @app.page("/ready")
    async def ready(view: View, request: Request) -> Response:
        why = worker.unready()
        return view.json({"ready": why is None, "why": why}, status=200 if why is None else 503)

    @app.timer(_MEASURE_EVERY.total_seconds())
    async def measure() -> None:
        await worker.listen()
        worker.measure()
        await worker.commit_for_monitoring()

    return app


def run_worker(settings: Settings, worker: AttributionWorker) -> None:
    """Run until SIGTERM or SIGINT, or until the worker fails.

    Raises:
        EvenhandError: what the worker failed of; anything else is a bug.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, worker))


async def _run(settings: Settings, worker: AttributionWorker) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_tell_of)
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, worker.over.set)
    app = create_app(settings, worker)
    await app.start()
    try:
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
