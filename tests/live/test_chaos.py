"""Workers killed, frozen and robbed of their disks, a broker restarted, and events all the while: exactly once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from random import Random
from threading import Event, Thread

import pytest

from tests.errors_logged import ErrorsLogged
from tests.live.conftest import Install
from tests.live.installation import Installation
from tests.live.log import producing, send
from tests.live.proof import missing_from_state, prove
from tests.live.story import Story
from tests.live.worker import Worker

SEED = 20
PARTITIONS = 4
PER_PORTION, PORTION_S = 125, 0.25
SESSION = {"EVENHAND_SESSION_TIMEOUT": "PT3S", "EVENHAND_SNAPSHOT_INTERVAL": "PT2S"}
LONGER_THAN_A_SESSION_S = 6.0
KILLS = 10


@pytest.mark.timeout(400)
def test_live_chaos(install: Install, errors_logged: ErrorsLogged, capsys: pytest.CaptureFixture[str]) -> None:
    errors_logged.allow("kafka")  # the test's own clients, while the broker is away
    installation = install(partitions=PARTITIONS)
    with capsys.disabled():
        print(f"\nchaos: seed {SEED}, logs in {installation.home}")

    with story_told(installation):
        survivors = havoc(installation)

    installation.wait_until_settled(90)
    assert [worker.stop() for worker in survivors] == [0] * len(survivors)
    topics = prove(installation)
    assert missing_from_state(topics, installation) == []
    assert bugs(installation) == []
    with capsys.disabled():
        print(f"chaos: {len(topics.inputs)} records, {len(topics.letters)} dead letters, {len(topics.credits)} credits")
    assert len(topics.inputs) > 20_000


def havoc(installation: Installation) -> list[Worker]:
    """Everything that the guarantee has to bear; the workers that are left."""
    random = Random(SEED)
    crew = Crew(installation)
    crew.hire("a")
    crew.hire("b")
    for kill in range(KILLS):
        crew.rest(random.uniform(0, 3))
        if kill == 4:
            crew.hire("c")
        name = random.choice(crew.busy())
        crew.workers[name].kill()
        if kill == 6:
            installation.wipe(name)
        if kill in (3, 7):
            installation.broker.restart()
        crew.away[name] = time.monotonic() + random.uniform(0, 8)
        if kill == 5:
            crew.freeze(random.choice(crew.busy()))
    crew.rest(8)
    return list(crew.workers.values())


class Crew:
    """The workers at work, by the name of their disk, and those that come back later."""

    def __init__(self, installation: Installation) -> None:
        self.workers: dict[str, Worker] = {}
        self.away: dict[str, float] = {}
        """Who comes back when."""
        self._installation = installation

    def hire(self, name: str) -> None:
        self.workers[name] = self._installation.worker(name, **SESSION)

    def busy(self) -> list[str]:
        """Those who serve a partition; waits for one if nobody does."""
        while not (busy := [name for name in sorted(self.workers) if self._is_busy(name)]):
            self.rest(0.1)
        return busy

    def _is_busy(self, name: str) -> bool:
        return name not in self.away and self.workers[name].taken_over() != []

    def rest(self, seconds: float) -> None:
        """Let time pass; who is due comes back."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for name in [name for name, due in self.away.items() if due < time.monotonic()]:
                del self.away[name]
                self.hire(name)
            time.sleep(0.05)

    def freeze(self, name: str) -> None:
        """Let one sleep past its session."""
        self.workers[name].freeze()
        self.rest(LONGER_THAN_A_SESSION_S)
        self.workers[name].thaw()


@contextmanager
def story_told(installation: Installation) -> Iterator[None]:
    """Records come all the while."""
    over = Event()

    def tell() -> None:
        records = iter(Story(SEED, PARTITIONS, contacts=3_000))
        with producing(installation.broker) as producer:
            while not over.wait(PORTION_S):
                send(producer, installation.prefix, islice(records, PER_PORTION))

    teller = Thread(target=tell)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def bugs(installation: Installation) -> list[str]:
    """What no worker may ever log, whatever happens to it."""
    signs = ("Traceback", "a bug in Evenhand", "never retrieved", "never awaited")
    return [
        line
        for worker in installation.workers
        for line in worker.log.read_text().splitlines()
        if any(sign in line for sign in signs)
    ]
