"""The worked example of 50 pounds, live: exactly the contract's record, said once."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance import EXAMPLES
from tests.live.conftest import Install
from tests.live.installation import INPUTS
from tests.live.log import Logged
from tests.live.proof import prove, read_topics
from tests.live.story import partition_of
from tests.test_worked_example import MESSAGE

KEY = b'["donor-7","c1"]'
SHIPPED = (Path(__file__).parents[2] / "config" / "catalogue.toml").read_text()


def test_live_worked_example(install: Install) -> None:
    # Given
    installation = install(SHIPPED, partitions=3)
    partition = partition_of(b"donor-7", 3)

    # When
    worker = installation.worker("a")
    assert installation.evenhand("produce", str(EXAMPLES / "worked-example.jsonl")).code == 0
    installation.wait_until_settled()

    # Then
    topics = prove(installation)
    [credit] = topics.credits
    assert (credit.key, credit.value, credit.partition) == (KEY, MESSAGE, partition)
    assert credit.covers.keys() == set(installation.topics(INPUTS))
    assert covered_facts(credit, topics.inputs) >= {"t1", "t2", "c1"}
    assert [(record.key, record.partition) for record in topics.shadow] == [
        (b'["donor-7","c1","%b"]' % model, partition) for model in (b"first", b"last", b"position_based")
    ]
    assert worker.stop() == 0
    assert sorted(worker.taken_over()) == [0, 1, 2]
    assert worker.errors() == []


def test_a_worker_that_starts_again_says_nothing_twice(install: Install) -> None:
    installation = install(SHIPPED)
    worker = installation.worker("a")
    assert installation.evenhand("produce", str(EXAMPLES / "worked-example.jsonl")).code == 0
    installation.wait_until_settled()
    assert worker.stop() == 0
    before = read_topics(installation)

    again = installation.worker("a")
    installation.wait_until_settled()

    assert again.stop() == 0
    after = prove(installation)
    assert (after.credits, after.shadow) == (before.credits, before.shadow)
    assert after.letters[: len(before.letters)] == before.letters


def covered_facts(credit: Logged, inputs: list[Logged]) -> set[str]:
    covered = [
        record
        for record in inputs
        if record.partition == credit.partition and record.offset < credit.covers[record.topic]
    ]
    return {json.loads(record.value or b"")["event_id"] for record in covered if record.key is not None}
