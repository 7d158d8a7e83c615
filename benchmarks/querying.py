"""What analysts wait for, and what PostgreSQL does meanwhile: times and plans."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, create_engine, event, text

from benchmarks import machine
from benchmarks.places import RUNS
from benchmarks.report import keep, table, verdict
from projections.queries.answer import Answer
from projections.queries.attribution import AttributionAsked, attribution
from projections.queries.database import reading
from projections.queries.filters import Days
from projections.queries.paths import PathsAsked, paths
from projections.queries.sums_by_day import sum_statements
from projections.tables import METADATA
from projections.views import view_statements
from tests.postgres import PostgresServer

_DAYS: Final = 365
_DIMENSIONS: Final = ("department", "online_channel", "platform")
_WEEK: Final = Days(date(2025, 6, 2), date(2025, 6, 8))
_FIRST: Final = "timestamptz '2025-01-01 00:00:00+00'"
_FILL: Final = (
    "INSERT INTO currencies VALUES ('GBP', 2, 100), ('EUR', 2, 100)",
    f"""INSERT INTO conversions
        SELECT 'donor-' || n % (:n / 10 + 1), 'c' || n, 'donation', {_FIRST} + n * interval '{_DAYS} days' / :n,
               CASE WHEN n % 10 = 0 THEN 'EUR' ELSE 'GBP' END, 1000 + n % 9000, 0, 0, 'linear', 3, false
        FROM generate_series(0, :n - 1) AS n""",
    """INSERT INTO credit_by_dimension
       SELECT contact_id, conversion_id, d * 2 + half, (ARRAY['department', 'online_channel', 'platform'])[d + 1],
              CASE WHEN hashtext(conversion_id) % 10 = 0 AND half = 0 THEN NULL
                   ELSE 'value ' || (abs(hashtext(conversion_id)) + d + half * 7) % 20 END,
              (occurred_at AT TIME ZONE 'UTC')::date, currency,
              CASE half WHEN 0 THEN value_minor / 2 ELSE value_minor - value_minor / 2 END
       FROM conversions, generate_series(0, 2) AS d, generate_series(0, 1) AS half""",
    """INSERT INTO touchpoints
       SELECT contact_id, 't' || conversion_id || '-' || k, occurred_at - (3 - k) * interval '1 hour', 'name ' || k,
              'P3D', occurred_at + interval '3 days', false, '{}', NULL, NULL
       FROM conversions, generate_series(0, 2) AS k""",
    """INSERT INTO credit_by_touchpoint
       SELECT contact_id, conversion_id, k, 't' || conversion_id || '-' || k, value_minor / 3
       FROM conversions, generate_series(0, 2) AS k""",
)

_SMALL: Final = {"currencies", "conversions_by_day", "credit_by_day"}
_PARTITIONS: Final = 12
# As many rows as so many partitions have: what they add up to is of no concern here.
_OF_MORE_PARTITIONS: Final = tuple(
    f"""INSERT INTO {name} SELECT {key}, p, conversions, earning, billions, rest_minor
        FROM {name}, generate_series(1, {_PARTITIONS - 1}) AS p"""
    for name, key in (
        ("conversions_by_day", "day, currency, is_main, model"),
        ("credit_by_day", "day, dimension, value, currency, is_main, model"),
    )
)


class Asked(NamedTuple):
    """A question, and how long its answer took."""

    question: str
    rows: int
    first_s: float
    again_s: float
    sequential: list[str]
    """Tables that were read from end to end."""
    plan: str


_QUESTIONS: Final[dict[str, Callable[[Connection], Answer]]] = {
    "attribution of a dimension": lambda connection: attribution(
        connection, AttributionAsked(dimensions=("platform",))
    ),
    "the same by day": lambda connection: attribution(connection, AttributionAsked(dimensions=("platform",), by="day")),
    "attribution of all dimensions": lambda connection: attribution(connection, AttributionAsked()),
    "attribution of a week": lambda connection: attribution(connection, AttributionAsked(_WEEK)),
    "paths of a week": lambda connection: paths(connection, PathsAsked(days=_WEEK, limit=50)),
}


def querying(conversions: int, command: str) -> None:
    """Ask PostgreSQL the common questions over so many conversions of a year."""
    home = RUNS / "querying"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    server = PostgresServer(home)
    server.start()
    try:
        url = server.fresh_database()
        _fill(url, conversions)
        measured = [_ask(url, question, ask) for question, ask in _QUESTIONS.items()]
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    keep("querying", command, machine.facts(), [asked._asdict() for asked in measured], _report(conversions, measured))


def _fill(url: str, conversions: int) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as writer:
        METADATA.create_all(writer)
        for statement in view_statements("postgresql"):
            writer.execute(text(statement))
        for statement in _FILL:
            writer.execute(text(statement), {"n": conversions} if ":n" in statement else {})
        for statement in sum_statements("postgresql"):
            writer.exec_driver_sql(statement)
        for statement in _OF_MORE_PARTITIONS:
            writer.execute(text(statement))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as writer:
        writer.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _ask(url: str, question: str, ask: Callable[[Connection], Answer]) -> Asked:
    with reading(url) as connection:
        took = []
        for _ in range(2):
            began = time.monotonic()
            rows = len(list(ask(connection).rows))
            took.append(time.monotonic() - began)
        with _noted(connection) as statements:
            list(ask(connection).rows)
        plan = "\n\n".join(_explained(connection, *statement) for statement in statements)
    return Asked(question, rows, took[0], took[1], sorted(set(re.findall(r"Seq Scan on (\w+)", plan))), plan)


@contextmanager
def _noted(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        statements.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(connection, "before_cursor_execute", note)


def _explained(connection: Connection, statement: str, values: Any) -> str:
    rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, SETTINGS) {statement}", values)
    return "\n".join(row[0] for row in rows)


def _report(conversions: int, measured: list[Asked]) -> str:
    figures = [
        (each.question, f"{each.rows:,}", f"{each.first_s:.2f}", f"{each.again_s:.2f}", ", ".join(each.sequential))
        for each in measured
    ]
    header = ("question", "rows", "first s", "again s", "read from end to end")
    large = {name for each in measured for name in each.sequential} - _SMALL
    target = "no table is read from end to end but currencies and the sums by day"
    met = verdict(not large, target, ", ".join(sorted(large)) or "none")
    plans = "\n\n".join(f"{each.question}:\n\n```\n{each.plan}\n```" for each in measured)
    return f"{conversions:,} conversions of {_DAYS} days\n\n{table(header, figures)}\n\n{met}\n\n{plans}"
