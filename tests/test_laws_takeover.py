"""The law of the takeover: wherever a worker dies, and from whichever snapshot the next begins, all is said once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings

from streams.holds import Holds
from streams.rows import origin_of
from streams.store import MemoryStore, Store
from tests.domain import HOUR_US, Partition, Record, Refused
from tests.histories import DICE, LENGTHS, RULES, any_delivery, history, records_of, simplest_delivery, tight

HOLDS = Holds(horizon_us=3 * HOUR_US, retention_us=12 * HOUR_US)


@pytest.fixture(scope="module", autouse=True)
def tight_memory() -> Iterator[None]:
    """Short histories leave memory as long ones do."""
    with tight():
        yield


class Life:
    """Workers of one partition, each taking over from one that died while it published a chunk."""

    def __init__(self, dice: Random, chunks: list[list[Record]], cached_touches: int) -> None:
        self.worker = Partition(RULES, HOLDS, cached_touches=cached_touches)
        self._dice = dice
        self._chunks = chunks
        self._done = 0
        """Chunks that the worker's state covers."""
        self._covered = 0
        """Chunks that the outputs cover."""
        self._snapshots = {0: copied(self.worker.state.store)}

    def run(self) -> None:
        while self._done < len(self._chunks):
            if self._dice.random() < 0.3:
                self._die()
                self._take_over()
            else:
                self._go_on()

    def _go_on(self) -> None:
        worker, before = self.worker, self._outputs()
        worker.take_records(self._chunks[self._done])
        self._done += 1
        if self._outputs() > before:
            self._covered = self._done
        worker.sweep.advance(self._dice.choice([0, 5, 1000]))
        self._snapshots[self._done] = copied(worker.state.store)

    def _die(self) -> None:
        """Publish a part of what a chunk led to, dead letters first, and commit nothing."""
        worker, before = self.worker, self._outputs()
        refused = worker.decide(self._chunks[self._done])
        said = list(worker.crediting.say())
        published = self._dice.randint(0, len(refused) + len(said))
        for received, refusal in refused[:published]:
            worker.refuse(received, refusal)
        for credit in said[: max(0, published - len(refused))]:
            worker.publish(credit)
        if self._outputs() > before:
            self._covered = self._done + 1

    def _take_over(self) -> None:
        begin = self._dice.choice(sorted(self._snapshots))
        worker = self.worker
        worker.restart(copied(self._snapshots[begin]))
        for said in worker.said:
            version = said.credits[0][0].version
            worker.state.note_said(said.contact_id.encode(), said.conversion_id.encode(), version, said.lift)
        worker.state.commit()
        missed = [record for chunk in self._chunks[begin : self._covered] for record in chunk]
        for chunk in any_delivery(self._dice, missed).chunks if missed else []:
            self._catch_up(chunk)
        worker.crediting.speak_up()
        for received, refusal in worker.state.owed_refusals():
            worker.refuse(received, refusal)
        for credit in worker.crediting.say():
            worker.publish(credit)
        worker.state.commit()
        self._done = max(begin, self._covered)
        self._snapshots[self._done] = copied(worker.state.store)

    def _catch_up(self, chunk: list[Record]) -> None:
        worker = self.worker
        for received, refusal in worker.decide(chunk):
            if Refused(received.topic, received.offset, refusal.reason) not in worker.refused:
                worker.state.owe_refusal(origin_of(received), refusal)
        worker.crediting.keep_quiet()
        worker.state.commit()
        worker.sweep.advance(self._dice.choice([0, 5, 1000]))

    def _outputs(self) -> int:
        return len(self.worker.refused) + len(self.worker.said)


def copied(store: Store) -> MemoryStore:
    copy = MemoryStore()
    copy.write(dict(store.scan(b"", b"\xff" * 9)))
    return copy


@given(DICE, LENGTHS)
@settings(max_examples=200, deadline=None)
def test_nothing_is_said_twice_or_never_wherever_workers_die(dice: Random, length: int) -> None:
    records = records_of(dice, history(dice, length))
    delivery = any_delivery(dice, records)
    life = Life(dice, delivery.chunks, delivery.cached_touches)

    life.run()

    undisturbed = Partition(RULES, HOLDS)
    for chunk in simplest_delivery(records).chunks:
        undisturbed.take_records(chunk)
    assert life.worker.final() == undisturbed.final()
    assert sorted(life.worker.refused) == sorted(undisturbed.refused)
    for messages in life.worker.log.values():
        versions = [json.loads(message)["version"] for message in messages]
        assert versions == sorted(set(versions))
