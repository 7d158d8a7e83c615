"""`evenhand sample`: a believable quarter in a charity's life, to try things on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import IO

import click

from cli.charity import Charity
from cli.crawler import crawl
from cli.delivery import Faults, deliver
from cli.office import Office
from cli.quarter import Quarter
from config.errors import UsageError

DEFAULT_SEED = 1877
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Years in which an event may occur (contract, section 1)."""


def sample_lines(
    quarter: Quarter, faults: Faults, *, hot_contact: bool = False, office: bool = False
) -> Iterator[bytes]:
    """The quarter as JSON Lines in the order of arrival: always the same bytes for the same arguments.

    With the `office` come facts about contacts and interactions, at once and in order; the other lines stay the same.
    """
    happenings = Charity(quarter).live()
    if hot_contact:
        happenings = merge(happenings, crawl(quarter))
    arrivals = deliver(happenings, faults, quarter.seed)
    if office:
        arrivals = merge(arrivals, Office(quarter).live(), key=itemgetter(0))
    for _, event in arrivals:
        yield event.encode() + b"\n"


@click.command("sample")
@click.option("--out", envvar="EVENHAND_SAMPLE_OUT", type=click.File("wb", lazy=False), default="-", show_default=True,
              metavar="FILE", help="Where to write; - is standard output.")  # fmt: skip
@click.option("--contacts", envvar="EVENHAND_SAMPLE_CONTACTS", type=click.IntRange(1, 999_999), default=5_000,
              show_default=True, metavar="NUMBER", help="Supporters; each has some 20 events in 91 days.")  # fmt: skip
@click.option("--days", envvar="EVENHAND_SAMPLE_DAYS", type=click.IntRange(1), default=91, show_default=True,
              metavar="NUMBER", help="How long to live.")  # fmt: skip
@click.option("--start", envvar="EVENHAND_SAMPLE_START", type=click.DateTime(["%Y-%m-%d"]), default="2025-04-01",
              show_default=True, metavar="DATE", help="First day, in UTC.")  # fmt: skip
@click.option("--seed", envvar="EVENHAND_SAMPLE_SEED", type=int, default=DEFAULT_SEED, show_default=True,
              metavar="NUMBER", help="Another number, another quarter.")  # fmt: skip
@click.option("--late", envvar="EVENHAND_SAMPLE_LATE", type=click.FloatRange(0, 1), default=0.01, show_default=True,
              metavar="RATIO", help="Share of events written hours to days after they occurred.")  # fmt: skip
@click.option("--duplicates", envvar="EVENHAND_SAMPLE_DUPLICATES", type=click.FloatRange(0, 1), default=0.002,
              show_default=True, metavar="RATIO", help="Share of events written twice.")  # fmt: skip
@click.option("--hot-contact", envvar="EVENHAND_SAMPLE_HOT_CONTACT", is_flag=True,
              help="Add donor-000000, a crawler that opens a page every minute.")  # fmt: skip
@click.option("--attribution-only", envvar="EVENHAND_SAMPLE_ATTRIBUTION_ONLY", is_flag=True,
              help="Touchpoints and conversions alone, without contacts and interactions.")  # fmt: skip
def command(
    out: IO[bytes],
    contacts: int,
    days: int,
    start: datetime,
    seed: int,
    late: float,
    duplicates: float,
    hot_contact: bool,
    attribution_only: bool,
) -> None:
    """Write a quarter in a charity's life as JSON Lines.

    By default some 100,000 touchpoints and conversions and 20,000 facts about contacts and interactions, the same bytes
    every time. Its catalogue is examples/charity/catalogue.toml, its definitions examples/charity/definitions.toml.
    """
    quarter = Quarter(contacts, days, _first_day(start.date(), days), seed)
    faults = Faults(late, duplicates)
    out.writelines(sample_lines(quarter, faults, hot_contact=hot_contact, office=not attribution_only))


def _first_day(start: date, days: int) -> date:
    room = (date(LAST_YEAR, 12, 31) - start) // timedelta(days=1)
    if start.year < FIRST_YEAR or days > room:
        raise UsageError(f"{days} days from {start} do not fit into {FIRST_YEAR}-{LAST_YEAR}: change --start or --days")
    return start
