"""Series: when what recurs is due next (contract 2, section 1; behaviour T18)."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from events.instant import LATEST_US, format_instant, parse_instant
from events.recurrence import check_rule
from events.zones import zone
from projections.followups.clocks import clock_at
from projections.followups.interaction import Schedule, Series
from projections.followups.recurrence import following

HOUR = 3_600_000_000
LONDON = "Europe/London"
DONE = parse_instant("2024-01-20T12:00:00Z")


def after(rule: str, schedule: Schedule, number: int = 1, where: str = LONDON, done_us: int = DONE) -> Schedule | None:
    found = following(Series(check_rule(rule), "i1", number), schedule, done_us, zone(where))
    return None if found is None else found.schedule


def dates(rule: str, first: date) -> list[str]:
    """The due dates of the first five of a series at most, the given one included."""
    schedule: Schedule | None = Schedule(first)
    found: list[str] = []
    while schedule is not None and len(found) < 5:
        assert schedule.due_on is not None
        found.append(schedule.due_on.isoformat())
        schedule = after(rule, schedule, len(found))
    return found


def next_start(rule: str, starts_at: str, where: str = LONDON) -> str | None:
    found = after(rule, Schedule(None, parse_instant(starts_at), HOUR), where=where)
    return None if found is None or found.starts_us is None else format_instant(found.starts_us)


@pytest.mark.parametrize(
    ("rule", "first", "expected"),
    [("FREQ=DAILY", date(2024, 2, 28), ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02", "2024-03-03"]),
     ("FREQ=DAILY;INTERVAL=30;COUNT=3", date(2024, 1, 31), ["2024-01-31", "2024-03-01", "2024-03-31"]),
     ("FREQ=WEEKLY;BYDAY=MO,WE;INTERVAL=2;COUNT=4", date(2024, 1, 1),
      ["2024-01-01", "2024-01-03", "2024-01-15", "2024-01-17"]),
     ("rrule:freq=monthly;byday=-1fr;count=3", date(2024, 1, 26), ["2024-01-26", "2024-02-23", "2024-03-29"]),
     ("FREQ=MONTHLY;COUNT=3", date(2024, 1, 31), ["2024-01-31", "2024-03-31", "2024-05-31"]),
     ("FREQ=YEARLY;COUNT=2", date(2024, 2, 29), ["2024-02-29", "2028-02-29"]),
     ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", date(2024, 1, 31), ["2024-01-31", "2024-02-29"]),
     ("FREQ=WEEKLY;COUNT=1", date(2024, 1, 1), ["2024-01-01"])],
)  # fmt: skip
def test_dates_follow_the_rule_until_it_has_counted_them(rule: str, first: date, expected: list[str]) -> None:
    assert dates(rule, first) == expected


@pytest.mark.parametrize(
    "until", ["20240103", "20240103T000000", "20240103T235959", "20240103T000000Z", "20240103T120000Z"]
)
def test_a_date_ends_with_its_until_whatever_its_form(until: str) -> None:
    assert dates(f"FREQ=DAILY;UNTIL={until}", date(2024, 1, 1)) == ["2024-01-01", "2024-01-02", "2024-01-03"]


@pytest.mark.parametrize(
    ("until", "where", "expected"),
    [("20240702", LONDON, "2024-07-02T08:00:00Z"), ("20240701", LONDON, None),
     ("20240702T090000", LONDON, "2024-07-02T08:00:00Z"), ("20240702T085959", LONDON, None),
     ("20240702T080000Z", LONDON, "2024-07-02T08:00:00Z"), ("20240702T075959Z", LONDON, None),
     ("99991231T235959Z", "Asia/Tokyo", "2024-07-02T08:00:00Z"), ("00010101T000000Z", "America/New_York", None)],
)  # fmt: skip
def test_a_start_is_kept_to_its_until_by_local_date_local_time_or_instant(
    until: str, where: str, expected: str | None
) -> None:
    assert next_start(f"FREQ=DAILY;UNTIL={until}", "2024-07-01T08:00:00Z", where) == expected


@pytest.mark.parametrize(
    ("rule", "starts_at", "where", "expected"),
    [("FREQ=DAILY", "2024-03-30T09:00:00Z", LONDON, "2024-03-31T08:00:00Z"),
     ("FREQ=DAILY", "2024-10-26T08:00:00Z", LONDON, "2024-10-27T09:00:00Z"),
     ("FREQ=DAILY", "2024-03-30T01:30:00Z", LONDON, "2024-03-31T01:30:00Z"),
     ("FREQ=DAILY", "2024-10-26T00:30:00Z", LONDON, "2024-10-27T00:30:00Z"),
     ("FREQ=WEEKLY", "2024-03-05T14:00:00Z", "America/New_York", "2024-03-12T13:00:00Z"),
     ("FREQ=WEEKLY;BYDAY=MO", "2024-07-01T23:30:00Z", "Asia/Tokyo", "2024-07-07T23:30:00Z"),
     ("FREQ=DAILY", "2024-07-01T08:00:00.250000Z", LONDON, "2024-07-02T08:00:00.250000Z")],
)  # fmt: skip
def test_what_has_a_start_keeps_the_clock_of_its_assignee(rule: str, starts_at: str, where: str, expected: str) -> None:
    assert next_start(rule, starts_at, where) == expected


def starts(count: int, where: str, schedule: Schedule) -> list[str]:
    """The next starts of a daily series, by the clocks of the zone."""
    series = Series("FREQ=DAILY", "i1", 1)
    found = []
    for _ in range(count):
        coming = following(series, schedule, DONE, zone(where))
        assert coming is not None
        schedule, series = coming.schedule, Series(series.rule, "i1", series.number + 1, coming.clock)
        found.append(clock_at(schedule.starts_us or 0, zone(where)).isoformat())
    return found


@pytest.mark.parametrize(
    ("first", "expected"),
    [("2024-03-30T01:30:00Z", ["2024-03-31T02:30:00", "2024-04-01T01:30:00", "2024-04-02T01:30:00"]),
     ("2024-10-26T00:30:00Z", ["2024-10-27T01:30:00", "2024-10-28T01:30:00", "2024-10-29T01:30:00"])],
)  # fmt: skip
def test_a_day_that_jumps_over_the_time_does_not_move_the_days_after_it(first: str, expected: list[str]) -> None:
    assert starts(3, LONDON, Schedule(None, parse_instant(first), HOUR)) == expected


def test_what_was_moved_off_such_a_day_goes_by_its_new_time() -> None:
    jumped = following(
        Series("FREQ=DAILY", "i1", 1), Schedule(None, parse_instant("2024-03-30T01:30:00Z"), HOUR), DONE, zone(LONDON)
    )
    assert jumped is not None
    moved = Schedule(None, parse_instant("2024-03-31T09:00:00Z"), HOUR)

    found = following(Series("FREQ=DAILY", "i1", 2, jumped.clock), moved, DONE, zone(LONDON))

    assert found is not None
    assert found.schedule.starts_us == parse_instant("2024-04-01T09:00:00Z")


def test_the_next_lasts_as_long() -> None:
    found = after("FREQ=DAILY", Schedule(None, DONE, 3 * HOUR))

    assert found == Schedule(None, DONE + 24 * HOUR, 3 * HOUR)


def test_one_without_any_due_counts_from_the_day_on_which_it_was_done_where_its_assignee_is() -> None:
    late = parse_instant("2024-01-20T23:30:00Z")

    assert after("FREQ=WEEKLY", Schedule(), done_us=late) == Schedule(date(2024, 1, 27))
    assert after("FREQ=WEEKLY", Schedule(), where="Asia/Tokyo", done_us=late) == Schedule(date(2024, 1, 28))


@pytest.mark.parametrize("rule", ["FREQ=DAILY;BYHOUR=9,17", "FREQ=HOURLY", "FREQ=MINUTELY;BYHOUR=9", "FREQ=DAILY"])
def test_a_date_is_followed_by_a_later_date_however_often_the_rule_comes_in_a_day(rule: str) -> None:
    assert after(rule, Schedule(date(2024, 1, 5))) == Schedule(date(2024, 1, 6))


@pytest.mark.parametrize(
    "rule",
    ["FREQ=HOURLY;INTERVAL=2;BYHOUR=3", "FREQ=MINUTELY;INTERVAL=120;BYHOUR=3", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
     "FREQ=SECONDLY;INTERVAL=7200;BYHOUR=3;BYMINUTE=0", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
     "FREQ=SECONDLY;BYSECOND=0;BYSETPOS=2", "FREQ=MINUTELY;INTERVAL=10080;BYDAY=TU", "FREQ=HOURLY;BYSETPOS=2;BYHOUR=3",
     "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1"],
)  # fmt: skip
@pytest.mark.timeout(20)
def test_a_rule_that_never_comes_true_ends_the_series_and_the_search(rule: str) -> None:
    assert after(rule, Schedule(date(2024, 1, 1))) is None


def test_nothing_lies_beyond_the_year_2200() -> None:
    last_day = Schedule(None, LATEST_US - 2 * HOUR, HOUR)

    assert after("FREQ=DAILY", Schedule(date(2200, 12, 30))) == Schedule(date(2200, 12, 31))
    assert after("FREQ=DAILY", Schedule(date(2200, 12, 31))) is None
    assert after("FREQ=HOURLY", last_day) == Schedule(None, LATEST_US - HOUR, HOUR)
    assert after("FREQ=HOURLY", Schedule(None, LATEST_US - HOUR, HOUR)) is None


moments = st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - clock readings
frequent = st.builds(
    "FREQ={};INTERVAL={}{}{}{}{}".format,
    st.sampled_from(["HOURLY", "MINUTELY", "SECONDLY"]),
    st.sampled_from([1, 11, 13]),  # which no day or week is a multiple of, so that they meet every reading in time
    st.sampled_from(["", ";BYHOUR=9", ";BYHOUR=0,1,22,23"]),
    st.sampled_from(["", ";BYMINUTE=30", ";BYMINUTE=0,1,2"]),
    st.sampled_from(["", ";BYDAY=MO,TU", ";BYMONTH=2,3", ";BYMONTHDAY=1,-1,13", ";BYYEARDAY=1,-1,60"]),
    st.sampled_from(["", ";BYSECOND=0,59,30"]),
)


@settings(max_examples=60)
@given(frequent, moments)
def test_rules_that_come_within_days_come_when_dateutil_says(rule: str, moment: datetime) -> None:
    start = moment.replace(microsecond=0)
    utc = zone("UTC")
    starts_us = parse_instant(start.isoformat() + "Z")
    expected = rrulestr(rule, dtstart=start, ignoretz=True).after(start)

    found = after(rule, Schedule(None, starts_us, 0), where="UTC")

    assert found is not None
    assert expected == clock_at(found.starts_us or 0, utc)


rules = st.sampled_from(
    ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,FR", "FREQ=MONTHLY", "FREQ=YEARLY", "FREQ=DAILY;INTERVAL=13", "FREQ=HOURLY"]
)
zones = st.sampled_from([LONDON, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])


@given(rules, moments, zones)
def test_the_next_is_always_later(rule: str, moment: datetime, where: str) -> None:
    starts_us = parse_instant(moment.isoformat() + "Z")

    found = after(rule, Schedule(None, starts_us, HOUR), where=where)

    assert found is not None
    assert found.starts_us is not None
    assert found.starts_us > starts_us


@pytest.mark.parametrize(
    ("rule", "start", "following_start"),
    [
        ("FREQ=HOURLY", "2024-03-31T01:30:00Z", "2024-03-31T02:30:00Z"),
        ("FREQ=MINUTELY;INTERVAL=10", "2024-10-27T01:10:00Z", "2024-10-27T02:00:00Z"),
    ],
)
def test_the_next_start_lies_after_this_one_also_while_clocks_are_changed(
    rule: str, start: str, following_start: str
) -> None:
    schedule = Schedule(None, parse_instant(start), 0)

    found = following(Series(rule, "i", 1), schedule, parse_instant(start), zone("Europe/London"))

    assert found is not None
    assert found.schedule.starts_us == parse_instant(following_start)
