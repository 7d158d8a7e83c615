"""The read model: rows that analysts can trust, found by an index."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cli.main import main
from projections.instants import day_text, instant_text
from projections.read_model_page import read_model_page
from projections.sqlite import SqliteWriter
from projections.tables import CONVERSIONS, CREDIT_BY_DIMENSION, CURRENCIES
from projections.totals import CurrencyTotal, DimensionTotal, totals_by_currency, totals_by_dimension
from tests.acceptance import donation, event, touchpoint
from tests.replaying import dump, replayed, rows, write_lines

DOCS = Path(__file__).parents[1] / "docs"
PAGE, GUIDE = DOCS / "reference" / "read-model.md", DOCS / "replay.md"
FIRST, THEN, LAST = "2023-07-05T11:00:00Z", "2023-07-05T11:01:00.25Z", "2023-07-08T12:00:00Z"
EVENTS = [
    touchpoint("t1", "google_ad_click", FIRST),
    touchpoint("t2", "organic_search_click", THEN, dimensions={"platform": "Web"}),
    donation("c1", "50", "2023-07-05T11:02:00Z"),
    donation("c2", "7.00", LAST, "donor-8", currency="USD"),
    donation("c3", "300", LAST, "donor-8", currency="JPY"),
]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("read-model")
    replayed([write_lines(folder / "e.jsonl", EVENTS)], folder)
    return folder


def test_a_touchpoint_has_its_expiry_and_its_status_as_of_the_newest_event(out: Path) -> None:
    assert rows(out, "SELECT event_id, lifetime, expires_at, status FROM timeline ORDER BY occurred_at") == [
        ("t1", "P3D", "2023-07-08T11:00:00.000000Z", "Inactive"),
        ("t2", "P5D", "2023-07-10T11:01:00.250000Z", "Active"),
    ]
    assert rows(out, "SELECT value FROM meta WHERE name = 'as_of'") == [("2023-07-08T12:00:00.000000Z",)]


def test_instants_sort_as_time_does_and_sqlite_understands_them() -> None:
    moments = [-2_208_988_800_000_000, -1, 0, 1, 999_999, 1_000_000, 1_688_554_860_250_000, 7_289_654_399_999_999]
    texts = [instant_text(us) for us in moments]

    assert texts == sorted(texts)
    assert (texts[0], texts[-1]) == ("1900-01-01T00:00:00.000000Z", "2200-12-31T23:59:59.999999Z")
    with closing(sqlite3.connect(":memory:")) as database:
        assert database.execute("SELECT datetime(?)", (texts[-2],)).fetchone() == ("2023-07-05 11:01:00",)


def test_a_status_is_as_of_the_newest_accepted_event_not_of_a_refused_one(tmp_path: Path) -> None:
    refused = touchpoint("t9", "a_name_that_the_catalogue_lacks", "2030-01-01T00:00:00Z")
    retraction = event("touchpoint.retracted", "r1", FIRST, "donor-9", touchpoint_id="t1")
    retracted = touchpoint("t1", "google_ad_click", FIRST, "donor-9")

    replayed([write_lines(tmp_path / "e.jsonl", [*EVENTS, refused, retraction, retracted])], tmp_path)

    statuses = rows(tmp_path, "SELECT contact_id, event_id, status FROM timeline ORDER BY 1, 2")
    assert statuses == [("donor-7", "t1", "Inactive"), ("donor-7", "t2", "Active"), ("donor-9", "t1", "Inactive")]


def test_dimensions_are_the_catalogues_with_the_events_own_over_them(out: Path) -> None:
    assert rows(out, "SELECT dimensions ->> 'online_channel', dimensions ->> 'platform' FROM touchpoints") == [
        ("Paid Ads", "Google Ads"),
        ("Google Search", "Web"),
    ]


def test_what_is_unattributed_has_a_row_without_a_value(out: Path) -> None:
    query = "SELECT conversion_id, day, dimension, value, credit_minor FROM credit_by_dimension ORDER BY 1, place"

    assert rows(out, query) == [
        ("c1", "2023-07-05", "department", "Technology", 5000),
        ("c1", "2023-07-05", "online_channel", "Google Search", 2500),
        ("c1", "2023-07-05", "online_channel", "Paid Ads", 2500),
        ("c1", "2023-07-05", "platform", "Google Ads", 2500),
        ("c1", "2023-07-05", "platform", "Web", 2500),
        *(("c2", "2023-07-08", dimension, None, 700) for dimension in ("department", "online_channel", "platform")),
        *(("c3", "2023-07-08", dimension, None, 300) for dimension in ("department", "online_channel", "platform")),
    ]


def test_views_show_decimals_of_each_currency(out: Path) -> None:
    assert rows(out, "SELECT conversion_id, currency, value, refunded, unattributed FROM conversion_amounts") == [
        ("c1", "GBP", "50.00", "0.00", "0.00"),
        ("c2", "USD", "7.00", "0.00", "7.00"),
        ("c3", "JPY", "300", "0", "300"),
    ]
    assert rows(out, "SELECT touchpoint_id, name, credit FROM touchpoint_credits ORDER BY 1") == [
        ("t1", "google_ad_click", "25.00"),
        ("t2", "organic_search_click", "25.00"),
    ]
    assert rows(
        out, "SELECT value, currency, credit FROM dimension_totals WHERE dimension = 'platform' ORDER BY 2, 1"
    ) == [
        ("Google Ads", "GBP", "25.00"),
        ("Web", "GBP", "25.00"),
        (None, "JPY", "300"),
        (None, "USD", "7.00"),
    ]
    assert rows(
        out, "SELECT model, value, credit FROM shadow_dimension_totals WHERE currency = 'GBP' AND value = 'Web'"
    ) == [
        ("last", "Web", "50.00"),
        ("position_based", "Web", "25.00"),
    ]


OF_CONVERSION = "contact_id = 'k' AND conversion_id = 'c'"
BY_CONVERSION = "PRIMARY KEY (contact_id=? AND conversion_id=?)"
BY_VALUE = "COVERING INDEX credit_by_dimension_value"
OF_VALUE = "SELECT sum(credit_minor) FROM credit_by_dimension WHERE dimension = 'd' AND currency = 'GBP' AND value"


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (f"{OF_VALUE} = 'v'", BY_VALUE),
        (f"{OF_VALUE} IS NULL", BY_VALUE),
        ("SELECT dimension, currency, value, sum(credit_minor) FROM credit_by_dimension GROUP BY 1, 2, 3", BY_VALUE),
        ("SELECT * FROM touchpoints WHERE contact_id = 'k'", "PRIMARY KEY (contact_id=?)"),
        ("SELECT * FROM conversions WHERE contact_id = 'k'", "PRIMARY KEY (contact_id=?)"),
        ("SELECT * FROM conversions WHERE conversion_id = 'c'", "INDEX conversions_by_id"),
        ("SELECT * FROM conversions WHERE occurred_at >= '2023' ORDER BY occurred_at", "INDEX conversions_by_time"),
        (f"SELECT * FROM credit_by_touchpoint WHERE {OF_CONVERSION} ORDER BY place", BY_CONVERSION),
        (f"SELECT * FROM credit_by_dimension WHERE {OF_CONVERSION} ORDER BY place", BY_CONVERSION),
        ("SELECT count(*) FROM dead_letters WHERE reason = 'oversized'", "INDEX dead_letters_by_reason"),
    ],
)
def test_what_analysts_ask_first_is_found_by_an_index(out: Path, question: str, index: str) -> None:
    plan = " ".join(step[3] for step in rows(out, f"EXPLAIN QUERY PLAN {question}"))

    assert index in plan
    assert "TEMP B-TREE" not in plan


def test_the_same_events_in_another_order_give_the_same_rows(out: Path, tmp_path: Path) -> None:
    replayed([write_lines(tmp_path / "e.jsonl", EVENTS[::-1])], tmp_path)

    assert dump(tmp_path) == dump(out)


def test_totals_are_per_currency_and_exact_beyond_64_bits(tmp_path: Path) -> None:
    largest, many = 10**18 - 1, 12
    model = SqliteWriter(tmp_path / "evenhand.db")
    model.write(CURRENCIES, [("GBP", 2, 100), ("JPY", 0, 1)])
    for number in range(many):
        key = ("k", f"c{number:02}")
        model.write(CONVERSIONS, [(*key, "gift", instant_text(0), "GBP", largest, 0, largest, "linear", 1, 0)])
        pounds, yen = (*key, 0, "d", "v", day_text(0), "GBP", largest), (*key, 1, "d", None, day_text(0), "JPY", 5)
        model.write(CREDIT_BY_DIMENSION, [pounds, yen])
    model.finish()

    with closing(sqlite3.connect(tmp_path / "evenhand.db")) as database:
        assert totals_by_dimension(database) == [
            DimensionTotal("d", "GBP", "v", "119999999999999999.88", many),
            DimensionTotal("d", "JPY", None, "60", many),
        ]
        sums = "119999999999999999.88"
        assert totals_by_currency(database) == [CurrencyTotal("GBP", many, sums, "0.00", sums)]


def test_totals_come_highest_first_with_what_is_unattributed_last(out: Path) -> None:
    with closing(sqlite3.connect(out / "evenhand.db")) as database:
        totals = [total[:4] for total in totals_by_dimension(database) if total.dimension == "platform"]

    assert totals == [
        ("platform", "GBP", "Google Ads", "25.00"),
        ("platform", "GBP", "Web", "25.00"),
        ("platform", "JPY", None, "300"),
        ("platform", "USD", None, "7.00"),
    ]


def test_a_summary_says_what_each_dimension_earned(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(out / "e.jsonl"), "--out", str(tmp_path)]) == 0

    said = capsys.readouterr().out
    for line in (
        "Credit by online_channel, GBP",
        "Google Search    25.00            1",
        "(unattributed)    7.00            1",
        "USD                 1   7.00      0.00          7.00",
        "accepted         5",
    ):
        assert line in said


def test_the_page_about_the_read_model_is_fresh() -> None:
    assert PAGE.read_text() == read_model_page(), (
        "run: python -m projections.read_model_page > docs/reference/read-model.md"
    )


@pytest.mark.parametrize("question", re.findall(r"^(?:SELECT|WITH)[^;]+;", GUIDE.read_text(), re.MULTILINE))
def test_the_guides_questions_are_answered(out: Path, question: str) -> None:
    assert rows(out, question) != []
