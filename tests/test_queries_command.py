"""`evenhand query` as people and programs meet it, and the guide for analysts."""

import csv
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from pyarrow import parquet
from sqlalchemy import text

from projections.queries.database import reading
from tests.acceptance import donation, event, touchpoint
from tests.commands import evenhand
from tests.postgres import PostgresServer
from tests.replaying import replayed, write_lines
from tests.test_queries import copied

DOCS = Path(__file__).parents[1] / "docs"
EVENTS = [
    touchpoint("t1", "google_ad_click", "2023-07-05T11:00:00Z"),
    touchpoint("t2", "organic_search_click", "2023-07-05T11:01:00.5Z"),
    donation("c1", "50", "2023-07-05T11:02:00Z"),
    donation("c2", "300", "2023-07-08T12:00:00Z", "donor-8", currency="JPY"),
    touchpoint("t3", "google_ad_click", "2023-07-06T00:00:00Z", "donor-8"),
    event("touchpoint.retracted", "r1", "2023-07-06T00:00:00Z", "donor-8", touchpoint_id="t3"),
]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("query")
    replayed([write_lines(folder / "e.jsonl", EVENTS)], folder)
    return str(folder / "evenhand.db")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def named(request: pytest.FixtureRequest, db: str) -> str:
    if request.param == "sqlite":
        return db
    postgres: PostgresServer = request.getfixturevalue("postgres")
    return copied(db, postgres.fresh_database())


def test_the_worked_example_is_shown_as_a_table(named: str) -> None:
    """Behaviours A17 to A22."""
    ended = evenhand("query", "attribution", "--currency", "GBP", "--db", named)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "\nCredit by dimension, the catalogue's model\n"
        "dimension       value           currency  credit  conversions\n"
        "department      Technology      GBP        50.00            1\n"
        "department      (unattributed)  GBP         0.00            0\n"
        "online_channel  Google Search   GBP        25.00            1\n"
        "online_channel  Paid Ads        GBP        25.00            1\n"
        "online_channel  (unattributed)  GBP         0.00            0\n"
        "platform        Google Ads      GBP        50.00            1\n"
        "platform        (unattributed)  GBP         0.00            0\n"
    )


def test_programs_get_csv_and_json_with_exact_amounts(named: str) -> None:
    asked = ("query", "attribution", "--dimension", "platform", "--db", named, "--format")

    lines = list(csv.reader(evenhand(*asked, "csv").out.splitlines()))
    objects = [json.loads(line) for line in evenhand(*asked, "json").out.splitlines()]

    assert lines == [
        ["dimension", "value", "currency", "credit", "conversions"],
        ["platform", "Google Ads", "GBP", "50.00", "1"],
        ["platform", "", "GBP", "0.00", "0"],
        ["platform", "", "JPY", "300", "1"],
    ]
    assert objects == [
        {"dimension": "platform", "value": "Google Ads", "currency": "GBP", "credit": "50.00", "conversions": 1},
        {"dimension": "platform", "value": None, "currency": "GBP", "credit": "0.00", "conversions": 0},
        {"dimension": "platform", "value": None, "currency": "JPY", "credit": "300", "conversions": 1},
    ]


def test_parquet_has_types(named: str, tmp_path: Path) -> None:
    for question, columns in (
        ("attribution", {"credit": "decimal128(38, 4)", "conversions": "int64"}),
        ("timeline", {"occurred": "timestamp[us, tz=UTC]", "status": "string"}),
        ("scores", {"score": "int64"}),
    ):
        out = tmp_path / f"{question}.parquet"
        assert evenhand("query", question, "--db", named, "--format", "parquet", "--out", str(out)).code == 0
        schema = parquet.read_schema(out)
        assert {name: str(schema.field(name).type) for name in columns} == columns
    credit = parquet.read_table(tmp_path / "attribution.parquet")["credit"].to_pylist()
    assert sum(credit) == 3 * (Decimal(50) + Decimal(300))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "attribution.parquet",
        "scores.parquet",
        "timeline.parquet",
    ]


def test_a_timeline_shows_status_as_of_any_time(named: str) -> None:
    """Behaviours A2 to A9."""
    asked = ("query", "timeline", "--contact", "donor-7", "--db", named, "--format", "csv")
    statuses = {
        at: [row["status"] for row in csv.DictReader(evenhand(*asked, "--as-of", at).out.splitlines())]
        for at in ("2023-07-05T11:00:00Z", "2023-07-08T11:00:00Z", "2023-07-08T11:00:00.000001Z")
    }

    assert list(statuses.values()) == [["Active", "Inactive"], ["Active", "Active"], ["Inactive", "Active"]]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("attribution", "--from", "2030-01-01"), "No conversions in this selection.\n"),
        (("paths", "--to", "2000-01-01"), "No conversions in this selection.\n"),
        (("timeline", "--contact", "nobody"), "No touchpoints in this selection.\n"),
        (("scores",), "No scores in this selection.\n"),
        (("response-required",), "No contact waits for a response.\n"),
    ],
)
def test_nothing_found_is_said_in_one_line(named: str, asked: tuple[str, ...], said: str) -> None:
    assert evenhand("query", *asked, "--db", named) == (0, said, "")


