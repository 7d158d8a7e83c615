"""What every partition loop of a worker's role shares. The composition root makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from msgspec import Struct

from config.catalogue import Catalogue
from config.definitions import Definitions
from config.settings import Settings
from events.topics import DEAD_LETTERS, Topic, full_name
from streams.admin.cluster import Cluster
from streams.live.processor import Role
from streams.metrics import Metrics
from streams.rocks import RocksMemory
from streams.state import Room
from streams.state_folder import StateFolder


class Topics(Struct, frozen=True):
    """The full names of the topics that a role reads and writes."""

    prefix: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    decided: frozenset[str]
    """The inputs whose refused records the role makes dead letters."""

    @classmethod
    def of(cls, role: Role, prefix: str) -> Topics:
        inputs, outputs = (tuple(full_name(prefix, topic) for topic in some) for some in (role.inputs, role.outputs))
        return cls(prefix, inputs, outputs, frozenset(prefix + name for name in role.decides))

    def full(self, topic: Topic) -> str:
        """The topic's full name."""
        return full_name(self.prefix, topic)

    @property
    def dead_letters(self) -> str:
        return self.full(DEAD_LETTERS)

    @property
    def all(self) -> tuple[str, ...]:
        return *self.inputs, *self.outputs


class Tools(Struct, frozen=True):
    """The parts of a worker, made once for each role; memory and metrics are shared by all."""

    settings: Settings
    catalogue: Catalogue
    definitions: Definitions
    role: Role
    topics: Topics
    group: str
    """The consumer group, such as `evenhand.attribution`."""
    cluster_id: str
    partitions: int
    cluster: Cluster
    """Blocking access, for threads."""
    connection: Mapping[str, Any]
    """aiokafka's bootstrap servers and security."""
    consumer: AIOKafkaConsumer
    folder: StateFolder
    memory: RocksMemory
    room: Room
    metrics: Metrics
    accept_gap: bool = False
    accept_dead_letters: bool = False
