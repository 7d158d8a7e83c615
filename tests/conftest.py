"""Fixtures that any test may ask for: a real broker, names of its own, and no error that nobody expected."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from tests.errors_logged import ErrorsLogged, recording_errors
from tests.kafka import Broker, MissingBrokerError
from tests.logging_kept import logging_kept
from tests.postgres import MissingPostgresError, PostgresServer

settings.register_profile("evenhand", deadline=None)  # machines are shared: how long one example takes says nothing
settings.load_profile("evenhand")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real Kafka broker, started for the first test that asks and shared by all; see `broker_mended`."""
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    try:
        broker.start()
    except MissingBrokerError as error:
        pytest.fail(str(error), pytrace=False)
    yield broker
    if broker.running:
        broker.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, started for the first test that asks and shared by all.

    Its folder is none of pytest's, which each run closes to all but its own user, and the server has a user of its own.
    """
    with TemporaryDirectory(prefix="evenhand-postgres-") as home:
        try:
            server = PostgresServer(Path(home))
        except MissingPostgresError as error:
            pytest.fail(str(error), pytrace=False)
        server.start()
        yield server
        server.stop()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The SQLAlchemy URL of an empty database in PostgreSQL."""
    return postgres.fresh_database()


@pytest.fixture(autouse=True)
def broker_mended(request: pytest.FixtureRequest) -> Iterator[None]:
    """However a test leaves the shared broker, killed or frozen, the next one finds it at work."""
    yield
    if "kafka" in request.fixturenames:
        broker: Broker = request.getfixturevalue("kafka")
        if broker.running:
            broker.thaw()
        else:
            broker.start()


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """However a test configures logging, the next one finds it as it was."""
    with logging_kept():
        yield


@pytest.fixture
def topic_prefix() -> str:
    """A prefix that no other test's topics, groups and transactional ids have."""
    return f"test-{uuid.uuid4().hex[:12]}."


@pytest.fixture(autouse=True)
def errors_logged() -> Iterator[ErrorsLogged]:
    """Fails the test for each error logged that it did not `expect` or `allow`, or expected in vain."""
    with recording_errors() as errors:
        yield errors
    assert errors.unexpected() == []
    assert errors.missing() == []
