"""How the sample charity and its supporters meet: the channels, their rhythm, and the campaigns that stir them.

The names and dimensions are those of `examples/charity/catalogue.toml`; `podcast_mention` alone is missing there, since
its events bring their own lifetime.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

WAKING = "210001246666777777898753"
OFFICE = "000000002577657776420000"
LETTERBOX = "000000013799740000000000"
INBOX = "000000197532233332345320"
"""How busy each hour of the day is, 0 to 9, midnight first, in UTC."""

ALL_WEEK = "7666655"
WORKING_WEEK = "8888710"
POST_WEEK = "6777750"
THURSDAY = "0119410"
"""How busy each day of the week is, 0 to 9, Monday first."""


class Channel(NamedTuple):
    """One way of meeting. Chances are of one meeting, for a supporter of middling zeal."""

    name: str
    share: float
    """Meetings that nothing led up to, per 1,000 supporters and day."""
    hours: str
    week: str
    gives: float
    """Chance that a gift follows within days."""
    returns: float
    """Chance that the supporter comes back to the website within days."""
    wordings: tuple[Mapping[str, Any], ...] = ({},)
    """What an event may say beside its name, each equally likely."""
    offset_hours: int = 0
    """Offset from UTC in which the channel's own system writes times."""


class Campaign(NamedTuple):
    """A push that makes some channels busier and supporters more generous."""

    name: str
    first: float
    last: float
    """First and last day as shares of the quarter."""
    busier: Mapping[str, float]
    """How many times as many meetings, by channel."""
    generosity: float
    weekday: int | None = None
    """Only the first such day (Monday is 0) between first and last; None: all of them."""


CHANNELS = (
    Channel(
        "google_ad_click", 14, WAKING, ALL_WEEK, 0.04, 0.30, ({"properties": {"keyword": "donate to charity"}}, {})
    ),
    Channel("facebook_ad_click", 11, WAKING, ALL_WEEK, 0.02, 0.25, ({}, {}, {"dimensions": {"platform": "Instagram"}})),
    Channel("email_opened", 30, INBOX, ALL_WEEK, 0.01, 0.10),
    Channel("email_clicked", 12, INBOX, ALL_WEEK, 0.05, 0.25, ({"properties": {"link": "/donate"}}, {})),
    # The telephone agency sits in Lagos and writes its local time: one hour ahead of UTC, all the year.
    Channel("phone_call", 4, OFFICE, WORKING_WEEK, 0.10, 0.05, ({}, {}, {"lifetime": "P45D"}), offset_hours=1),
    Channel(
        "social_media_visit",
        13,
        WAKING,
        ALL_WEEK,
        0.01,
        0.20,
        ({"dimensions": {"platform": "Instagram"}}, {"dimensions": {"platform": "YouTube"}}, {}),
    ),
    Channel("website_visit", 16, WAKING, ALL_WEEK, 0.04, 0.20, ({"properties": {"page": "/our-work"}}, {}, {})),
    Channel("direct", 8, WAKING, ALL_WEEK, 0.05, 0.15),
    Channel(
        "in_person_meeting",
        1.2,
        OFFICE,
        WORKING_WEEK,
        0.20,
        0.05,
        ({"properties": {"place": "Tŷ Cymorth, Caerdydd"}}, {"properties": {"place": "Leeds"}}, {"lifetime": "P12W"}),
    ),
    Channel("letter_sent", 9, LETTERBOX, POST_WEEK, 0.04, 0.08, ({}, {"properties": {"enclosure": "reply card"}})),
    Channel("leaflet_sent", 5, LETTERBOX, POST_WEEK, 0.015, 0.05),
    Channel("newsletter_sign_up", 1.5, WAKING, ALL_WEEK, 0.06, 0.20),
    Channel("newsletter_opened", 22, INBOX, THURSDAY, 0.01, 0.12, ({"properties": {"issue": "spring"}}, {})),
    Channel("organic_search_click", 15, WAKING, ALL_WEEK, 0.03, 0.25),
    Channel("podcast_mention", 0.8, WAKING, ALL_WEEK, 0.02, 0.10, ({"lifetime": "P10D"},)),
)

COMING_BACK = ("website_visit", "website_visit", "direct", "organic_search_click")
"""The channels of those who come back, each equally likely."""

CAMPAIGNS = (  # one at a time
    Campaign("spring-appeal", 0.08, 0.31, {"letter_sent": 3, "email_opened": 1.6, "google_ad_click": 1.8}, 1.5),
    Campaign("gift-aid-drive", 0.46, 0.62, {"email_opened": 1.5, "email_clicked": 2, "phone_call": 2.5}, 1.2),
    Campaign(
        "giving-tuesday", 0.69, 0.85, {"facebook_ad_click": 8, "social_media_visit": 9, "email_clicked": 6}, 2.5, 1
    ),
)


def wordings(channel: Channel, campaign: Campaign | None) -> list[str]:
    """What a channel's events say on a day of that campaign, from the name on: members of a JSON object."""
    sayings = []
    for wording in channel.wordings:
        saying: dict[str, Any] = {"name": channel.name, **wording}
        if campaign and channel.name in campaign.busier:
            saying["dimensions"] = {**wording.get("dimensions", {}), "campaign": campaign.name}
        sayings.append(json.dumps(saying, separators=(",", ":"), ensure_ascii=False)[1:-1])
    return sayings
