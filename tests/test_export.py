"""`evenhand export`: the whole read model as Parquet by day, alike from both databases; a finished folder or none."""

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyarrow import parquet
from pyarrow.dataset import dataset
from sqlalchemy import Connection

from projections.export import folder as export_folder
from projections.export.folder import ExportFolderError, export
from projections.queries.database import reading
from projections.tables import BOOKKEEPING, METADATA
from tests.acceptance import donation, event, touchpoint
from tests.commands import evenhand
from tests.postgres import PostgresServer
from tests.replaying import replayed, rows, write_lines
from tests.test_queries import copied

EVENTS = [
    touchpoint("t1", "google_ad_click", "2023-07-05T11:00:00Z"),
    touchpoint("t2", "organic_search_click", "2023-07-05T23:59:59.999999Z", dimensions={"platform": "Web"}),
    touchpoint("t3", "newsletter_sign_up", "2023-07-06T00:00:00Z"),
    donation("c1", "50", "2023-07-05T11:02:00Z"),
    donation("c2", "7.00", "2023-07-08T12:00:00Z", "donor-8", currency="USD"),
    donation("c3", "300", "2023-07-08T12:00:00Z", "donor-8", currency="JPY"),
    event("touchpoint.recorded", "t4", "2023-07-05T11:00:00Z", name="a_name_that_the_catalogue_lacks"),
]
ANALYSTS = [name for name, table in METADATA.tables.items() if not table.info.get(BOOKKEEPING)]


@pytest.fixture(scope="module")
def replay_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported")
    replayed([write_lines(out / "e.jsonl", EVENTS)], out)
    return out


@pytest.fixture(params=["sqlite", "postgres"])
def connection(request: pytest.FixtureRequest, replay_out: Path) -> Iterator[Connection]:
    named = str(replay_out / "evenhand.db")
    if request.param == "postgres":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        named = copied(named, postgres.fresh_database())
    with reading(named) as connection:
        yield connection


