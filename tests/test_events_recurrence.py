"""Recurrence rules, dates and time zones: what is taken, the same on every machine (contract 2, section 1)."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given
from hypothesis import strategies as st

from events.calendar_day import parse_day
from events.recurrence import check_rule
from events.zones import ZONES, check_zone, zone

RIGHT = [
    "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE;INTERVAL=2", "RRULE:FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "INTERVAL=3;FREQ=DAILY;COUNT=10", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "freq=weekly;wkst=su",
    "FREQ=DAILY;UNTIL=20241231", "FREQ=DAILY;UNTIL=20241231T235959Z", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
    "FREQ=HOURLY;INTERVAL=2;BYHOUR=9,11", "FREQ=YEARLY;BYYEARDAY=1,-1", "FREQ=DAILY;BYHOUR=09;BYMINUTE=0;BYSECOND=0",
]  # fmt: skip
WRONG = [
    "", "daily", "FREQ=", "FREQ=FORTNIGHTLY", "INTERVAL=2", "FREQ=DAILY;", "FREQ=DAILY;FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=100000", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=2;UNTIL=20241231",
    "FREQ=DAILY;UNTIL=20240230", "FREQ=DAILY;UNTIL=tomorrow", "FREQ=DAILY;UNTIL=20240101T250000Z",
    "FREQ=DAILY;BYHOUR=24",
    "FREQ=DAILY;BYMINUTE=60", "FREQ=DAILY;BYSECOND=60", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYMONTHDAY=0",
    "FREQ=YEARLY;BYMONTH=13", "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO",
    "FREQ=WEEKLY;BYMONTHDAY=1", "FREQ=MONTHLY;BYYEARDAY=1", "FREQ=WEEKLY;BYWEEKNO=1", "FREQ=DAILY;BYSETPOS=1",
    "FREQ=DAILY;BYEASTER=0", "FREQ=DAILY; COUNT=1", "FREQ=DAILY\nCOUNT=1", "FREQ=DAILY\nEXDATE:20240101",
    "DTSTART:20240101T000000Z RRULE:FREQ=DAILY", "FREQ=\uff24AILY", "FREQ=MONTHLY;BYDAY=" + ",".join(["MO"] * 400),
]  # fmt: skip


@pytest.mark.parametrize("text", RIGHT)
def test_a_rule_of_rfc_5545_is_taken_as_it_is(text: str) -> None:
    """Behaviour T18."""
    assert check_rule(text) == text


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_rule(text)


names = st.sampled_from(
    ["FREQ", "UNTIL", "COUNT", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYHOUR", "BYSETPOS", "WKST", "X"]
)
values = st.sampled_from(["DAILY", "MONTHLY", "1", "-1", "0", "20240131", "MO", "1MO", "MO,-1FR", "", "31,1", "²"])
rules = st.lists(st.builds("{}={}".format, names, values), max_size=4).map(";".join) | st.text(max_size=20)


@given(rules)
@example("FREQ=HOURLY;BYHOUR=3;INTERVAL=2")
def test_no_text_makes_it_raise_anything_else_and_dateutil_reads_what_is_taken(text: str) -> None:
    try:
        check_rule(text)
    except ValueError:
        return
    without_interval = ";".join(part for part in text.split(";") if not part.upper().startswith("INTERVAL"))
    assert rrulestr(without_interval, dtstart=datetime(2024, 1, 1), ignoretz=True) is not None  # noqa: DTZ001 - local


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_a_date_is_its_iso_text(day: date) -> None:
    assert parse_day(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    ["", "2023-02-29", "20230228", "2023-W01-1", "2023-2-1", "1899-12-31", "2201-01-01", "2023-01-01Z", "٢٠٢٣-01-01"],
)
def test_what_is_no_date_of_the_years_1900_to_2200_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a date|day is out of range"):
        parse_day(text)


def test_every_zone_has_its_rules() -> None:
    assert {name for name in ZONES if zone(name).key == name} == ZONES
    assert {"UTC", "Europe/London", "America/New_York", "US/Eastern"} <= ZONES


def test_a_zone_s_rules_are_read_once_and_are_the_package_s() -> None:
    london = zone("Europe/London")

    assert london is zone("Europe/London")
    assert london is not ZoneInfo("Europe/London")
    assert datetime(2023, 7, 5, 12, tzinfo=london).isoformat() == "2023-07-05T12:00:00+01:00"


@pytest.mark.parametrize("name", ["", "London", "europe/london", "../zones", "/etc/localtime", "Europe/London\n"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a time zone"):
        check_zone(name)
    with pytest.raises(ValueError, match="a time zone"):
        zone(name)
