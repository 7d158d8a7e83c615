"""A worker that comes with nothing, or with an old snapshot, to outputs that stand already: it says nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.live.conftest import Install
from tests.live.installation import Installation
from tests.live.log import Sent
from tests.live.proof import missing_from_state, prove, read_topics
from tests.live.story import Story
from tests.live.worker import Worker

NO_SNAPSHOTS = {"EVENHAND_SNAPSHOT_URL": ""}


@pytest.fixture
def records() -> Iterator[Sent]:
    return iter(Story(6, 1, contacts=100, days=91))


def test_a_first_start_beside_existing_outputs_is_silent(install: Install, records: Iterator[Sent]) -> None:
    installation = install()
    serve(installation, records, **NO_SNAPSHOTS)
    before = read_topics(installation)
    installation.wipe("a")

    worker = installation.worker("a", **NO_SNAPSHOTS)
    worker.wait_for("partition taken over")

    after = read_topics(installation)
    assert (after.credits, after.shadow, after.letters) == (before.credits, before.shadow, before.letters)
    serve_on(installation, worker, records)
    topics = prove(installation)
    assert len(topics.credits) > len(before.credits)
    assert missing_from_state(topics, installation) == []


def test_a_lost_disk_comes_back_from_a_snapshot_and_catches_up_in_silence(
    install: Install, records: Iterator[Sent]
) -> None:
    installation = install()
    serve(installation, records)
    serve(installation, records, **NO_SNAPSHOTS)
    before = read_topics(installation)
    installation.wipe("a")

    worker = installation.worker("a")
    worker.wait_for("partition taken over")

    assert {"state restored from a snapshot", "catching up in silence"} <= {e["event"] for e in worker.entries()}
    after = read_topics(installation)
    assert (after.credits, after.shadow, after.letters) == (before.credits, before.shadow, before.letters)
    serve_on(installation, worker, records)
    topics = prove(installation)
    assert missing_from_state(topics, installation) == []


def test_a_broken_snapshot_is_passed_over_for_the_one_before(install: Install, records: Iterator[Sent]) -> None:
    installation = install()
    serve(installation, records)
    first = set(snapshots_of(installation))
    serve(installation, records)
    for newer in set(snapshots_of(installation)) - first:
        newer.write_bytes(newer.read_bytes()[:-9])
    installation.wipe("a")

    worker = serve(installation, records)

    assert {"snapshot skipped", "state restored from a snapshot"} <= {e["event"] for e in worker.entries()}
    assert missing_from_state(prove(installation), installation) == []


def test_a_worker_that_comes_back_to_an_old_disk_says_nothing_that_another_said(
    install: Install, records: Iterator[Sent]
) -> None:
    installation = install()
    serve(installation, records, **NO_SNAPSHOTS)
    serve(installation, records, disk="b", **NO_SNAPSHOTS)
    serve(installation, records, **NO_SNAPSHOTS)

    topics = prove(installation)

    assert missing_from_state(topics, installation) == []


def snapshots_of(installation: Installation) -> list[Path]:
    """The manifests of the snapshots that are there."""
    return list(installation.snapshots.glob(f"*/{installation.group}/0/manifests/*.json"))


def serve(installation: Installation, sent: Iterator[Sent], disk: str = "a", **settings: str) -> Worker:
    """A worker on that disk has taken in 500 records more, and has been stopped."""
    worker = installation.worker(disk, **settings)
    serve_on(installation, worker, sent)
    return worker


def serve_on(installation: Installation, worker: Worker, sent: Iterator[Sent]) -> None:
    installation.send(islice(sent, 500))
    installation.wait_until_settled()
    assert worker.stop() == 0