def asked(question: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        return database.execute(question).fetchall()


def test_every_table_has_all_its_rows_where_duckdb_finds_them(
    connection: Connection, replay_out: Path, tmp_path: Path
) -> None:
    manifest = export(connection, tmp_path / "x")

    for table in manifest["tables"]:
        [(expected,)] = rows(replay_out, f"SELECT count(*) FROM {table['name']}")
        found = asked(f"SELECT count(*) FROM read_parquet('{tmp_path}/x/{table['name']}/**/*.parquet')")
        assert (table["name"], found) == (table["name"], [(expected,)])
        assert table["rows"] == expected
    assert sorted(table["name"] for table in manifest["tables"]) == sorted(ANALYSTS)


def test_pyarrow_reads_every_table_as_a_dataset(connection: Connection, tmp_path: Path) -> None:
    manifest = export(connection, tmp_path / "out")

    read = {
        table["name"]: dataset(tmp_path / "out" / table["name"], partitioning="hive").to_table().num_rows
        for table in manifest["tables"]
    }

    assert read == {table["name"]: table["rows"] for table in manifest["tables"]}


def test_days_are_those_of_utc(connection: Connection, tmp_path: Path) -> None:
    export(connection, tmp_path / "x")

    question = (
        f"SELECT event_id, CAST(day AS text) FROM read_parquet('{tmp_path}/x/touchpoints/**', hive_partitioning = true)"
    )
    assert sorted(asked(question)) == [("t1", "2023-07-05"), ("t2", "2023-07-05"), ("t3", "2023-07-06")]


def test_a_credit_lies_on_the_day_of_its_conversion(connection: Connection, tmp_path: Path) -> None:
    export(connection, tmp_path / "x")

    for table in ("conversions", "credit_by_touchpoint", "shadow_credits", "shadow_credit_by_touchpoint"):
        days = asked(f"SELECT DISTINCT CAST(day AS text) FROM read_parquet('{tmp_path}/x/{table}/**') ORDER BY 1")
        assert set(days) <= {("2023-07-05",), ("2023-07-08",)}
        assert days[0] == ("2023-07-05",)


def test_money_is_in_minor_units_and_in_decimals(connection: Connection, tmp_path: Path) -> None:
    export(connection, tmp_path / "x")

    found = asked(
        f"SELECT currency, value_minor, value, typeof(value) FROM read_parquet('{tmp_path}/x/conversions/**')"
    )
    assert sorted(found) == [
        ("GBP", 5000, Decimal("50.00"), "DECIMAL(38,4)"),
        ("JPY", 300, Decimal(300), "DECIMAL(38,4)"),
        ("USD", 700, Decimal("7.00"), "DECIMAL(38,4)"),
    ]


def test_instants_are_instants_and_objects_are_json(connection: Connection, tmp_path: Path) -> None:
    export(connection, tmp_path / "x")

    question = "SELECT epoch_us(occurred_at), typeof(occurred_at), dimensions ->> 'platform', retracted FROM "
    assert asked(f"{question} read_parquet('{tmp_path}/x/touchpoints/**') WHERE event_id = 't2'") == [
        (1_688_601_599_999_999, "TIMESTAMP WITH TIME ZONE", "Web", False)
    ]


def test_both_databases_give_the_same_rows(replay_out: Path, postgres: PostgresServer, tmp_path: Path) -> None:
    sqlite = str(replay_out / "evenhand.db")
    for place, named in enumerate((sqlite, copied(sqlite, postgres.fresh_database()))):
        with reading(named) as connection:
            export(connection, tmp_path / str(place))

    files = sorted(path.relative_to(tmp_path / "0") for path in (tmp_path / "0").rglob("*.parquet"))
    assert sorted(path.relative_to(tmp_path / "1") for path in (tmp_path / "1").rglob("*.parquet")) == files
    for file in files:
        assert _read(tmp_path / "0" / file) == _read(tmp_path / "1" / file), file


def _read(path: Path) -> list[dict[str, Any]]:
    """Rows, JSON by its meaning: PostgreSQL spells it in its own way."""
    table = parquet.ParquetFile(path).read().to_pylist()
    objects = {"dimensions", "errors"}
    return [{name: json.loads(each) if name in objects else each for name, each in row.items()} for row in table]


def test_the_manifest_lists_what_is_there(connection: Connection, tmp_path: Path) -> None:
    manifest = export(connection, tmp_path / "x")

    assert json.loads((tmp_path / "x" / "manifest.json").read_text()) == manifest
    listed = {file["path"]: file["bytes"] for table in manifest["tables"] for file in table["files"]}
    there = {str(path.relative_to(tmp_path / "x")): path.stat().st_size for path in (tmp_path / "x").rglob("*.parquet")}
    assert listed == there
    assert manifest["meta"]["as_of"] == "2023-07-08T12:00:00.000000Z"


def test_what_fails_half_way_leaves_nothing(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(connection, tmp_path / "x")
    before = (tmp_path / "x" / "manifest.json").read_bytes()

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_folder, "arrays", full)
    for place, replace in (("y", False), ("x", True)):
        with pytest.raises(export_folder.ExportDiskError, match="No space left on device"):
            export(connection, tmp_path / place, replace=replace)

    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x" / "manifest.json").read_bytes() == before


def test_an_export_is_replaced_only_when_asked_and_nothing_else_ever(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    export(connection, tmp_path / "x")

    for place, replace in (("x", False), ("mine", True)):
        with pytest.raises(ExportFolderError):
            export(connection, tmp_path / place, replace=replace)
    shutil.rmtree(tmp_path / "x" / "touchpoints")
    export(connection, tmp_path / "x", replace=True)

    assert (tmp_path / "x" / "touchpoints").is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "x"]


def test_the_command_says_what_was_written(replay_out: Path, tmp_path: Path) -> None:
    ended = evenhand("export", str(tmp_path / "x"), "--db", str(replay_out / "evenhand.db"))

    assert (ended.code, ended.err) == (0, "")
    assert "touchpoints                     3      2" in ended.out
    assert f"Written to {tmp_path / 'x'}" in ended.out

    again = evenhand("export", str(tmp_path / "x"), "--db", str(replay_out / "evenhand.db"))
    assert (again.code, again.err) == (
        2,
        f"error: {tmp_path / 'x'}: an export is there already; --replace puts this one in its place\n",
    )
