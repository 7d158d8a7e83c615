"""`evenhand sample`: the same quarter for the same arguments, believable, valid, and streamed."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.crawler import CRAWLER
from cli.delivery import LONGEST_DELAY, SHORTEST_DELAY, Faults
from cli.main import main
from cli.outreach import CHANNELS
from cli.quarter import Quarter
from cli.sample import command, sample_lines
from config.catalogue import load_catalogue
from config.errors import UsageError
from events.codec import decode_any
from events.fact import Touchpoint
from events.refusal import Refusal
from tests.replaying import messages

CATALOGUE = Path(__file__).parents[1] / "examples" / "charity" / "catalogue.toml"
APRIL = date(2025, 4, 1)
SMALL = Quarter(contacts=200, days=91, start=APRIL, seed=1877)
PUNCTUAL = Faults()
SMALL_QUARTER_SHA256 = "4df87b81db24739713aa3e99f9b063cdfb48ee40fcde69b3cb6763bfecfe1c18"
SMALL_QUARTER_WITH_OFFICE_SHA256 = "9e785c6ed7d14505bb2467b8e38c16c319602b7522bff98c760dafd8ed2d21fa"


def lines_of(
    quarter: Quarter, faults: Faults = PUNCTUAL, *, hot_contact: bool = False, office: bool = False
) -> list[bytes]:
    return list(sample_lines(quarter, faults, hot_contact=hot_contact, office=office))


def events_of(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    return map(json.loads, lines)


def touchpoints_of(lines: list[bytes]) -> Iterator[Touchpoint]:
    for line in lines:
        match decode_any(line.rstrip()):
            case (_, Touchpoint() as touchpoint):
                yield touchpoint


def instants_of(lines: list[bytes]) -> list[datetime]:
    return [datetime.fromisoformat(event["occurred_at"]) for event in events_of(lines)]


def test_a_quarter_is_the_same_bytes_on_every_machine() -> None:
    digest = sha256(b"".join(lines_of(SMALL, Faults(late=0.01, duplicates=0.002)))).hexdigest()

    assert digest == SMALL_QUARTER_SHA256


def test_another_seed_is_another_quarter() -> None:
    other = Quarter(contacts=200, days=91, start=APRIL, seed=1878)

    assert lines_of(other) != lines_of(SMALL)


def test_five_thousand_contacts_have_about_a_hundred_thousand_events_in_a_quarter() -> None:
    lines = lines_of(Quarter(contacts=5000, days=91, start=APRIL, seed=1877))
    contacts = Counter(event["contact_id"] for event in events_of(lines))

    assert 95_000 < len(lines) < 110_000
    assert 4_900 < len(contacts) <= 5_000
    assert 10 * min(contacts.values()) < max(contacts.values())


def test_every_line_is_an_event_that_the_contract_accepts() -> None:
    refusals = [judged for line in lines_of(SMALL) if isinstance(judged := decode_any(line.rstrip()), Refusal)]

    assert refusals == []


def test_the_catalogue_of_the_example_knows_every_touchpoint_that_brings_no_lifetime() -> None:
    catalogue = load_catalogue(CATALOGUE)
    touchpoints = list(touchpoints_of(lines_of(SMALL)))

    unknown = {fact.name for fact in touchpoints if catalogue.lifetime_us(fact.name, fact.occurred_us) is None}
    lifelong = {fact.name for fact in touchpoints if fact.lifetime_us is not None}
    assert unknown == {"podcast_mention"}
    assert unknown < lifelong


def test_a_quarter_has_everything_that_can_happen_to_a_charity() -> None:
    events = list(events_of(lines_of(Quarter(contacts=2000, days=91, start=APRIL, seed=1877))))

    touchpoints = [event for event in events if event["type"] == "touchpoint.recorded"]
    gifts = [event for event in events if event["type"] == "conversion.recorded"]
    assert {event["type"] for event in events} == {
        "touchpoint.recorded",
        "touchpoint.retracted",
        "conversion.recorded",
        "conversion.refunded",
        "conversion.cancelled",
    }
    assert {event["name"] for event in touchpoints} == {channel.name for channel in CHANNELS}
    assert {event["name"] for event in gifts} == {"donation", "sponsorship", "pledge"}
    assert {event["currency"] for event in gifts} == {"GBP", "EUR", "JPY"}
    campaigns = {event.get("dimensions", {}).get("campaign") for event in touchpoints}
    assert campaigns == {None, "spring-appeal", "gift-aid-drive", "giving-tuesday"}


def test_now_and_then_more_is_refunded_than_was_given() -> None:
    given: dict[str, Decimal] = {}
    refunded: defaultdict[str, Decimal] = defaultdict(Decimal)
    for event in events_of(lines_of(Quarter(contacts=2000, days=91, start=APRIL, seed=1877))):
        if event["type"] == "conversion.recorded":
            given[event["event_id"]] = Decimal(event["value"])
        elif event["type"] == "conversion.refunded":
            refunded[event["conversion_id"]] += Decimal(event["value"])

    assert any(value > given[conversion] for conversion, value in refunded.items())
    assert any(value < given[conversion] for conversion, value in refunded.items())


def test_people_sleep_at_night() -> None:
    by_hour = Counter(instant.hour for instant in instants_of(lines_of(SMALL)))

    assert by_hour[3] * 5 < by_hour[19]


def test_giving_tuesday_is_the_busiest_day() -> None:
    days = Counter(instant.date() for instant in instants_of(lines_of(SMALL)))

    [(busiest, _)] = days.most_common(1)
    assert busiest == date(2025, 6, 3)
    assert busiest.strftime("%A") == "Tuesday"


def test_without_faults_events_come_once_and_in_the_order_of_their_time() -> None:
    lines = lines_of(SMALL)

    assert len(set(lines)) == len(lines)
    assert all(earlier <= later for earlier, later in pairwise(instants_of(lines)))


def test_faults_change_when_and_how_often_events_arrive_never_which() -> None:
    assert set(lines_of(SMALL, Faults(late=0.3, duplicates=0.3))) == set(lines_of(SMALL))


def test_the_late_share_arrives_hours_to_days_behind_the_others() -> None:
    newest, behind = datetime(2025, 4, 1, tzinfo=UTC), []
    for instant in instants_of(lines_of(SMALL, Faults(late=0.2))):
        behind.append(newest - instant)
        newest = max(newest, instant)

    late = [delay for delay in behind if delay > timedelta(seconds=SHORTEST_DELAY / 2)]
    assert len(late) / len(behind) == pytest.approx(0.2, abs=0.02)
    assert max(late) <= timedelta(seconds=LONGEST_DELAY)


def test_the_duplicate_share_is_written_twice_the_same_to_the_byte() -> None:
    copies = Counter(lines_of(SMALL, Faults(duplicates=0.2)))

    assert set(copies.values()) == {1, 2}
    assert sum(n == 2 for n in copies.values()) / len(copies) == pytest.approx(0.2, abs=0.02)


def test_the_hot_contact_fills_more_than_a_window_and_leaves_the_others_alone() -> None:
    lines = lines_of(Quarter(contacts=50, days=11, start=APRIL, seed=1877), hot_contact=True)
    others = lines_of(Quarter(contacts=50, days=11, start=APRIL, seed=1877))

    hot = [event for event in events_of(lines) if event["contact_id"] == CRAWLER]
    [gift] = [event for event in hot if event["type"] == "conversion.recorded"]
    week = timedelta(days=7)
    before = datetime.fromisoformat(gift["occurred_at"])
    visits = [event for event in hot if before - week <= datetime.fromisoformat(event["occurred_at"]) <= before]
    assert len(visits) > load_catalogue(CATALOGUE).max_window
    assert [line for line in lines if CRAWLER.encode() not in line] == others


def test_the_events_are_streamed() -> None:
    crowd = sample_lines(Quarter(contacts=20_000, days=91, start=APRIL, seed=1877), Faults(late=0.01))
    tracemalloc.start()
    written = sum(len(next(crowd)) for _ in range(50_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < written / 2


def test_sample_writes_a_file_and_standard_output_alike(tmp_path: Path) -> None:
    few = [
        "--contacts",
        "20",
        "--days",
        "14",
        "--start",
        "2024-02-26",
        "--seed",
        "5",
        "--late",
        "0",
        "--duplicates",
        "0",
    ]
    file = tmp_path / "charity.jsonl"

    to_file = CliRunner().invoke(command, [*few, "--out", str(file)])
    to_output = CliRunner().invoke(command, few)

    assert (to_file.exit_code, to_output.exit_code) == (0, 0)
    assert file.read_bytes() == to_output.stdout_bytes
    few_weeks = Quarter(20, 14, date(2024, 2, 26), 5)
    assert file.read_bytes().splitlines(keepends=True) == lines_of(few_weeks, office=True)
    alone = CliRunner().invoke(command, [*few, "--attribution-only"])
    assert alone.stdout_bytes.splitlines(keepends=True) == lines_of(few_weeks)


def test_the_office_leaves_the_other_lines_as_they_are() -> None:
    faults = Faults(late=0.01, duplicates=0.002)
    attributed = [line for line in lines_of(SMALL, faults, office=True) if b'"event_id":"o' not in line]

    assert attributed == lines_of(SMALL, faults)
    digest = sha256(b"".join(lines_of(SMALL, faults, office=True))).hexdigest()
    assert digest == SMALL_QUARTER_WITH_OFFICE_SHA256


def test_the_office_does_everything_with_some_work_forgotten(tmp_path: Path) -> None:
    """What the demonstration shows: scores in every band, follow-ups missed, recurring and in need of a response."""
    quarter = Quarter(contacts=400, days=91, start=APRIL, seed=1878)
    file = tmp_path / "charity.jsonl"
    file.write_bytes(b"".join(lines_of(quarter, office=True)))
    charity = CATALOGUE.parent
    options = ["--catalogue", str(CATALOGUE), "--profiles", str(charity / "definitions.toml")]

    assert main(["replay", str(file), "--out", str(tmp_path / "out"), "--strict", *options]) == 0

    said = {name: messages(tmp_path / "out", f"{name}.jsonl") for name in ("scores", "followups", "rejections")}
    assert {m["band"] for m in said["scores"] if m["profile_id"] == "engagement"} == {"cold", "warm", "hot"}
    assert {m["status"] for m in said["followups"]} == {"open", "missed", "completed", "deleted"}
    assert any(m["status"] == "missed" and m["response_required"] for m in said["followups"])
    assert any("/" in m["interaction_id"] for m in said["followups"] if m["contact_id"])
    assert {m["reason"] for m in said["rejections"]} == {"already_completed"}


@pytest.mark.parametrize("wrong", [["--late", "1.5"], ["--contacts", "0"], ["--start", "soon"], ["--out", "no/such/x"]])
def test_a_wrong_option_ends_with_2_and_names_it(wrong: list[str]) -> None:
    result = CliRunner().invoke(command, wrong)

    assert result.exit_code == 2
    assert wrong[0] in result.stderr


def test_days_beyond_the_years_of_the_contract_are_refused() -> None:
    result = CliRunner().invoke(command, ["--start", "2200-12-01"])

    assert isinstance(result.exception, UsageError)
    assert "--start" in str(result.exception)
