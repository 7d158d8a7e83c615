"""The currencies of ISO 4217 and the time in which each is current.

The codes, their minor units and the months of withdrawal are ISO's own List One and List Three, as the package
`iso-4217` ships them. ISO gives no first day, no day of withdrawal and no minor unit of what is withdrawn: the tables
here do. Days are as CLDR's currency data has them (where a country took the euro: the day it did), minor units as the
JDK has them from ISO's older lists. A withdrawn code whose minor unit is nowhere recorded is taken as unknown.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.metadata import distribution
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree

FIRST_DAYS: Final = {
    code: date.fromisoformat(day)
    for code, day in {
        "AFN": "2002-10-07", "AOA": "1999-12-13", "AZN": "2006-01-01", "BGN": "1999-07-05", "BYN": "2016-07-01",
        "BYR": "2000-01-01", "EUR": "1999-01-01", "GHS": "2007-07-03", "MRU": "2018-01-01", "MZN": "2006-07-01",
        "RON": "2005-07-01", "RSD": "2006-10-25", "SDG": "2007-01-10", "SLE": "2022-07-01", "SRD": "2004-01-01",
        "SSP": "2011-07-18", "STN": "2018-01-01", "TJS": "2000-10-26", "TMT": "2009-01-01", "TRY": "2005-01-01",
        "VED": "2021-10-01", "VEF": "2008-01-01", "VES": "2018-08-20", "XCG": "2025-03-31", "ZMW": "2013-01-01",
        "ZWG": "2024-06-25", "ZWL": "2009-02-02",
    }.items()
}  # fmt: skip
"""Of the codes introduced since 1999; an older one counts as current since ever."""

LAST_DAYS: Final = {
    code: date.fromisoformat(day)
    for day, codes in {
        "2002-02-28": "ATS BEF DEM ESP FIM FRF GRD IEP ITL LUF NLG PTE",
        "2006-12-31": "SIT", "2007-12-31": "CYP GHC MTL", "2008-12-31": "SKK", "2010-12-31": "EEK",
        "2013-12-31": "LVL", "2014-12-31": "LTL", "2016-12-31": "BYR", "2022-12-31": "HRK", "2024-08-31": "ZWL",
        "2025-12-31": "BGN",
    }.items()
    for code in codes.split()
}  # fmt: skip
"""Of withdrawn codes; any other is current to the end of the month in which ISO withdrew it."""

MINOR_UNITS_OF_WITHDRAWN: Final = {
    code: units
    for units, codes in {
        0: "ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE ROL TPE TRL",
        2: "AFA ANG ATS AYM AZM BGL BGN CSD CUC CYP DEM EEK FIM FRF GHC GWP HRK IEP LTL LVL MRO MTL MZM NLG RUR SDD "
        "SIT SKK SLL SRG STD TMM USS VEB VEF YUM ZMK ZWD ZWL ZWN ZWR",
    }.items()
    for code in codes.split()
}


class Currency(NamedTuple):
    """A code with a minor unit, current from the first instant of day `first` to the last of day `last`, in UTC."""

    code: str
    exponent: int
    first: date | None
    last: date | None


def currencies() -> Iterator[Currency]:
    """Every currency that has a minor unit, current or withdrawn."""
    current = _minor_units()
    for code, units in current.items():
        if units.isdigit():
            yield Currency(code, int(units), FIRST_DAYS.get(code), None)
    for code, month in withdrawals().items():
        units_then = MINOR_UNITS_OF_WITHDRAWN.get(code)
        if code not in current and units_then is not None:
            yield Currency(code, units_then, FIRST_DAYS.get(code), LAST_DAYS.get(code, _end_of(month)))


def withdrawals() -> dict[str, date]:
    """The month in which ISO withdrew each code, as its first day; the last, where several entities gave it up."""
    months: dict[str, date] = {}
    for entry in _list("three").iter("HstrcCcyNtry"):
        code, text = entry.findtext("Ccy", ""), entry.findtext("WthdrwlDt", "")
        month = _month(text.rpartition(" to ")[2])
        months[code] = max(month, months.get(code, month))
    return months


def _minor_units() -> dict[str, str]:
    return {
        code: entry.findtext("CcyMnrUnts", "")
        for entry in _list("one").iter("CcyNtry")
        if (code := entry.findtext("Ccy"))
    }


def _month(text: str) -> date:
    year, _, month = text.partition("-")
    return date(int(year), int(month) if len(month) == 2 else 12, 1)


def _end_of(month: date) -> date:
    return month + timedelta(days=monthrange(month.year, month.month)[1] - 1)


def _list(number: str) -> ElementTree.Element:
    # Read as data: importing the package would set the process's locale for a moment.
    path = Path(str(distribution("iso-4217").locate_file(f"iso_4217/data/list-{number}.xml")))
    return ElementTree.fromstring(path.read_bytes())
