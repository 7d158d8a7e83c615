"""A contender made ready: its inputs stand on full topics, its credits have a topic, its state an empty folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import topics, wire
from benchmarks.contenders import Contender
from benchmarks.datasets import Dataset
from benchmarks.installation import Installation
from benchmarks.topics import KEPT

LARGE: Final = {"max.message.bytes": str(16 << 20), "message.timestamp.type": "LogAppendTime"}


class Entry(NamedTuple):
    """What it takes to start a contender and to watch it."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    home: Path
    credits: str
    """The topic of its answers."""

    @property
    def done(self) -> Path:
        """The file by which one that answers early tells that it has read everything."""
        return self.home / "done"


def preload(bootstrap: str, dataset: Dataset, *, in_one_topic: bool) -> None:
    """The peers' topics hold the dataset. Records have the time of their events, since some peers order by that."""
    names = _inputs(dataset, in_one_topic=in_one_topic)
    topics.create(bootstrap, sorted(set(names)), KEPT)
    with dataset.file.open("rb") as lines:
        topics.send(bootstrap, wire.peer_records(lines, *names))


def drop(bootstrap: str, dataset: Dataset) -> None:
    """The peers' topics of the dataset are gone."""
    topics.delete(bootstrap, f"race.{dataset.name}.")


def evenhand(bootstrap: str, contender: Contender, dataset: Dataset, home: Path) -> Entry:
    """Evenhand gets the dataset in its own contract, on topics that it has made itself."""
    installation = Installation(bootstrap, home, wire.catalogue(dataset))
    with dataset.file.open("rb") as lines:
        topics.send(bootstrap, wire.records(lines, installation.prefix))
    return Entry(contender.command, installation.environment(), home, installation.topic("credits"))


def peer(bootstrap: str, contender: Contender, dataset: Dataset, home: Path) -> Entry:
    """A peer reads what `preload` wrote; see `benchmarks.peers.job` for what it is told."""
    (home / "state").mkdir(parents=True)
    credits = f"credits-{home.name}"
    topics.create(bootstrap, [credits], KEPT | LARGE)
    touchpoints, conversions = _inputs(dataset, in_one_topic=contender.needs_one_topic)
    told = {
        "RACE_BOOTSTRAP": bootstrap,
        "RACE_TOUCHPOINTS": touchpoints,
        "RACE_CONVERSIONS": conversions,
        "RACE_CREDITS": credits,
        "RACE_GROUP": home.name,
        "RACE_STATE_DIR": str(home / "state"),
        "RACE_EVENTS": str(dataset.total),
        "RACE_DONE": str(home / "done"),
    }
    return Entry(contender.command, os.environ | told, home, credits)


def _inputs(dataset: Dataset, *, in_one_topic: bool) -> tuple[str, str]:
    prefix = f"race.{dataset.name}."
    return (f"{prefix}events",) * 2 if in_one_topic else (f"{prefix}touchpoints", f"{prefix}conversions")
