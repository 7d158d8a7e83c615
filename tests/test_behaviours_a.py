"""Touchpoints and linear attribution, behaviour by behaviour: A1 to A22, and A26.

A23 to A25 (who manages definitions, adding an interaction by hand) are about pages, and wait for them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from cli.main import main
from config.catalogue import Catalogue, load_catalogue
from events.refusal import Reason
from tests.acceptance import (
    EXAMPLES,
    Message,
    attribute,
    by_model,
    decide,
    donation,
    earned,
    event,
    lines_of,
    touchpoint,
)

WORKED_EXAMPLE = EXAMPLES / "worked-example.jsonl"
CHARITY = EXAMPLES / "charity" / "catalogue.toml"

CHANNELS = {
    "digital ads, Google": "google_ad_click",
    "digital ads, Facebook": "facebook_ad_click",
    "e-mail": "email_clicked",
    "phone": "phone_call",
    "social media": "social_media_visit",
    "website visit": "website_visit",
    "in-person meeting": "in_person_meeting",
    "post, letters": "letter_sent",
    "post, flyers": "leaflet_sent",
    "newsletter": "newsletter_opened",
    "organic search": "organic_search_click",
}
"""The channels that are held: the touchpoint of the sample charity for each."""

AD = touchpoint("t1", "google_ad_click", "2023-07-05T11:00:00Z")
SEARCH = touchpoint("t2", "organic_search_click", "2023-07-05T11:01:00Z")
GIFT = donation("c1", "50.00", "2023-07-05T11:02:00Z")
NEWSLETTER = touchpoint("t3", "newsletter_sign_up", "2023-07-05T11:10:00Z")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(None)


@pytest.fixture(scope="module")
def worked_example(catalogue: Catalogue) -> Message:
    [message] = by_model(attribute(lines_of(WORKED_EXAMPLE), catalogue), "linear")
    return message


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """The read model of the worked example: what is stored in the account."""
    folder = tmp_path_factory.mktemp("replay")
    assert main(["replay", str(WORKED_EXAMPLE), "--out", str(folder)]) == 0
    with closing(sqlite3.connect(folder / "evenhand.db")) as connection:
        yield connection


def linear(*events: bytes, catalogue: Catalogue) -> Message:
    [message] = by_model(attribute(events, catalogue), "linear")
    return message


def credited(message: Message) -> list[tuple[str, str]]:
    return [(touch["touchpoint_id"], touch["credit"]) for touch in message["touchpoints"]]


@pytest.mark.parametrize("name", CHANNELS.values(), ids=CHANNELS.keys())
def test_a1_touchpoints_of_every_channel_are_held(name: str) -> None:
    met = touchpoint("t1", name, "2025-04-01T10:00:00Z")
    gave = donation("c1", "50.00", "2025-04-01T11:00:00Z")

    message = linear(met, gave, catalogue=load_catalogue(CHARITY))

    assert [(touch["name"], touch["credit"]) for touch in message["touchpoints"]] == [(name, "50.00")]


def test_a2_all_channels_touchpoints_of_one_account_stand_on_one_timeline() -> None:
    mine = [touchpoint(f"t{n}", name, f"2025-04-01T10:{n}:00Z") for n, name in enumerate(CHANNELS.values(), 10)]
    anothers = touchpoint("t99", "phone_call", "2025-04-01T10:15:00Z", contact_id="donor-8")
    gave = donation("c1", "50.00", "2025-04-01T11:00:00Z")

    message = linear(gave, anothers, *reversed(mine), catalogue=load_catalogue(CHARITY))

    assert [touch["name"] for touch in message["touchpoints"]] == list(CHANNELS.values())


def test_a3_every_touchpoint_has_a_name(catalogue: Catalogue, worked_example: Message) -> None:
    nameless = event("touchpoint.recorded", "t1", "2023-07-05T11:00:00Z", lifetime="P3D")

    [refusal] = decide([nameless], catalogue).refusals

    assert (refusal.reason, refusal.errors[0].path) == (Reason.INVALID_EVENT, "/name")
    assert [touch["name"] for touch in worked_example["touchpoints"]] == ["google_ad_click", "organic_search_click"]


def test_a4_every_touchpoint_has_a_lifetime_of_the_catalogue_or_of_its_own(catalogue: Catalogue) -> None:
    lasting = touchpoint("t0", "billboard", "2023-07-01T11:02:00Z", lifetime="P4D")
    without = touchpoint("t9", "billboard", "2023-07-05T11:00:00Z")

    ruling = decide([lasting, without, AD, GIFT], catalogue)

    assert [refusal.reason for refusal in ruling.refusals] == [Reason.UNKNOWN_TOUCHPOINT]
    message = linear(lasting, AD, GIFT, catalogue=catalogue)
    expiries = [touch["expires_at"] for touch in message["touchpoints"]]
    assert expiries == ["2023-07-05T11:02:00Z", "2023-07-08T11:00:00Z"]


def test_a5_every_touchpoint_has_the_date_and_time_at_which_it_took_place(
    catalogue: Catalogue, worked_example: Message
) -> None:
    undated = event("touchpoint.recorded", "t1", "2023-07-05", name="google_ad_click")

    [refusal] = decide([undated], catalogue).refusals

    assert (refusal.reason, refusal.errors[0].path) == (Reason.INVALID_EVENT, "/occurred_at")
    instants = [touch["occurred_at"] for touch in worked_example["touchpoints"]]
    assert instants == ["2023-07-05T11:00:00Z", "2023-07-05T11:01:00Z"]


def test_a6_every_touchpoint_is_exactly_active_or_inactive(tmp_path: Path) -> None:
    expired = touchpoint("t0", "google_ad_click", "2023-07-01T11:00:00Z")
    retraction = event("touchpoint.retracted", "r1", "2023-07-05T11:05:00Z", touchpoint_id="t2")
    file = tmp_path / "account.jsonl"
    file.write_bytes(b"\n".join([expired, AD, SEARCH, GIFT, retraction]))

    assert main(["replay", str(file), "--out", str(tmp_path)]) == 0

    with closing(sqlite3.connect(tmp_path / "evenhand.db")) as account:
        statuses = dict(account.execute("SELECT event_id, status FROM timeline"))
    assert statuses == {"t0": "Inactive", "t1": "Active", "t2": "Inactive"}


def test_a7_a_touchpoint_expires_a_lifetime_after_its_time(worked_example: Message) -> None:
    assert worked_example["touchpoints"][0]["expires_at"] == "2023-07-08T11:00:00Z"


def test_a8_five_days_after_11_01_on_5_july_is_11_01_on_10_july(worked_example: Message) -> None:
    assert worked_example["touchpoints"][1]["expires_at"] == "2023-07-10T11:01:00Z"


def test_a9_one_day_after_11_10_on_5_july_is_11_10_on_6_july(catalogue: Catalogue) -> None:
    later_gift = donation("c2", "1.00", "2023-07-05T11:11:00Z")

    message = linear(NEWSLETTER, later_gift, catalogue=catalogue)

    assert message["touchpoints"][0]["expires_at"] == "2023-07-06T11:10:00Z"


@pytest.mark.parametrize("name", ["donation", "sponsorship", "pledge"])
def test_a10_a_conversion_has_an_amount_and_a_time(name: str, catalogue: Catalogue) -> None:
    when = "2023-07-05T11:02:00Z"
    conversion = event("conversion.recorded", "c1", when, name=name, value="50.00", currency="GBP")

    message = linear(conversion, catalogue=catalogue)

    told = message["conversion"], message["value"], message["currency"], message["occurred_at"]
    assert told == (name, "50.00", "GBP", when)


def test_a11_the_conversion_is_stored_in_the_account(account: sqlite3.Connection) -> None:
    stored = account.execute("SELECT contact_id, conversion_id, name, value_minor FROM conversions").fetchall()

    assert stored == [("donor-7", "c1", "donation", 5000)]


def test_a12_a_conversion_considers_every_touchpoint_and_keeps_those_active_at_its_time(catalogue: Catalogue) -> None:
    expired = touchpoint("t0", "newsletter_sign_up", "2023-07-04T11:01:00Z")

    message = linear(expired, AD, SEARCH, GIFT, NEWSLETTER, catalogue=catalogue)

    assert credited(message) == [("t1", "25.00"), ("t2", "25.00")]


def test_a13_a_touchpoint_later_than_the_conversion_gets_nothing(worked_example: Message) -> None:
    assert "t3" not in dict(credited(worked_example))
    assert "Newsletter" not in earned([worked_example], "online_channel")


@pytest.mark.parametrize(("at", "counts"), [("2023-07-02T11:02:00Z", True), ("2023-07-02T11:01:59.999999Z", False)])
def test_a14_an_expired_touchpoint_gets_nothing(at: str, counts: bool, catalogue: Catalogue) -> None:
    old = touchpoint("t0", "google_ad_click", at)

    message = linear(old, GIFT, catalogue=catalogue)

    assert credited(message) == ([("t0", "50.00")] if counts else [])
    assert message["unattributed"] == ("0.00" if counts else "50.00")


@pytest.mark.parametrize("touchpoints", [[AD], [AD, SEARCH]], ids=["one", "more"])
def test_a15_the_result_is_one_or_more_touchpoints(touchpoints: list[bytes], catalogue: Catalogue) -> None:
    message = linear(*touchpoints, GIFT, catalogue=catalogue)

    assert len(message["touchpoints"]) == len(touchpoints)


@pytest.mark.parametrize(
    ("touchpoints", "shares"),
    [(1, ["50.00"]), (2, ["25.00"] * 2), (3, ["16.67", "16.67", "16.66"]), (4, ["12.50"] * 4)],
)
def test_a16_each_counted_touchpoint_gets_equal_credit(
    touchpoints: int, shares: list[str], catalogue: Catalogue
) -> None:
    clicks = [touchpoint(f"t{n}", "google_ad_click", f"2023-07-05T10:0{n}:00Z") for n in range(touchpoints)]

    message = linear(*clicks, GIFT, catalogue=catalogue)

    assert message["model"] == "linear"
    assert [touch["credit"] for touch in message["touchpoints"]] == shares


def test_a17_each_dimension_splits_the_whole_amount_on_its_own(worked_example: Message) -> None:
    split = {name: sum(earned([worked_example], name).values()) for name in worked_example["dimensions"]}

    assert split == {"department": 50, "online_channel": 50, "platform": 50}


def test_a18_the_department_technology_gets_all_50_pounds(worked_example: Message) -> None:
    assert earned([worked_example], "department") == {"Technology": Decimal("50.00")}


def test_a19_the_online_channels_paid_ads_and_google_search_get_25_pounds_each(worked_example: Message) -> None:
    expected = {"Paid Ads": Decimal("25.00"), "Google Search": Decimal("25.00")}

    assert earned([worked_example], "online_channel") == expected


def test_a20_the_platform_google_ads_gets_all_50_pounds(worked_example: Message) -> None:
    assert earned([worked_example], "platform") == {"Google Ads": Decimal("50.00")}


def test_a21_in_each_dimension_the_credits_sum_to_the_amount(catalogue: Catalogue) -> None:
    clicks = [touchpoint(f"a{n}", "google_ad_click", f"2023-07-05T10:0{n}:00Z") for n in range(3)]
    odd_gift = donation("c1", "50.01", "2023-07-05T11:02:00Z")

    message = linear(*clicks, SEARCH, odd_gift, catalogue=catalogue)

    for name, dimension in message["dimensions"].items():
        assert sum(earned([message], name).values()) + Decimal(dimension["unattributed"]) == Decimal("50.01")


def test_a22_the_report_says_which_marketing_channel_contributed(account: sqlite3.Connection) -> None:
    report = account.execute(
        "SELECT value, currency, credit FROM dimension_totals WHERE dimension = 'online_channel' ORDER BY value"
    ).fetchall()

    assert report == [("Google Search", "GBP", "25.00"), ("Paid Ads", "GBP", "25.00")]


@pytest.mark.parametrize(
    ("model", "shares"),
    [("first", [("t1", "50.00"), ("t2", "0.00")]), ("last", [("t1", "0.00"), ("t2", "50.00")])],
    ids=["first click", "last click"],
)
def test_a26_first_click_and_last_click_are_to_be_had_beside_linear(
    model: str, shares: list[tuple[str, str]], catalogue: Catalogue
) -> None:
    messages = attribute([AD, SEARCH, GIFT, NEWSLETTER], catalogue)

    [message] = by_model(messages, model)

    assert messages[0]["model"] == "linear"
    assert credited(message) == shares
