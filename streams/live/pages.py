"""The worker's web server: /metrics, /health and /ready, and none of the pages that Faust would add."""

from __future__ import annotations

import logging
from typing import ClassVar

import structlog
from aiohttp.web import AppRunner, TCPSite
from faust.app import App
from faust.web import Request, Response, View
from faust.web.drivers.aiohttp import Web

from config.errors import BrokenEnvironmentError
from streams.live.health import Health
from streams.metrics import Metrics

log = structlog.get_logger(__name__)

HOST = "0.0.0.0"  # every interface: Prometheus and probes come from other machines


class WorkerPages(Web):
    """Listens while the app runs. Port 0 is any free one; the log says which."""

    logger = logging.getLogger("faust.web")
    default_blueprints: ClassVar[tuple[()]] = ()
    production_blueprints: ClassVar[tuple[()]] = ()

    def __init__(self, app: App, port: int) -> None:
        super().__init__(app)
        self._port = port
        self._pages = AppRunner(self.web_app, access_log=None)

    async def start_server(self) -> None:
        """Answer from now on.

        Raises:
            BrokenEnvironmentError: the port is taken or not for this user.
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


def add_pages(app: App, health: Health, metrics: Metrics) -> None:
    """The app has the worker's pages."""

    @app.page("/metrics")
    async def exposition(view: View, request: Request) -> Response:
        await health.measure()
        return view.bytes(metrics.exposition(), content_type="text/plain; version=0.0.4")

    @app.page("/health")
    async def alive(view: View, request: Request) -> Response:
        return view.json({"status": "alive"})

    @app.page("/ready")
    async def ready(view: View, request: Request) -> Response:
        why = await health.unready()
        return view.json({"ready": why is None, "why": why}, status=200 if why is None else 503)
