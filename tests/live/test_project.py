"""`evenhand project` on a real broker and real databases: killed, cut off, shared, rebuilt, the rows are the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import create_engine

from cli.delivery import Faults
from cli.quarter import Quarter
from cli.sample import sample_lines
from config.catalogue import load_catalogue
from tests.kafka import Broker
from tests.live.installation import Installation
from tests.live.log import Sent
from tests.live.projecting import OF_BOTH, Projecting, credit_records, input_records, tables_of
from tests.live.story import CATALOGUE, START, partition_of
from tests.postgres import PostgresServer
from tests.replaying import replayed, write_lines

PARTITIONS = 3
KILLS = 20


class Loaded:
    """An installation whose topics hold a quarter, and what its events are."""

    def __init__(self, installation: Installation, events: list[bytes], records: list[Sent], out: Path) -> None:
        self.installation = installation
        self.events = events
        self.records = records
        self.out = out

    def project(self, url: str, name: str, *arguments: str) -> Projecting:
        """Start a projector into a database."""
        environment = self.installation.environment(name) | {"EVENHAND_DATABASE_URL": url}
        return Projecting(environment, self.installation.home / f"{name}.log", *arguments)

    def run(self, url: str, name: str, *arguments: str) -> None:
        """Run a projector to its end."""
        projecting = self.project(url, name, *arguments)
        assert projecting.ended() == 0, projecting.log.read_text()


def _loaded(broker: Broker, prefix: str, home: Path) -> Loaded:
    installation = Installation(broker, prefix, home, CATALOGUE, PARTITIONS)
    events = list(sample_lines(Quarter(120, 91, START, 7), Faults(0.01, 0.01)))
    replayed([write_lines(home / "events.jsonl", events)], home / "out", load_catalogue(installation.catalogue))
    said = credit_records(home / "out", lambda key: partition_of(key, PARTITIONS))
    return Loaded(installation, events, [*input_records(events), *said], home / "out")


@pytest.fixture(scope="module")
def loaded(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The inputs, and credits as a worker says them, all there."""
    loaded = _loaded(kafka, f"project-{time.time_ns()}.", tmp_path_factory.mktemp("project"))
    loaded.installation.send(loaded.records)
    yield loaded
    loaded.installation.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'evenhand.db'}"
    return str(request.getfixturevalue("postgres_url"))


def test_a_replay_and_a_projector_fill_the_same_rows(loaded: Loaded, tmp_path: Path, postgres_url: str) -> None:
    sqlite_url = f"sqlite:///{tmp_path / 'evenhand.db'}"

    loaded.run(sqlite_url, "sqlite", "--once")
    loaded.run(postgres_url, "postgresql", "--once")

    assert tables_of(sqlite_url, OF_BOTH) == tables_of(f"sqlite:///{loaded.out / 'evenhand.db'}", OF_BOTH)
    assert tables_of(postgres_url) == tables_of(sqlite_url)


def test_killed_again_and_again_during_a_load_it_has_the_rows_of_a_clean_build(
    kafka: Broker, topic_prefix: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    loaded = _loaded(kafka, topic_prefix, tmp_path)
    url, clean = postgres.fresh_database(), postgres.fresh_database()
    chance = Random(20)
    size = len(loaded.records) // KILLS + 1
    for number in range(KILLS):
        loaded.installation.send(loaded.records[number * size : (number + 1) * size])
        projecting = loaded.project(url, f"killed-{number}", "--once")
        projecting.wait_for("projector started")
        time.sleep(chance.random() * 0.1)
        projecting.kill()
    loaded.run(url, "mended", "--once")

    loaded.run(clean, "clean", "--once")

    assert tables_of(url) == tables_of(clean)
    assert tables_of(url, OF_BOTH) == tables_of(f"sqlite:///{loaded.out / 'evenhand.db'}", OF_BOTH)


def test_it_waits_while_postgresql_restarts_and_goes_on(
    loaded: Loaded, tmp_path: Path, postgres: PostgresServer
) -> None:
    url = postgres.fresh_database()
    projecting = loaded.project(url, "waiting")
    projecting.wait_for("projector started")
    postgres.kill()
    projecting.wait_for("waiting")
    postgres.start()

    expected = tables_of(f"sqlite:///{loaded.out / 'evenhand.db'}", OF_BOTH)
    _wait_until(lambda: tables_of(url, ["conversions"])["conversions"] == expected["conversions"])
    _wait_until(lambda: tables_of(url, OF_BOTH) == expected)
    assert projecting.stop() == 0
    assert "PostgreSQL at 127.0.0.1" in projecting.log.read_text()


def test_several_share_the_partitions_and_one_takes_over_from_another(loaded: Loaded, postgres_url: str) -> None:
    first, second = (loaded.project(postgres_url, name) for name in ("first", "second"))
    for projecting in (first, second):
        projecting.wait_for("projector started")
    assert first.stop() == 0

    expected = tables_of(f"sqlite:///{loaded.out / 'evenhand.db'}", OF_BOTH)
    _wait_until(lambda: tables_of(postgres_url, OF_BOTH) == expected)
    assert second.stop() == 0


def test_readers_see_no_gap_while_it_is_built_anew(loaded: Loaded, database_url: str) -> None:
    loaded.run(database_url, "before", "--once")
    before = tables_of(database_url)
    counts: list[int] = []
    over = threading.Event()
    reader = threading.Thread(target=_count, args=(database_url, counts, over))
    reader.start()

    loaded.run(database_url, "anew", "--rebuild")

    over.set()
    reader.join()
    assert set(counts) == {len(before["conversions"])}
    assert tables_of(database_url) == before
    loaded.run(database_url, "after", "--once")
    assert tables_of(database_url) == before


def _count(url: str, counts: list[int], over: threading.Event) -> None:
    """What a reader sees, over and over."""
    engine = create_engine(url)
    while not over.wait(0.005):
        with engine.connect() as connection:
            counts.append(connection.exec_driver_sql("SELECT count(*) FROM conversions").scalar_one())
    engine.dispose()


def _wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 100
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.1)
