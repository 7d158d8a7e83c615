"""What every partition loop of a worker shares. The composition root makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from msgspec import Struct

from config.catalogue import Catalogue
from config.settings import Settings
from events.topics import CONVERSIONS, CREDITS, CREDITS_SHADOW, DEAD_LETTERS, TOUCHPOINTS, full_name
from streams.admin.cluster import Cluster
from streams.metrics import Metrics
from streams.rocks import RocksMemory
from streams.state import Room
from streams.state_folder import StateFolder


class Topics(Struct, frozen=True):
    """The full names of the topics that attribution reads and writes."""

    touchpoints: str
    conversions: str
    credits: str
    credits_shadow: str
    dead_letters: str

    @classmethod
    def under(cls, prefix: str) -> Topics:
        topics = (TOUCHPOINTS, CONVERSIONS, CREDITS, CREDITS_SHADOW, DEAD_LETTERS)
        return cls(*(full_name(prefix, topic) for topic in topics))

    @property
    def inputs(self) -> tuple[str, str]:
        return self.touchpoints, self.conversions

    @property
    def outputs(self) -> tuple[str, str, str]:
        return self.credits, self.credits_shadow, self.dead_letters

    @property
    def all(self) -> tuple[str, ...]:
        return *self.inputs, *self.outputs


class Tools(Struct, frozen=True):
    """The parts of a worker, made once."""

    settings: Settings
    catalogue: Catalogue
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
