"""Fixtures for tests of live workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.kafka import Broker
from tests.live.installation import Installation
from tests.live.story import CATALOGUE


class Install(Protocol):
    """Makes the installation of a test."""

    def __call__(self, catalogue: str = CATALOGUE, partitions: int = 1) -> Installation: ...


@pytest.fixture
def install(kafka: Broker, topic_prefix: str, tmp_path: Path) -> Iterator[Install]:
    """Makes an installation whose workers end with the test."""
    made: list[Installation] = []

    def make(catalogue: str = CATALOGUE, partitions: int = 1) -> Installation:
        made.append(Installation(kafka, topic_prefix, tmp_path, catalogue, partitions))
        return made[-1]

    yield make
    for installation in made:
        installation.close()
