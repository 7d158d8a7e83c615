"""A worker's pages, asked for over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.message import Message
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.live.worker import DEADLINE_S, Worker


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Message
    body: str


class Readiness(NamedTuple):
    """What `/ready` says."""

    status: int
    ready: bool
    why: str | None


def port_of(worker: Worker) -> int:
    """Where it listens, as its log says."""
    worker.wait_for("web server listens")
    return next(int(entry["port"]) for entry in worker.entries() if entry["event"] == "web server listens")


def ask(worker: Worker, path: str) -> Answer:
    """Its answer to a GET."""
    try:
        with urlopen(f"http://127.0.0.1:{port_of(worker)}{path}", timeout=5) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read().decode())


def readiness(worker: Worker) -> Readiness:
    """Whether it says that it is ready."""
    answer = ask(worker, "/ready")
    return Readiness(answer.status, **json.loads(answer.body))


def wait_until_ready(worker: Worker, deadline_s: float = DEADLINE_S) -> None:
    """It says that it is ready."""
    wait_for_readiness(worker, lambda said: said.ready, deadline_s)


def wait_for_readiness(
    worker: Worker, wanted: Callable[[Readiness], bool], deadline_s: float = DEADLINE_S
) -> Readiness:
    """What it says as soon as that is what is wanted."""
    give_up = time.monotonic() + deadline_s
    while not wanted(said := readiness(worker)):
        assert time.monotonic() < give_up, f"it says {said}\n{worker.tail()}"
        time.sleep(0.1)
    return said
