"""A crawler that the charity's tracker takes for a supporter: the hot contact."""

from __future__ import annotations

from collections.abc import Iterator

from cli.charity import Happening
from cli.quarter import DAY, Quarter

CRAWLER = "donor-000000"
PAUSE = 60
"""Seconds between two pages: 10,080 visits a week, just more than a window holds by default."""
FIRST_GIFT = 10 * DAY
GIFT_PAUSE = 30 * DAY
"""Now and then it fills in the donation form, too."""


def crawl(quarter: Quarter) -> Iterator[Happening]:
    """The crawler's events, in the order of their happening."""
    for second in range(0, quarter.seconds, PAUSE):
        who_when = f'"contact_id":"{CRAWLER}","occurred_at":"{quarter.stamp(second)}"'
        yield second, f'{{"type":"touchpoint.recorded","event_id":"b{second}",{who_when},"name":"website_visit"}}'
        if second >= FIRST_GIFT and (second - FIRST_GIFT) % GIFT_PAUSE == 0:
            gift = '"name":"donation","value":"1.00","currency":"GBP"'
            yield second, f'{{"type":"conversion.recorded","event_id":"d{second}",{who_when},{gift}}}'
