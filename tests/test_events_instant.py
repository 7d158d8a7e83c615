"""Instants: what is read, and the one form that is written (contract, section 1)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.instant import EARLIEST_US, LATEST_US, format_instant, parse_instant
from events.remembered import instant_us

NOON = 1_688_558_400_000_000


def test_an_instant_is_microseconds_since_the_epoch_in_utc() -> None:
    assert parse_instant("1970-01-01T00:00:00Z") == 0
    assert parse_instant("2023-07-05T12:00:00Z") == NOON


@pytest.mark.parametrize(
    "text",
    ["2023-07-05T12:00:00Z", "2023-07-05t12:00:00z", "2023-07-05T12:00:00.000Z", "2023-07-05T12:00:00+00:00",
     "2023-07-05T12:00:00-00:00", "2023-07-05T14:00:00+02:00", "2023-07-05T06:30:00-05:30",
     "2023-07-06T11:59:00+23:59"],
)  # fmt: skip
def test_spellings_of_one_instant_are_one_instant(text: str) -> None:
    assert parse_instant(text) == NOON


@pytest.mark.parametrize(
    ("fraction", "us"),
    [("5", 500_000), ("123", 123_000), ("000001", 1), ("0000009", 0), ("9999999", 999_999), ("1" * 30, 111_111)],
)
def test_an_instant_is_kept_to_the_microsecond_and_further_digits_are_cut(fraction: str, us: int) -> None:
    assert parse_instant(f"2023-07-05T12:00:00.{fraction}Z") == NOON + us


def test_cutting_goes_by_the_text_also_before_1970() -> None:
    assert parse_instant("1969-12-31T23:59:59.9999999Z") == -1


@pytest.mark.parametrize(
    "text",
    ["", "2023-07-05", "2023-07-05T12:00:00", "2023-07-05 12:00:00Z", "2023-07-05T12:00Z", "2023-07-05T12:00:60Z",
     "2023-12-31T23:59:60Z", "2023-07-05T24:00:00Z", "2023-07-05T12:60:00Z", "2023-02-29T12:00:00Z",
     "2023-13-01T12:00:00Z",
     "2023-00-01T12:00:00Z", "0000-01-01T00:00:00Z", "2023-07-05T12:00:00.Z", "2023-07-05T12:00:00,5Z",
     "2023-07-05T12:00:00+02", "2023-07-05T12:00:00+0200", "2023-07-05T12:00:00+24:00", "2023-07-05T12:00:00+02:60",
     "2023-07-05T12:00:00Z\n", " 2023-07-05T12:00:00Z", "+2023-07-05T12:00:00Z", "٢٠٢٣-07-05T12:00:00Z",
     "20230705T120000Z"],
)  # fmt: skip
def test_what_is_not_rfc_3339_with_an_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 — the calendar's own words count too
        parse_instant(text)
    with pytest.raises(ValueError):  # noqa: PT011
        instant_us(text)


@pytest.mark.parametrize(
    ("text", "us"),
    [("1900-01-01T00:00:00Z", EARLIEST_US), ("2200-12-31T23:59:59.999999Z", LATEST_US),
     ("1899-12-31T23:00:00-01:00", EARLIEST_US), ("2201-01-01T00:59:59.9999999+01:00", LATEST_US)],
)  # fmt: skip
def test_the_years_1900_to_2200_of_utc_are_read(text: str, us: int) -> None:
    assert parse_instant(text) == us


@pytest.mark.parametrize(
    "text",
    ["1899-12-31T23:59:59.999999Z", "2201-01-01T00:00:00Z", "1900-01-01T00:00:00+00:01", "2200-12-31T23:59:59-00:01"],
)
def test_other_years_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="years 1900 to 2200"):
        parse_instant(text)
    with pytest.raises(ValueError):  # noqa: PT011 — by parts it is a doubt, whatever the words
        instant_us(text)


@pytest.mark.parametrize(
    ("us", "text"),
    [(0, "1970-01-01T00:00:00Z"), (NOON + 1, "2023-07-05T12:00:00.000001Z"), (NOON + 250_000,
     "2023-07-05T12:00:00.250000Z"), (-1, "1969-12-31T23:59:59.999999Z"), (EARLIEST_US, "1900-01-01T00:00:00Z")],
)  # fmt: skip
def test_an_instant_is_written_in_utc_with_a_fraction_of_six_digits_or_none(us: int, text: str) -> None:
    assert format_instant(us) == text


@given(st.integers(EARLIEST_US, LATEST_US))
def test_an_instant_survives_being_written_and_read(us: int) -> None:
    assert parse_instant(format_instant(us)) == us


@given(st.datetimes(datetime(1901, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001 — the bounds are naive
def test_the_calendar_is_python_s(at: datetime) -> None:
    assert format_instant(parse_instant(at.isoformat())) == at.isoformat().replace("+00:00", "Z")
    assert instant_us(at.isoformat()) == parse_instant(at.isoformat())
