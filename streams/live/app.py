"""The Faust app: it hosts the web server, the timers and the life cycle; the hot loop is the worker's own consumer."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import ClassVar, Final

import faust
import structlog
import uvloop
from aiohttp.web import AppRunner, TCPSite
from faust.app.base import BootStrategy
from faust.web import Request, Response, View
from faust.web.drivers.aiohttp import Web

from config.errors import BrokenEnvironmentError
from config.settings import Settings
from streams.disk import disk_errors_told
from streams.live.client_log import tell_of_the_unforeseen, thin_out_complaints
from streams.live.worker import Worker

log = structlog.get_logger(__name__)

HOST: Final = "0.0.0.0"  # every interface: Prometheus and probes come from other machines
LISTEN_EVERY: Final = timedelta(seconds=5)
TELL_EVERY: Final = timedelta(seconds=10)
LOOK_EVERY: Final = timedelta(seconds=5)
_LIBRARIES: Final = ("faust", "mode")


class WithoutFaustConsumer(BootStrategy):
    """Faust's own consumer and producer stay off: the worker has its own (architecture, Faust's part)."""

    enable_kafka = False


class EvenhandApp(faust.App):
    BootStrategy = WithoutFaustConsumer
    logger = logging.getLogger("faust.app")  # else what Faust says of itself would come under our name


class WorkerPages(Web):
    """Answers while the app runs, at any free port for port 0; none of Faust's own pages is there."""

    logger = logging.getLogger("faust.web")
    default_blueprints: ClassVar[tuple[()]] = ()
    production_blueprints: ClassVar[tuple[()]] = ()

    def __init__(self, app: faust.App, port: int) -> None:
        super().__init__(app)
        self._port = port
        self._pages = AppRunner(self.web_app, access_log=None)

    async def start_server(self) -> None:
        """Answer from now on.

        Raises:
            BrokenEnvironmentError: the port is taken, or not for this user.
        """
        await self._pages.setup()
        try:
            await TCPSite(self._pages, HOST, self._port).start()
        except OSError as error:
            raise BrokenEnvironmentError(
                f"port {self._port} cannot be listened to ({error.strerror}): stop what holds it, or set "
                "EVENHAND_WEB_PORT to another one, or to 0 for any"
            ) from error
        log.info("web server listens", host=HOST, port=self._pages.addresses[0][1])

    async def stop_server(self) -> None:
        """Answer no more."""
        await self._pages.cleanup()


def create_app(settings: Settings, worker: Worker) -> faust.App:
    """The app around a worker: its pages, and what is done every few seconds."""
    with disk_errors_told(settings.state_dir):
        settings.state_dir.mkdir(parents=True, exist_ok=True)
    app = EvenhandApp(
        f"{settings.group}.worker",
        broker=f"kafka://{settings.kafka_bootstrap_servers.replace(',', ';kafka://')}",
        datadir=settings.state_dir / "faust",
        topic_disable_leader=True,
        loop=asyncio.get_running_loop(),
    )
    app.web = WorkerPages(app, settings.web_port)

    @app.page("/metrics")
    async def metrics(view: View, request: Request) -> Response:
        await worker.measure()
        return view.bytes(worker.metrics.exposition(), content_type="text/plain; version=0.0.4")

    @app.page("/health")
    async def health(view: View, request: Request) -> Response:
        return view.json({"status": "alive"})

    @app.page("/ready")
    async def ready(view: View, request: Request) -> Response:
        why = await worker.unready()
        return view.json({"ready": why is None, "why": why}, status=200 if why is None else 503)

    @app.timer(LISTEN_EVERY.total_seconds())  # type: ignore[untyped-decorator]
    async def listen() -> None:
        await _or_crash(worker, worker.listen)

    @app.timer(LOOK_EVERY.total_seconds())  # type: ignore[untyped-decorator]
    async def look() -> None:
        await _or_crash(worker, worker.watch_topics)

    @app.timer(TELL_EVERY.total_seconds())  # type: ignore[untyped-decorator]
    async def tell() -> None:
        await _or_crash(worker, worker.tell)

    return app


async def _or_crash(worker: Worker, task: Callable[[], Awaitable[None]]) -> None:
    try:
        await task()
    except Exception as error:  # noqa: BLE001 (whatever it is, the worker ends of it)
        worker.crash(error)


def run_worker(settings: Settings, worker: Worker) -> None:
    """Run until SIGTERM or SIGINT, or until the worker fails.

    Raises:
        EvenhandError: what the worker failed of; anything else is a bug.
    """
    if not logging.getLogger().isEnabledFor(logging.DEBUG):
        for library in _LIBRARIES:
            logging.getLogger(library).setLevel(logging.WARNING)
        thin_out_complaints()
    # The cached contacts are hundreds of thousands of long-lived objects without cycles: a look through them is vain.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, worker))


async def _run(settings: Settings, worker: Worker) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(tell_of_the_unforeseen)
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
