"""A real PostgreSQL for tests: its own server in a folder of its own, from the machine's packages."""

from tests.postgres.server import MissingPostgresError, PostgresServer

__all__ = ["MissingPostgresError", "PostgresServer"]
