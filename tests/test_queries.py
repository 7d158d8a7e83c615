"""What analysts ask: every answer agrees with a plain recomputation from the events, in SQLite and in PostgreSQL."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, create_engine, text

from cli.delivery import Faults
from cli.quarter import Quarter
from cli.sample import sample_lines
from config.catalogue import Catalogue, load_catalogue
from events.codec import decode_any
from events.fact import Cancellation, Conversion, Refund, Retraction, Touchpoint
from events.instant import format_instant, parse_instant
from events.money import CURRENT, format_amount
from events.refusal import Refusal
from projections.queries.attribution import AttributionAsked, attribution
from projections.queries.database import reading
from projections.queries.filters import Days
from projections.queries.paths import PathsAsked, Show, paths
from projections.queries.timeline import TimelineAsked, timeline
from projections.tables import METADATA
from projections.views import VIEWS, view_statements
from tests.postgres import PostgresServer
from tests.replaying import replayed, write_lines

CATALOGUE = Path(__file__).parents[1] / "examples" / "charity" / "catalogue.toml"
DAY_US = 86_400_000_000
APRIL, MAY = Days(date(2025, 4, 1), date(2025, 4, 30)), Days(date(2025, 5, 1), date(2025, 5, 31))


class Gift(NamedTuple):
    """A conversion as the events have it, with the touchpoints that count for it."""

    fact: Conversion
    net: int
    evidence: list[Touchpoint]


class Life:
    """The accepted facts, looked at plainly."""

    def __init__(self, lines: list[bytes], catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        decoded = (decode_any(line.rstrip()) for line in lines)
        facts = dict.fromkeys(each[1] for each in decoded if not isinstance(each, Refusal))
        self.touchpoints = [fact for fact in facts if isinstance(fact, Touchpoint)]
        self.retracted = {(f.contact_id, f.touchpoint_id) for f in facts if isinstance(f, Retraction)}
        refunds: Counter[tuple[str, str]] = Counter()
        for fact in facts:
            if isinstance(fact, Refund):
                refunds[fact.contact_id, fact.conversion_id] += fact.amount_minor
        cancelled = {(f.contact_id, f.conversion_id) for f in facts if isinstance(f, Cancellation)}
        of_contact = defaultdict(list)
        for touchpoint in sorted(self.touchpoints, key=lambda each: (each.occurred_us, each.event_id)):
            of_contact[touchpoint.contact_id].append(touchpoint)
        self.gifts = []
        for fact in facts:
            if isinstance(fact, Conversion):
                key = (fact.contact_id, fact.event_id)
                net = 0 if key in cancelled else max(0, fact.amount_minor - refunds[key])
                counted = [each for each in of_contact[fact.contact_id] if self.is_active(each, fact.occurred_us)]
                self.gifts.append(Gift(fact, net, counted))
        self.newest_us = max(fact.occurred_us for fact in facts)

    def expires_us(self, touchpoint: Touchpoint) -> int:
        lifetime = touchpoint.lifetime_us or self.catalogue.lifetime_us(touchpoint.name, touchpoint.occurred_us)
        assert lifetime is not None
        return touchpoint.occurred_us + lifetime

    def is_active(self, touchpoint: Touchpoint, at_us: int) -> bool:
        is_retracted = (touchpoint.contact_id, touchpoint.event_id) in self.retracted
        return not is_retracted and touchpoint.occurred_us <= at_us <= self.expires_us(touchpoint)

    def value_in(self, touchpoint: Touchpoint, dimension: str) -> str | None:
        listed = self.catalogue.dimensions_of(touchpoint.name, touchpoint.occurred_us)
        return {**listed, **json.loads(touchpoint.dimensions or b"{}")}.get(dimension)

    def credit(self, gift: Gift, dimension: str, model: str) -> Counter[str | None]:
        """What each value earns of one gift; None: unattributed."""
        values = [value for each in gift.evidence if (value := self.value_in(each, dimension)) is not None]
        if not values:
            return Counter({None: gift.net})
        if model == "last":
            return Counter({values[-1]: gift.net})
        share, over = divmod(gift.net, len(values))
        earned: Counter[str | None] = Counter()
        for place, value in enumerate(values):
            earned[value] += share + (place < over)
        return earned

    def attribution(self, dimension: str, model: str, days: Days, period: int) -> dict[tuple[Any, ...], Any]:
        credit: Counter[tuple[Any, ...]] = Counter()
        earning: Counter[tuple[Any, ...]] = Counter()
        for gift in self.gifts:
            at = format_instant(gift.fact.occurred_us)
            if lies_in(gift.fact.occurred_us, days):
                group = (at[:period], gift.fact.currency)
                credit[*group, None] += 0
                for value, minor in self.credit(gift, dimension, model).items():
                    if minor or model == "linear":
                        credit[*group, value] += minor
                    earning[*group, value] += minor > 0
        return {key: (amount(minor, key[1]), earning[key]) for key, minor in credit.items()}


def lies_in(us: int, days: Days) -> bool:
    day = datetime.fromtimestamp(us // 1_000_000, UTC).date()
    return (days.first or date.min) <= day <= (days.last or date.max)


def amount(minor: int, currency: str) -> Decimal:
    return Decimal(format_amount(minor, CURRENT[currency][0]))


class Asked(NamedTuple):
    """A life, and the read model of it."""

    life: Life
    url: str


def quarter(contacts: int) -> list[bytes]:
    start = date(2025, 4, 1)
    return list(sample_lines(Quarter(contacts=contacts, days=91, start=start, seed=7), Faults(0.01, 0.002)))


@pytest.fixture(scope="module")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("queries")
    catalogue, lines = load_catalogue(CATALOGUE), quarter(150)
    replayed([write_lines(folder / "e.jsonl", [line.rstrip() for line in lines])], folder, catalogue)
    return Asked(Life(lines, catalogue), str(folder / "evenhand.db"))


@pytest.fixture(scope="module")
def postgres_model(sqlite_model: Asked, postgres: PostgresServer) -> Asked:
    return Asked(sqlite_model.life, copied(sqlite_model.url, postgres.fresh_database()))


def copied(path: str, url: str) -> str:
    """A read model in PostgreSQL with the rows of one in SQLite."""
    source = create_engine(f"sqlite:///{path}")
    target = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with source.connect() as reader, target.begin() as writer:
        METADATA.create_all(writer)
        for statement in view_statements("postgresql"):
            writer.execute(text(statement))
        for table in METADATA.sorted_tables:
            rows = [dict(row) for row in reader.execute(table.select()).mappings()]
            if rows:
                writer.execute(table.insert(), rows)
    source.dispose()
    target.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def asked(request: pytest.FixtureRequest) -> Asked:
    model: Asked = request.getfixturevalue(f"{request.param}_model")
    return model


@pytest.fixture
def connection(asked: Asked) -> Iterator[Connection]:
    with reading(asked.url) as connection:
        yield connection


@pytest.mark.parametrize("dimension", ["department", "platform", "campaign"])
@pytest.mark.parametrize(("model", "days"), [(None, Days()), ("linear", APRIL), ("last", Days()), ("last", MAY)])
def test_credit_is_what_the_events_say(
    asked: Asked, connection: Connection, dimension: str, model: str | None, days: Days
) -> None:
    answer = attribution(connection, AttributionAsked(days, (dimension,), model))

    found = {("", row[2], row[1]): row[3:] for row in answer.rows}

    assert found == asked.life.attribution(dimension, model or "linear", days, 0)


@pytest.mark.parametrize(("by", "length"), [("day", 10), ("month", 7), ("year", 4)])
def test_credit_is_broken_down_by_period(asked: Asked, connection: Connection, by: str, length: int) -> None:
    answer = attribution(connection, AttributionAsked(dimensions=("online_channel",), by=by, currency="GBP"))

    found = {(row[0], row[3], row[2]): row[4:] for row in answer.rows}

    expected = asked.life.attribution("online_channel", "linear", Days(), length)
    assert found == {key: earned for key, earned in expected.items() if key[1] == "GBP"}


def test_every_dimension_sums_up_to_the_conversions_and_has_an_unattributed_row(
    asked: Asked, connection: Connection
) -> None:
    totals: Counter[str] = Counter()
    for gift in asked.life.gifts:
        totals[gift.fact.currency] += gift.net
    sums: dict[tuple[object, object], Decimal] = defaultdict(Decimal)
    unattributed = set()
    for dimension, value, currency, credit, _ in attribution(connection, AttributionAsked()).rows:
        assert isinstance(credit, Decimal)
        sums[dimension, currency] += credit
        if value is None:
            unattributed.add((dimension, currency))

    dimensions = {"campaign", "department", "online_channel", "platform"}
    assert sums == {(each, code): amount(total, code) for each in dimensions for code, total in totals.items()}
    assert unattributed == sums.keys()


def test_the_view_attribution_sums_up_each_day_under_each_model(asked: Asked, connection: Connection) -> None:
    rows = connection.execute(text("SELECT day, model, dimension, value, currency, credit FROM attribution")).all()

    expected = {}
    for dimension in ("department", "campaign"):
        for model in ("linear", "last"):
            for (day, currency, value), (credit, _) in asked.life.attribution(dimension, model, Days(), 10).items():
                expected[day, model, dimension, value, currency] = credit
    found = {tuple(row[:5]): Decimal(row[5]) for row in rows if row[1] != "position_based"}
    assert {key: each for key, each in found.items() if key[2] in ("department", "campaign")} == expected


@pytest.mark.parametrize("dimension", [None, "online_channel"])
def test_paths_and_their_lengths_are_what_the_events_say(
    asked: Asked, connection: Connection, dimension: str | None
) -> None:
    expected: dict[tuple[str | None, str], list[int]] = defaultdict(lambda: [0, 0])
    lengths: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for gift in asked.life.gifts:
        steps = steps_of(asked.life, gift, dimension)
        path = " > ".join(step for step, _ in steps) or None
        for counted in (expected[path, gift.fact.currency], lengths[len(steps), gift.fact.currency]):
            counted[0] += 1
            counted[1] += gift.net

    by_path = {row[:2]: row[2:4] for row in paths(connection, PathsAsked(dimension=dimension)).rows}
    by_length = {row[:2]: row[2:4] for row in paths(connection, PathsAsked(Show.LENGTH, dimension=dimension)).rows}

    assert by_path == {key: (count, amount(net, key[1])) for key, (count, net) in expected.items()}
    assert by_length == {key: (count, amount(net, key[1])) for key, (count, net) in lengths.items()}


def steps_of(life: Life, gift: Gift, dimension: str | None) -> list[tuple[str, Touchpoint]]:
    named = [(each.name if dimension is None else life.value_in(each, dimension), each) for each in gift.evidence]
    return [(step, each) for step, each in named if step is not None]


def test_time_to_convert_is_what_the_events_say(asked: Asked, connection: Connection) -> None:
    expected: Counter[tuple[int | None, str]] = Counter()
    for gift in asked.life.gifts:
        took = (gift.fact.occurred_us - gift.evidence[0].occurred_us) // DAY_US if gift.evidence else None
        if lies_in(gift.fact.occurred_us, MAY):
            expected[took, gift.fact.currency] += 1

    assert {row[:2]: row[2] for row in paths(connection, PathsAsked(Show.TIME, MAY)).rows} == expected


def test_assisted_conversions_are_what_the_events_say(asked: Asked, connection: Connection) -> None:
    assisted: Counter[tuple[str, str]] = Counter()
    last: Counter[tuple[str, str]] = Counter()
    for gift in asked.life.gifts:
        steps = [step for step, _ in steps_of(asked.life, gift, "online_channel")]
        for step in set(steps[-1:]):
            last[step, gift.fact.currency] += 1
        for step in set(steps) - set(steps[-1:]):
            assisted[step, gift.fact.currency] += 1

    rows = list(paths(connection, PathsAsked(Show.ASSISTS, dimension="online_channel")).rows)

    assert {row[:2]: (row[2], row[4]) for row in rows} == {
        key: (assisted[key], last[key]) for key in assisted.keys() | last.keys()
    }


def test_a_timeline_has_name_lifetime_time_expiry_and_status(asked: Asked, connection: Connection) -> None:
    """Behaviours A2 to A9, as of any instant: Active while occurred_at ≤ t ≤ expires_at and not retracted."""
    life = asked.life
    for as_of_us in (None, parse_instant("2025-05-01T00:00:00Z"), life.touchpoints[70].occurred_us):
        at_us = life.newest_us if as_of_us is None else as_of_us
        expected = {
            (each.contact_id, each.event_id): (
                each.occurred_us,
                each.name,
                life.expires_us(each),
                "Active" if life.is_active(each, at_us) else "Inactive",
            )
            for each in life.touchpoints
        }

        rows = list(timeline(connection, TimelineAsked(as_of_us=as_of_us)).rows)

        assert {row[:2]: (row[2], row[4], row[3], row[6]) for row in rows} == expected
        assert [(row[0], row[2]) for row in rows] == sorted((row[0], row[2]) for row in rows)


def test_the_view_timeline_is_as_of_the_end_of_a_replay(asked: Asked, connection: Connection) -> None:
    active = connection.execute(text("SELECT count(*) FROM timeline WHERE status = 'Active'")).scalar_one()

    assert active == sum(asked.life.is_active(each, asked.life.newest_us) for each in asked.life.touchpoints)


def test_the_view_timeline_is_as_of_now_where_no_replay_says_otherwise(
    sqlite_model: Asked, postgres: PostgresServer
) -> None:
    url = copied(sqlite_model.url, postgres.fresh_database()).replace("postgresql://", "postgresql+psycopg://")
    soon = datetime.now(UTC) + timedelta(hours=1)
    engine = create_engine(url)
    with engine.begin() as writer:
        writer.execute(text("DELETE FROM meta"))
        writer.execute(text("UPDATE touchpoints SET expires_at = :soon WHERE event_id = 't39'"), {"soon": soon})
        found = writer.execute(text("SELECT event_id FROM timeline WHERE status = 'Active'")).scalars().all()
    engine.dispose()

    assert found == ["t39"]


def test_every_view_has_the_columns_that_the_page_names(connection: Connection) -> None:
    for name, view in VIEWS.items():
        assert list(connection.execute(text(f"SELECT * FROM {name} LIMIT 0")).keys()) == view.columns
