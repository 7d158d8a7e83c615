"""SQL that the two databases write differently: amounts as decimals, instants as numbers, the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Numeric, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from projections.instants import instant_text

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class DecimalAmount(FunctionElement[Any]):
    """Minor units as a decimal, exact at any size, from (minor units, exponent, scale).

    Text in SQLite, which has no decimals, and `numeric` in PostgreSQL; with the currency's decimals in both.
    """

    inherit_cache = True
    name = "decimal_amount"
    type = Numeric().with_variant(Text(), "sqlite")


class Microseconds(FunctionElement[int]):
    """An instant as whole microseconds since 1970, so that two of them can be subtracted exactly."""

    inherit_cache = True
    name = "microseconds"
    type = BigInteger()


class DayOf(FunctionElement[Any]):
    """The day in UTC of an instant, as text such as `2023-07-05`."""

    inherit_cache = True
    name = "day_of"
    type = Text()


class Now(FunctionElement[Any]):
    """The database's clock, as the read model writes instants."""

    inherit_cache = True
    name = "now_instant"


class InstantOf(FunctionElement[Any]):
    """Text of the read model's form as an instant of the database."""

    inherit_cache = True
    name = "instant_of"


@compiles(DecimalAmount, "sqlite")
def _(element: DecimalAmount, compiler: SQLCompiler, **options: Any) -> str:
    minor, exponent, scale = (compiler.process(clause, **options) for clause in element.clauses)
    decimals = f"printf('%d.%0*d', ({minor}) / {scale}, {exponent}, ({minor}) % {scale})"
    return f"iif({exponent} = 0, cast({minor} AS text), {decimals})"


@compiles(DecimalAmount, "postgresql")
def _(element: DecimalAmount, compiler: SQLCompiler, **options: Any) -> str:
    minor, exponent, scale = (compiler.process(clause, **options) for clause in element.clauses)
    return f"round(cast({minor} AS numeric) / {scale}, {exponent})"


@compiles(Microseconds, "sqlite")
def _(element: Microseconds, compiler: SQLCompiler, **options: Any) -> str:
    instant = compiler.process(element.clauses, **options)
    # Whole seconds and the fraction apart: SQLite's own arithmetic ends at milliseconds.
    seconds, fraction = f"strftime('%s', substr({instant}, 1, 19))", f"substr({instant}, 21, 6)"
    return f"(cast({seconds} AS integer) * 1000000 + cast({fraction} AS integer))"


@compiles(Microseconds, "postgresql")
def _(element: Microseconds, compiler: SQLCompiler, **options: Any) -> str:
    instant = compiler.process(element.clauses, **options)
    return f"cast(extract(epoch FROM {instant}) * 1000000 AS bigint)"


@compiles(DayOf, "sqlite")
def _(element: DayOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, 1, 10)"


@compiles(DayOf, "postgresql")
def _(element: DayOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **options)} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"


@compiles(Now, "sqlite")
def _(_element: Now, _compiler: SQLCompiler, **_options: Any) -> str:
    return "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"


@compiles(Now, "postgresql")
def _(_element: Now, _compiler: SQLCompiler, **_options: Any) -> str:
    return "now()"


@compiles(InstantOf, "sqlite")
def _(element: InstantOf, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(InstantOf, "postgresql")
def _(element: InstantOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"cast({compiler.process(element.clauses, **options)} AS timestamptz)"


def instant(us: int) -> ColumnElement[Any]:
    """Microseconds since 1970 as an instant to compare columns with."""
    return InstantOf(literal(instant_text(us), Text()))


def instant_us(value: str | datetime | None) -> int | None:
    """An instant as a database gives it, in microseconds since 1970."""
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (moment - _EPOCH) // _MICROSECOND


def day_us(day: date) -> int:
    """The first microsecond of a day in UTC."""
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH) // _MICROSECOND
