"""`evenhand explain`: every touchpoint of the contact, and why it counted or not."""

from contextlib import closing
from pathlib import Path

import pytest

from cli.main import main
from projections.explanation import Verdict, explain
from projections.reading import open_read_model
from tests.acceptance import donation, event, touchpoint
from tests.domain import catalogue
from tests.replaying import replayed, write_lines

EVENTS = [
    touchpoint("t1", "google_ad_click", "2023-07-02T11:01:59Z"),
    touchpoint("t2", "google_ad_click", "2023-07-02T11:02:00Z"),
    touchpoint("t3", "organic_search_click", "2023-07-05T11:00:00Z"),
    touchpoint("t4", "organic_search_click", "2023-07-05T11:01:00Z"),
    event("touchpoint.retracted", "r1", "2023-07-06T00:00:00Z", touchpoint_id="t4"),
    donation("c1", "50.00", "2023-07-05T11:02:00Z"),
    event("conversion.refunded", "r2", "2023-07-07T00:00:00Z", conversion_id="c1", value="20", currency="GBP"),
    touchpoint("t5", "newsletter_sign_up", "2023-07-05T11:02:00.000001Z"),
    touchpoint("t6", "google_ad_click", "2023-07-05T11:01:00Z", "donor-8"),
    donation("c2", "1.00", "2023-07-05T11:02:00Z"),
    donation("c2", "1.00", "2023-07-05T11:02:00Z", "donor-8"),
]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    replayed([write_lines(folder / "e.jsonl", EVENTS)], folder)
    return folder / "evenhand.db"


def _verdicts(path: Path, conversion: str, contact: str | None = None) -> dict[str, tuple[Verdict, str | None]]:
    with closing(open_read_model(path)) as database:
        explained = explain(database, conversion, contact).touchpoints
    return {touch.touchpoint_id: (touch.verdict, touch.credit) for touch in explained}


def test_each_touchpoint_of_the_contact_has_its_verdict(db: Path) -> None:
    assert _verdicts(db, "c1") == {
        "t1": (Verdict.EXPIRED, None),
        "t2": (Verdict.ACTIVE, "15.00"),
        "t3": (Verdict.ACTIVE, "15.00"),
        "t4": (Verdict.RETRACTED, None),
        "t5": (Verdict.AFTER_CONVERSION, None),
    }


def test_touchpoints_beyond_the_cap_are_said_to_be_over_it(tmp_path: Path) -> None:
    capped = catalogue('max_window = 1\n[touchpoints.google_ad_click]\nlifetime = "P3D"\n')
    events = [touchpoint(f"t{n}", "google_ad_click", f"2023-07-05T11:0{n}:00Z") for n in (1, 2)]
    replayed(
        [write_lines(tmp_path / "e.jsonl", [*events, donation("c1", "5", "2023-07-05T12:00:00Z")])], tmp_path, capped
    )

    verdicts = _verdicts(tmp_path / "evenhand.db", "c1")

    assert verdicts == {"t1": (Verdict.OVER_CAP, None), "t2": (Verdict.ACTIVE, "5.00")}


def test_a_retracted_touchpoint_out_of_the_window_is_said_to_be_out_of_it(tmp_path: Path) -> None:
    later = donation("c3", "1", "2023-07-20T00:00:00Z")
    replayed([write_lines(tmp_path / "e.jsonl", [*EVENTS, later])], tmp_path)

    assert _verdicts(tmp_path / "evenhand.db", "c3")["t4"] == (Verdict.EXPIRED, None)


def test_the_command_shows_the_conversion_its_touchpoints_and_its_dimensions(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "c1", "--db", str(db)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "Conversion c1 of donor-7: donation at 2023-07-05T11:02:00Z, 50.00 GBP",
        "Split: 30.00 GBP (20.00 refunded), model linear, version 6; unattributed: 0.00",
    ]
    [row] = [line.split() for line in lines if " t2 " in line]
    assert row[:6] == ["active", "15.00", "2023-07-02T11:02:00Z", "2023-07-05T11:02:00Z", "google_ad_click", "t2"]
    assert "platform        Google Ads      30.00" in lines


def test_an_id_that_several_contacts_have_needs_the_contact(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "c2", "--db", str(db)]) == 2
    said = capsys.readouterr().err
    assert said == "error: several contacts have a conversion 'c2' ('donor-7', 'donor-8'); say whose with --contact\n"

    assert set(_verdicts(db, "c2", "donor-8")) == {"t6"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["c9"], "no conversion 'c9'; check the id"), (["c1", "--contact", "x"], "no conversion 'c1' of contact 'x'")],
)
def test_an_unknown_conversion_ends_with_2(
    db: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["explain", *arguments, "--db", str(db)]) == 2
    assert said in capsys.readouterr().err


def test_what_is_no_read_model_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.db").write_text("no database")

    for name, said in (("nowhere.db", "there is no such read model"), ("text.db", "this is no read model")):
        assert main(["explain", "c1", "--db", str(tmp_path / name)]) == 2
        assert said in capsys.readouterr().err
