"""A worker that dies at any step of a chunk or a takeover is made up for: the same outputs, each said once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

from tests.kafka import Broker
from tests.live.crashing import CRASHED
from tests.live.installation import Installation
from tests.live.proof import Place, Topics, prove
from tests.live.story import CATALOGUE, Story

pytestmark = pytest.mark.timeout(400)  # the first test waits for all the crashes

SEED, RECORDS = 4, 1_500
SKIPPED = 1_500
"""The first days have few gifts, so a chunk of them has little to say."""
AT_ONCE = 4
"""Runs side by side: most of the time they wait for a dead worker's session to end."""
SETTINGS = {"EVENHAND_SESSION_TIMEOUT": "PT1.5S", "EVENHAND_SNAPSHOT_INTERVAL": "PT0.1S"}
IN_A_CHUNK = (
    "fetched",
    "decided",
    "transaction begun",
    "records sent",
    "between two transactions",
    "published",
    "state committed",
    "checkpoint taken",
    "snapshot half uploaded",
    "snapshot uploaded, not named",
    "snapshot saved",
)
IN_A_TAKEOVER = (
    "fenced",
    "reading the ledger",
    "ledger read",
    "catching up",
    "piece of the catch-up committed",
    "owed said",
)
CRASHES = {
    "no crash": (),
    **{step: (step,) for step in IN_A_CHUNK},
    **{step: ("between two transactions", step) for step in IN_A_TAKEOVER},
    "every step of a takeover": ("between two transactions", *IN_A_TAKEOVER),
}


@pytest.fixture(scope="module")
def runs(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Installation]]:
    """Installations that have had the same records and been through their crashes, with all workers stopped."""
    records = list(islice(Story(SEED, 1, contacts=300, days=60), SKIPPED, SKIPPED + RECORDS))
    installations = {}
    for number, name in enumerate(CRASHES):
        home = tmp_path_factory.mktemp("crash")
        installations[name] = Installation(kafka, f"{home.name}-{number}.", home, CATALOGUE)
        installations[name].send(records)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(crash_and_recover, installations.values(), CRASHES.values()))
        yield installations
    finally:
        for installation in installations.values():
            installation.close()


def crash_and_recover(installation: Installation, steps: tuple[str, ...]) -> None:
    for step in steps:
        worker = installation.worker("a", program=("-m", "tests.live.crashing", step), **SETTINGS)
        assert worker.ended() == CRASHED, worker.tail()
    worker = installation.worker("a", **SETTINGS)
    installation.wait_until_settled()
    assert worker.stop() == 0


@pytest.fixture(scope="module")
def uninterrupted(runs: dict[str, Installation]) -> Topics:
    return prove(runs["no crash"])


@pytest.mark.parametrize("crash", CRASHES)
def test_a_crash_changes_nothing(runs: dict[str, Installation], uninterrupted: Topics, crash: str) -> None:
    topics = prove(runs[crash])

    assert topics.last_said == uninterrupted.last_said
    assert without_prefix(topics) == without_prefix(uninterrupted)
    assert len(topics.letters) > 20
    assert len(topics.credits) > 50


def without_prefix(topics: Topics) -> dict[Place, str]:
    """The reasons of the refused records, by places that do not tell the installations apart."""
    return {
        (topic.partition(".")[2], partition, offset): reason
        for (topic, partition, offset), reason in topics.refused.items()
    }
