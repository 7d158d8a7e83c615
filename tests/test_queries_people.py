"""What people work through: interactions, contacts that wait for a response, scores; in SQLite and in PostgreSQL."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from events.instant import parse_instant
from projections.queries.database import reading
from projections.queries.filters import Days
from projections.queries.followups import FollowupsAsked, Status, followups, month_counts, month_of, today, week_of
from projections.queries.response_required import ResponseRequiredAsked, response_required
from projections.queries.scores import SmartList, scores, smart_list
from projections.tables import CONTACTS, INTERACTIONS, META, METADATA, SCORES
from projections.views import view_statements
from tests.postgres import PostgresServer

Row = dict[str, Any]
AS_OF = "2025-05-14T12:00:00.000000Z"
JUNE = Days(date(2025, 6, 1), date(2025, 6, 30))


def interaction(number: int, chance: random.Random) -> Row:
    """Any interaction around the middle of May 2025: due on a day, at a time, or never."""
    day = date(2025, 5, 14) + timedelta(days=chance.randint(-50, 50))
    scheduled = chance.choice(["day", "time", "never"])
    starts = f"{day}T{chance.randint(0, 23):02}:30:00.000000Z" if scheduled == "time" else None
    due = {"day": f"{day + timedelta(days=1)}T00:00:00.000000Z", "time": starts, "never": None}[scheduled]
    owner = chance.random() < 0.1
    contact = None if owner else f"k{chance.randint(1, 9)}"
    state = chance.choice(["open", "open", "completed", "deleted"])
    return {
        "subject": contact or "user:u1",
        "interaction_id": f"i{number}",
        "contact_id": contact,
        "owner": "u1" if owner else None,
        "kind": "personal" if owner else "customer",
        "title": "Call back",
        "starts_at": starts,
        "due_on": str(day) if scheduled == "day" else None,
        "due_at": due,
        "assignee": chance.choice(["u1", "u2", None]),
        "response_required": chance.random() < 0.4,
        "date_completed": chance.choice([None, "2025-05-01"]),
        "tags": [],
        "source": "manual",
        "state": state,
        "outcome": "reached" if state == "completed" else None,
        "posts": [],
        "created_at": AS_OF,
        "created_by": "u1",
        "version": 1,
    }


CHANCE = random.Random(1877)
HELD = [interaction(number, CHANCE) for number in range(400)]
RATED: list[Row] = [
    {
        "contact_id": f"k{number}",
        "profile_id": profile,
        "profile_revision": 1,
        "score": CHANCE.randint(-5, 60),
        "unclamped": 0,
        "band": CHANCE.choice(["cold", "hot", None]),
        "as_of": AS_OF,
        "rules": [],
        "adjusted": 0,
        "version": 1,
    }
    for number in range(60)
    for profile in ("engagement", "giving")
]
NAMES = {f"k{number}": f"Contact {number}" for number in range(5)}


def filled(url: str) -> str:
    """A read model in which these people are."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as writer:
        METADATA.create_all(writer)
        for statement in view_statements(engine.dialect.name):
            writer.execute(text(statement))
        writer.execute(META.insert(), [{"name": "as_of", "value": AS_OF}])
        writer.execute(INTERACTIONS.insert(), HELD)
        writer.execute(SCORES.insert(), RATED)
        known = [
            {"contact_id": each, "name": name, "attributes": {}, "updated_at": AS_OF} for each, name in NAMES.items()
        ]
        writer.execute(CONTACTS.insert(), known)
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def sqlite_people(tmp_path_factory: pytest.TempPathFactory) -> str:
    return filled(f"sqlite:///{tmp_path_factory.mktemp('people')}/people.db")


@pytest.fixture(scope="module")
def postgres_people(postgres: PostgresServer) -> str:
    return filled(postgres.fresh_database())


