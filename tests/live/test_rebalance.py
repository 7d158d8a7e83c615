"""Partitions change hands: what stays is not touched, what goes is served again soon, and each by one worker alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count, islice

import pytest

from tests.acceptance import donation
from tests.live.conftest import Install
from tests.live.installation import Installation
from tests.live.log import Reader, Sent, producing, send
from tests.live.proof import prove
from tests.live.story import Story, partition_of
from tests.live.worker import DEADLINE_S, Worker

PARTITIONS = 6
FAILOVER_S = 15.0
DEFAULT_SESSION = {"EVENHAND_SESSION_TIMEOUT": "PT6S"}


def test_partitions_that_stay_are_not_opened_again(install: Install) -> None:
    installation = install(partitions=PARTITIONS)
    records = iter(Story(5, PARTITIONS, contacts=200, days=60))
    crew = {name: installation.worker(name) for name in ("a", "b")}
    wait_until_shared(installation, crew)
    installation.send(islice(records, 600))

    crew["c"] = installation.worker("c")
    shared_by_three = wait_until_shared(installation, crew)
    installation.send(islice(records, 600))
    installation.wait_until_settled()
    before = {name: crew[name].taken_over() for name in "ac"}  # while "c" joined, some may have come and gone
    assert crew["b"].stop() == 0
    shared_by_two = wait_until_shared(installation, {name: crew[name] for name in "ac"})
    installation.send(islice(records, 600))
    installation.wait_until_settled()

    assert [crew[name].stop() for name in "ac"] == [0, 0]
    prove(installation)
    for name in "ac":
        stayed = shared_by_three[name] & shared_by_two[name]
        assert stayed
        assert [p for p in crew[name].taken_over()[len(before[name]) :] if p in stayed] == []


def test_failover(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    installation = install(partitions=2)
    crew = {name: installation.worker(name, **DEFAULT_SESSION) for name in ("a", "b")}
    shares = wait_until_shared(installation, crew)
    [victims] = shares["a"]

    with producing(installation.broker) as producer:
        reader = Reader(installation.broker, installation.topics(["credits"]))
        gifts = iter(gifts_to(victims, 2))
        wait_for_credit(reader, lambda: send(producer, installation.prefix, islice(gifts, 1)), victims)
        crew["a"].kill()
        killed_at = time.monotonic()
        reader.rest()
        wait_for_credit(reader, lambda: send(producer, installation.prefix, islice(gifts, 1)), victims)
        took_s = time.monotonic() - killed_at
        reader.close()

    with capsys.disabled():
        print(f"\nfailover: {took_s:.1f} s from SIGKILL to the next credit on the victim's partition, session of 6 s")
    assert took_s < FAILOVER_S
    installation.wait_until_settled()
    assert crew["b"].stop() == 0
    prove(installation)


def gifts_to(partition: int, partitions: int) -> Iterator[Sent]:
    """Gifts without end, by contacts of that partition."""
    for number in count():
        contact = f"donor-{number}"
        if partition_of(contact.encode(), partitions) == partition:
            value = donation("c1", "50.00", "2025-05-05T11:00:00Z", contact)
            yield Sent("conversions", contact.encode(), value)


def wait_for_credit(reader: Reader, give: Callable[[], None], partition: int) -> None:
    """A credit that is said from now on can be read in the partition, while gifts come."""
    give_up = time.monotonic() + DEADLINE_S
    while not any(record.partition == partition for record in reader.poll()):
        give()
        assert time.monotonic() < give_up, "no credit came"


def wait_until_shared(installation: Installation, crew: dict[str, Worker]) -> dict[str, set[int]]:
    """Every worker serves its share, and nobody else's."""
    give_up = time.monotonic() + DEADLINE_S
    while True:
        shares = {name: served_by(worker) for name, worker in crew.items()}
        served = sorted(partition for share in shares.values() for partition in share)
        if served == list(range(installation.partitions)) and all(shares.values()):
            return shares
        assert time.monotonic() < give_up, f"served: {shares}\n" + "\n".join(w.tail() for w in crew.values())
        time.sleep(0.1)


def served_by(worker: Worker) -> set[int]:
    """The partitions that the worker has taken over and not let go since."""
    served: set[int] = set()
    for entry in worker.entries():
        if entry["event"] == "partition taken over":
            served.add(entry["partition"])
        elif entry["event"] == "partition let go":
            served.discard(entry["partition"])
    return served
