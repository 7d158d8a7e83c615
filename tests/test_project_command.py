"""`evenhand project` on the command line: what cannot work is one clear line that says what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from projections.writing.database import open_database
from tests.commands import Ended, evenhand
from tests.postgres import PostgresServer
from tests.replaying import replayed, write_lines

CATALOGUE = Path(__file__).parents[1] / "config" / "catalogue.toml"


def project(url: str, *arguments: str) -> Ended:
    """Run it where no broker is."""
    where = ("--bootstrap-servers", "127.0.0.1:1", "--kafka-timeout", "PT1S", "--catalogue", str(CATALOGUE))
    return evenhand("project", "--once", "--database-url", url, *where, *arguments)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nothing", "EVENHAND_DATABASE_URL is no URL of a database: postgresql://user@host/name or sqlite:///"),
        ("mysql://host/name", "EVENHAND_DATABASE_URL names 'mysql': the read model lives in PostgreSQL"),
        ("sqlite://", "EVENHAND_DATABASE_URL names 'sqlite': the read model lives in PostgreSQL"),
    ],
)
def test_a_url_of_no_database_is_wrong_usage(url: str, said: str) -> None:
    ended = project(url)

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert said in ended.err


def test_a_database_that_is_away_is_named_with_what_to_do() -> None:
    ended = project("postgresql://user:secret@127.0.0.1:1/name")

    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert ended.err.startswith("error: PostgreSQL at 127.0.0.1:1/name does not answer (")
    assert ended.err.endswith("Connection refused): start it, or set EVENHAND_DATABASE_URL\n")
    assert "secret" not in ended.err


def test_a_database_that_lets_nobody_in_is_told_from_one_that_is_away(postgres: PostgresServer) -> None:
    ended = project(postgres.url("nowhere"))

    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert 'database "nowhere" does not exist): check EVENHAND_DATABASE_URL' in ended.err


def test_a_user_who_may_make_no_tables_is_told_so(postgres: PostgresServer, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE USER reader")

    ended = project(postgres_url.replace("postgres@", "reader@"))

    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert "does not let this user do that (permission denied for schema public" in ended.err


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = project(f"sqlite:///{tmp_path}/nowhere/evenhand.db")

    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert f"{tmp_path}/nowhere/evenhand.db cannot be used" in ended.err


def test_a_file_that_a_replay_wrote_is_left_alone(tmp_path: Path) -> None:
    replayed([write_lines(tmp_path / "e.jsonl", [])], tmp_path)

    ended = project(f"sqlite:///{tmp_path}/evenhand.db")

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "tables that `evenhand project` did not make" in ended.err


def test_a_rebuild_names_the_views_of_others_that_it_would_drop(postgres_url: str) -> None:
    with closing(open_database(postgres_url)) as model:
        model.prepare()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA mine")
        connection.execute("CREATE VIEW mine.of_a_table AS SELECT * FROM conversions")
        connection.execute("CREATE MATERIALIZED VIEW of_a_view AS SELECT * FROM public.attribution")

    ended = project(postgres_url, "--rebuild")

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "would drop views that others made (mine.of_a_table, public.of_a_view)" in ended.err
    assert "no Kafka broker answers" in project(postgres_url, "--rebuild", "--drop-views").err


def test_a_rebuild_of_a_file_names_the_views_that_others_made_in_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/evenhand.db"
    with closing(open_database(url)) as model:
        model.prepare()
    with closing(sqlite3.connect(tmp_path / "evenhand.db")) as connection:
        connection.execute("CREATE VIEW mine AS SELECT * FROM conversions")

    ended = project(url, "--rebuild")

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "would drop views that others made (mine)" in ended.err


def test_brokers_that_are_away_are_named_too(tmp_path: Path) -> None:
    ended = project(f"sqlite:///{tmp_path}/evenhand.db")

    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert "no Kafka broker answers at 127.0.0.1:1" in ended.err


def test_without_a_catalogue_it_does_not_guess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVENHAND_CATALOGUE", raising=False)

    ended = evenhand("project", "--once")

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "no catalogue: set EVENHAND_CATALOGUE to the workers' own" in ended.err
