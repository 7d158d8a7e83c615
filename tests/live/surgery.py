"""What operators do to an installation behind its workers' backs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import get_args

from kafka import KafkaAdminClient, TopicPartition

from config.catalogue import load_catalogue
from events.fact import Fact
from streams.attribution import Attribution
from streams.holds import Holds
from streams.live.judge import Judge
from streams.rocks import RocksStore
from streams.snapshots import Position, Scope, SnapshotStore
from streams.state import PartitionState
from tests.live.installation import Installation
from tests.live.log import Logged


def recreate(installation: Installation, name: str) -> None:
    """The topic (bare name) was deleted and made anew."""
    delete(installation, name)
    installation.create_topics()


def delete(installation: Installation, name: str) -> None:
    """The topic (bare name) is gone."""
    with closing(KafkaAdminClient(bootstrap_servers=installation.broker.internal)) as admin:
        admin.delete_topics([installation.prefix + name])


def cut_off(installation: Installation, ends: dict[str, int]) -> None:
    """The topics (bare names) begin at these offsets, as when retention has removed the records before."""
    places = {TopicPartition(installation.prefix + name, 0): end for name, end in ends.items()}
    with closing(KafkaAdminClient(bootstrap_servers=installation.broker.internal)) as admin:
        admin.delete_records(places)


def database(installation: Installation, disk: str) -> Path:
    """The database of partition 0 on that disk."""
    [path] = installation.disk(disk).glob(f"*/{installation.group}/0/db")
    return path


def offsets_of(installation: Installation, disk: str) -> dict[str, int]:
    """How far the state on that disk has read, by bare topic name."""
    with closing(RocksStore(database(installation, disk))) as store:
        return PartitionState(store).meta.offsets


def copy_disk(installation: Installation, disk: str, to: str) -> None:
    """The other disk holds what this one holds."""
    shutil.copytree(installation.disk(disk), installation.disk(to))


def move_to_cluster(installation: Installation, disk: str, cluster_id: str) -> None:
    """The state on that disk was made from another cluster."""
    with closing(RocksStore(database(installation, disk))) as store:
        state = PartitionState(store)
        state.meta.cluster_id = cluster_id
        state.commit()


def read_on(installation: Installation, disk: str, records: Sequence[Logged]) -> None:
    """The state on that disk has taken in these records, as a worker takes them in. They must leave nothing to say."""
    catalogue = load_catalogue(installation.catalogue)
    with closing(RocksStore(database(installation, disk))) as store:
        state = PartitionState(store)
        decider = Attribution(catalogue, state, Holds(catalogue.horizon_us, catalogue.retention_us))
        for record in records:
            name = record.topic.removeprefix(installation.prefix)
            fact = Judge(name, 0, 1).judge(record)
            assert isinstance(fact, get_args(Fact))
            assert decider.decide(fact, record) is None
            state.meta.offsets[name] = record.offset + 1
        assert not decider.touched, "a worker would have said something"
        state.commit()


def save(installation: Installation, disk: str) -> None:
    """There is a snapshot of the state on that disk."""
    with closing(RocksStore(database(installation, disk))) as store:
        position = Position.of(PartitionState(store).meta)
        checkpoint = installation.home / f"checkpoint-{disk}"
        store.checkpoint(checkpoint)
    scope = Scope(position.cluster_id, installation.group, 0)
    SnapshotStore(f"file://{installation.snapshots}", scope, kept=9).save(checkpoint, position, 0)