def test_a_table_that_was_cut_says_so(named: str) -> None:
    asked = ("query", "timeline", "--db", named, "--limit")

    assert evenhand(*asked, "2").out.endswith("\n\nThe first 2 rows; --limit 0 shows all.\n")
    assert "The first" not in evenhand(*asked, "3").out + evenhand(*asked, "0").out
    assert len(evenhand(*asked, "2", "--format", "json").out.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--db", "nowhere.db"), 2, "nowhere.db: there is no such read model"),
        (("--db", __file__), 2, "this is no read model"),
        (("--db", "mysql://host/name"), 2, "the database's URL cannot be understood"),
        (("--db", "postgresql://me:secret@127.0.0.1:1/name"), 3, "postgresql://me:***@127.0.0.1:1/name: "),
        (("--from", "2025-02-01", "--to", "2025-01-01"), 2, "--from 2025-02-01 lies after --to 2025-01-01"),
        (("--format", "parquet"), 2, "Parquet goes to a file: name it with --out"),
        (("--out", "no/such/folder/x.csv", "--format", "csv"), 2, "there is no folder no/such/folder"),
    ],
)
def test_what_a_person_must_mend_is_one_line(db: str, arguments: tuple[str, ...], code: int, said: str) -> None:
    place = () if "--db" in arguments else ("--db", db)

    ended = evenhand("query", "attribution", *arguments, *place)

    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert said in ended.err
    assert "secret" not in ended.err


def test_a_read_model_of_another_release_is_said_to_be_one(db: str, tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    shutil.copy(db, older)
    with closing(sqlite3.connect(older)) as database:
        database.executescript("DROP VIEW timeline; ALTER TABLE touchpoints DROP COLUMN lifetime")

    ended = evenhand("query", "timeline", "--db", str(older))

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "this is no read model of this release (no such column: touchpoints.lifetime)" in ended.err


def test_a_smart_list_is_saved_and_asked_again(db: str, tmp_path: Path) -> None:
    """Behaviour E18."""
    saved = tmp_path / "hot.json"
    asked = ("query", "scores", "--db", db)

    assert evenhand(*asked, "--profile", "p", "--min", "40", "--save", str(saved)).code == 0
    assert json.loads(saved.read_text()) == {"profile_id": "p", "min_score": 40}
    assert evenhand(*asked, "--list", str(saved)).code == 0
    assert evenhand(*asked, "--list", str(saved), "--band", "hot").code == 2
    saved.write_text('{"bend":"hot"}')
    assert "this is no saved smart list" in evenhand(*asked, "--list", str(saved)).err


def _statements(language: str) -> Iterator[str]:
    for block in re.findall(rf"```{language}\n(.*?)```", (DOCS / "analysts.md").read_text(), re.DOTALL):
        yield from (each for each in re.split(r";\n", block) if each.strip())


@pytest.mark.parametrize("statement", [each for each in _statements("sql") if "read_parquet" not in each])
def test_the_guides_questions_are_answered_in_both_databases(named: str, statement: str) -> None:
    with reading(named) as connection:
        assert connection.execute(text(statement)).all() is not None


def test_the_guides_parquet_is_read_by_duckdb(db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert evenhand("export", "parquet", "--db", db).code == 0

    [statement] = [each for each in _statements("sql") if "read_parquet" in each]
    with duckdb.connect() as database:
        found = database.execute(statement.replace("2025-05-01", "2023-07-01")).fetchall()

    assert found == [("Google Ads", Decimal(50))]


def test_the_example_goes_from_events_to_parquet(tmp_path: Path) -> None:
    script = DOCS / "examples" / "analysis.py"

    ran = subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True, text=True, timeout=60)

    assert ran.stderr.replace("\n", "") == ""
    for said in ("Credit by dimension", "department  Technology", "gifts, the largest", "Written to parquet"):
        assert said in ran.stdout
    assert "(unattributed)" in ran.stdout.split("Written to parquet")[1]


def test_a_timeline_fits_a_terminal_of_80_columns(db: str) -> None:
    command = f"stty cols 80; {sys.executable} -m cli.main query timeline --contact donor-7 --db {db}"

    shown = subprocess.run(["script", "-qc", command, "/dev/null"], check=True, capture_output=True, text=True).stdout

    for whole in ("google_ad_click", "2023-07-05T11:00:00Z", "2023-07-08T11:00:00Z", "organic_search_click", "Active"):
        assert whole in shown
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in shown.splitlines()) <= 80


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("attribution", "--dimension", "nope"), "no dimension 'nope'; there are department, online_channel, platform"),
        (("attribution", "--model", "nope"), "no model 'nope'; there are first, last, linear, position_based"),
        (("paths", "--dimension", "nope"), "no dimension 'nope'; there are department, online_channel, platform"),
    ],
)
def test_a_name_that_the_read_model_does_not_know_is_an_error(
    named: str, arguments: tuple[str, ...], said: str
) -> None:
    ended = evenhand("query", *arguments, "--db", named)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
