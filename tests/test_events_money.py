"""Money: ISO 4217's currencies in their time, and amounts in minor units (contract, topic `conversions`)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.currencies import FIRST_DAYS, LAST_DAYS, MINOR_UNITS_OF_WITHDRAWN, currencies, withdrawals
from events.instant import parse_instant
from events.money import exponent, format_amount, parse_amount

TODAY = parse_instant("2026-11-23T12:00:00Z")


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("GBP", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("UYW", 4), ("UYI", 0), ("MGA", 2), ("MRU", 2)],
)
def test_a_currency_has_the_decimals_that_iso_4217_gives_it(currency: str, decimals: int) -> None:
    assert exponent(currency, TODAY) == decimals


@pytest.mark.parametrize(("currency", "decimals"), [("RSD", 2), ("ALL", 2), ("IQD", 3), ("LBP", 2), ("MGA", 2)])
def test_iso_4217_goes_before_the_decimals_that_people_use(currency: str, decimals: int) -> None:
    assert exponent(currency, TODAY) == decimals


@pytest.mark.parametrize(
    "currency", ["XXX", "XAU", "XAG", "XTS", "XDR", "XSU", "XUA", "gbp", "GB", "GBPX", "", "ZZZ", "£"]
)
def test_what_is_no_code_or_has_no_minor_unit_is_unknown(currency: str) -> None:
    assert exponent(currency, TODAY) is None


@pytest.mark.parametrize(
    ("currency", "last", "decimals"),
    [("DEM", "2002-02-28", 2), ("ITL", "2002-02-28", 0), ("EEK", "2010-12-31", 2), ("LVL", "2013-12-31", 2),
     ("LTL", "2014-12-31", 2), ("BYR", "2016-12-31", 0), ("MRO", "2017-12-31", 2), ("VEF", "2018-08-31", 2),
     ("HRK", "2022-12-31", 2), ("SLL", "2023-12-31", 2), ("ZWL", "2024-08-31", 2), ("ANG", "2025-03-31", 2),
     ("BGN", "2025-12-31", 2)],
)  # fmt: skip
def test_a_withdrawn_currency_is_current_to_the_end_of_its_last_day(currency: str, last: str, decimals: int) -> None:
    end = parse_instant(f"{last}T23:59:59.999999Z")

    assert exponent(currency, end) == decimals
    assert exponent(currency, end + 1) is None


@pytest.mark.parametrize(
    ("currency", "first"),
    [("EUR", "1999-01-01"), ("TRY", "2005-01-01"), ("VES", "2018-08-20"), ("SLE", "2022-07-01"), ("ZWG", "2024-06-25"),
     ("XCG", "2025-03-31")],
)  # fmt: skip
def test_a_currency_is_current_from_its_first_day(currency: str, first: str) -> None:
    start = parse_instant(f"{first}T00:00:00Z")

    assert exponent(currency, start) == 2
    assert exponent(currency, start - 1) is None


def test_a_currency_older_than_1999_is_current_since_ever() -> None:
    assert exponent("GBP", parse_instant("1900-01-01T00:00:00Z")) == 2


def test_each_last_day_is_in_or_right_before_the_month_in_which_iso_withdrew_the_code() -> None:
    months = withdrawals()

    apart = {code: months[code].toordinal() - last.toordinal() for code, last in LAST_DAYS.items()}

    assert {code: days for code, days in apart.items() if days not in {1, 0} and not -31 < days < 0} == {}


def test_the_tables_name_nothing_that_iso_does_not_list() -> None:
    listed = {currency.code for currency in currencies()}

    assert {*FIRST_DAYS, *LAST_DAYS, *MINOR_UNITS_OF_WITHDRAWN} - listed == set()


def test_every_code_that_iso_withdrew_in_this_century_has_its_minor_unit() -> None:
    known = {currency.code for currency in currencies()}
    nowhere_recorded = {"AON", "AOR", "CHC", "ECS", "ECV", "GHP", "TJR"}
    without_minor_unit = {"XFO", "XFU"}

    missing = {code for code, month in withdrawals().items() if month >= date(2000, 1, 1)} - known

    assert missing == nowhere_recorded | without_minor_unit


@pytest.mark.parametrize(
    ("text", "decimals", "minor"),
    [("50", 2, 5000), ("50.0", 2, 5000), ("50.00", 2, 5000), ("0", 2, 0), ("0.00", 2, 0), ("0.01", 2, 1), ("5000", 0,
     5000), ("5.125", 3, 5125), ("9999999999999999.99", 2, 10**18 - 1), ("999999999999999999", 0, 10**18 - 1)],
)  # fmt: skip
def test_an_amount_is_read_into_minor_units(text: str, decimals: int, minor: int) -> None:
    assert parse_amount(text, decimals) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "050",
        "00",
        ".5",
        "5.",
        "1e3",
        "1,000",
        "1 000",
        "50.00 ",
        "50\n",
        "\u0665\u0660",
        "NaN",
        "0x10",
        "5.0.0",
    ],
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="plain decimal"):
        parse_amount(text, 2)


@pytest.mark.parametrize(("text", "decimals"), [("50.000", 2), ("50.0", 0), ("1.2345", 3)])
def test_more_decimals_than_the_currency_has_are_refused_even_when_they_are_zero(text: str, decimals: int) -> None:
    with pytest.raises(ValueError, match="no more decimals"):
        parse_amount(text, decimals)


@pytest.mark.parametrize(
    ("text", "decimals"), [("10000000000000000", 2), ("1000000000000000000", 0), ("9" * 30_000, 2)]
)
def test_more_than_18_digits_in_minor_units_are_refused(text: str, decimals: int) -> None:
    with pytest.raises(ValueError, match="at most 18 digits"):
        parse_amount(text, decimals)


@pytest.mark.parametrize(
    ("minor", "decimals", "text"),
    [(5000, 2, "50.00"), (5, 2, "0.05"), (0, 2, "0.00"), (0, 0, "0"), (7, 3, "0.007"), (99, 0, "99")],
)
def test_an_amount_is_written_with_the_currency_s_decimals(minor: int, decimals: int, text: str) -> None:
    assert format_amount(minor, decimals) == text


@given(st.integers(0, 10**18 - 1), st.integers(0, 4))
def test_an_amount_survives_being_written_and_read(minor: int, decimals: int) -> None:
    assert parse_amount(format_amount(minor, decimals), decimals) == minor