@pytest.fixture(params=["sqlite", "postgres"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    with reading(request.getfixturevalue(f"{request.param}_people")) as connection:
        yield connection


def status_of(row: Row, at: str = AS_OF) -> str:
    if row["state"] == "open" and row["due_at"] is not None and row["due_at"] <= at:
        return "missed"
    return str(row["state"])


def day_of(row: Row) -> date | None:
    return date.fromisoformat((row["due_on"] or row["starts_at"])[:10]) if row["due_at"] else None


def lies_in(row: Row, days: Days) -> bool:
    day = day_of(row)
    return days == Days() or (day is not None and (days.first or date.min) <= day <= (days.last or date.max))


def ids(rows: Any) -> set[str]:
    return {row[-1] for row in rows}


@pytest.mark.parametrize("status", [None, *Status])
@pytest.mark.parametrize(
    "days", [Days(), JUNE, Days(date(2025, 5, 14), date(2025, 5, 14)), Days(last=date(2025, 5, 1))]
)
def test_a_status_tab_filters_inside_the_selected_days(
    connection: Connection, status: Status | None, days: Days
) -> None:
    """Behaviours D49, D52 to D55, and D46 to D48: open, missed, completed."""
    expected = {
        row["interaction_id"]
        for row in HELD
        if row["assignee"] == "u1"
        and lies_in(row, days)
        and (status_of(row) == status if status else status_of(row) != "deleted")
    }

    assert ids(followups(connection, FollowupsAsked("u1", status=status, days=days)).rows) == expected


@pytest.mark.parametrize("day", [date(2025, 5, 14), date(2025, 6, 3)])
def test_the_count_of_a_status_is_that_of_the_month_not_of_the_range(connection: Connection, day: date) -> None:
    """Behaviour D56."""
    month = month_of(Days(day, day))
    expected = Counter(
        status_of(row) for row in HELD if row["assignee"] == "u1" and lies_in(row, month) and row["state"] != "deleted"
    )

    counts = month_counts(connection, FollowupsAsked("u1", status=Status.MISSED, days=Days(day, day)))

    assert counts == {status: expected[status] for status in (Status.OPEN, Status.MISSED, Status.COMPLETED)}


def test_people_see_first_their_upcoming_interactions_of_today(connection: Connection) -> None:
    """Behaviour D51."""
    day = date(2025, 5, 20)
    expected = {
        row["interaction_id"]
        for row in HELD
        if row["assignee"] == "u1" and row["state"] == "open" and day_of(row) == day
    }

    assert ids(followups(connection, today("u1", day)).rows) == expected


def test_an_interaction_ahead_may_be_completed(connection: Connection) -> None:
    """Behaviour D49."""
    ahead = [row for row in HELD if row["state"] == "completed" and row["due_at"] and row["due_at"] > AS_OF]

    found = ids(followups(connection, FollowupsAsked(status=Status.COMPLETED, days=Days(date(2025, 5, 15)))).rows)

    assert {row["interaction_id"] for row in ahead if lies_in(row, Days(date(2025, 5, 15)))} == found != set()


def test_missed_is_judged_as_of_any_instant(connection: Connection) -> None:
    """Behaviour D53: missed from the very instant at which it is due."""
    row = next(row for row in HELD if row["state"] == "open" and row["due_at"] and row["due_at"] > AS_OF)
    due_us = parse_instant(row["due_at"])

    asked = FollowupsAsked(status=Status.MISSED, contact_id=row["contact_id"])

    before, then = (ids(followups(connection, asked._replace(as_of_us=us)).rows) for us in (due_us - 1, due_us))
    assert (row["interaction_id"] in before, row["interaction_id"] in then) == (False, True)


def test_a_week_begins_on_monday_and_a_month_holds_the_first_day_of_the_range() -> None:
    """Behaviours D56 and D62."""
    assert week_of(date(2024, 12, 29)) == Days(date(2024, 12, 23), date(2024, 12, 29))
    assert month_of(Days(date(2024, 12, 30), date(2025, 1, 5))) == Days(date(2024, 12, 1), date(2024, 12, 31))
    assert month_of(Days()) == Days()


def test_response_required_lists_the_contacts_that_wait_whatever_date_completed_says(connection: Connection) -> None:
    """Behaviours B5, B12 and B21."""
    waiting: Counter[tuple[str, str | None]] = Counter()
    for row in HELD:
        if row["response_required"] and row["state"] == "open" and row["contact_id"]:
            waiting[row["contact_id"], row["assignee"]] += 1

    rows = list(response_required(connection, ResponseRequiredAsked()).rows)

    assert {(row[0], row[3]): row[4] for row in rows} == waiting
    assert {row[0]: row[1] for row in rows} == {contact: NAMES.get(contact) for contact, _ in waiting}


@pytest.mark.parametrize(
    "wanted",
    [
        SmartList(),
        SmartList("engagement", min_score=10, max_score=40),
        SmartList("giving", band="hot"),
        SmartList(contact_id="k7"),
    ],
)
def test_contacts_are_found_by_score(connection: Connection, wanted: SmartList) -> None:
    """Behaviour E17; the highest first."""
    expected = sorted(
        (row["profile_id"], -row["score"], row["contact_id"])
        for row in RATED
        if (wanted.profile_id or row["profile_id"]) == row["profile_id"]
        and (wanted.band or row["band"]) == row["band"]
        and (wanted.contact_id or row["contact_id"]) == row["contact_id"]
        and (wanted.min_score is None or row["score"] >= wanted.min_score)
        and (wanted.max_score is None or row["score"] <= wanted.max_score)
    )

    assert [(row[4], -int(str(row[5])), row[0]) for row in scores(connection, wanted).rows] == expected


def test_a_saved_smart_list_follows_later_changes(tmp_path: Path) -> None:
    """Behaviours E18 and E19."""
    url = filled(f"sqlite:///{tmp_path}/lists.db")
    saved = SmartList("engagement", min_score=1_000).saved()
    with reading(url) as connection:
        before = [row[0] for row in scores(connection, smart_list(saved)).rows]
    engine = create_engine(url)
    with engine.begin() as writer:
        writer.execute(text("UPDATE scores SET score = 1000 WHERE contact_id = 'k3' AND profile_id = 'engagement'"))
    engine.dispose()
    with reading(url) as connection:
        after = [row[0] for row in scores(connection, smart_list(saved)).rows]

    assert (before, after) == ([], ["k3"])


def test_followups_come_by_when_they_are_due_and_those_due_never_last(connection: Connection) -> None:
    dues: list[Any] = [row[0] for row in followups(connection, FollowupsAsked()).rows]

    known = [due for due in dues if due is not None]
    assert dues == sorted(known) + [None] * (len(dues) - len(known))
