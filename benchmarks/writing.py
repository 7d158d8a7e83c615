"""The read model's writer in PostgreSQL, beside PostgreSQL's own COPY and executemany of the same rows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import psycopg

from benchmarks import machine
from benchmarks.places import REPOSITORY, RUNS
from benchmarks.report import keep, table, verdict
from cli.delivery import Faults
from cli.quarter import Quarter
from cli.sample import sample_lines
from config.catalogue import load_catalogue
from events.codec import decode
from events.refusal import Refusal
from projections.tables import METADATA
from projections.writing.database import open_database
from projections.writing.projection import Projection
from projections.writing.record import Accepted, Chunk, Message
from streams.progress import Unwatched
from streams.replay.intake import FileIntake
from streams.replay.run import replay
from streams.replay.sources import open_source
from tests.live.projecting import credit_records, input_records
from tests.live.story import START
from tests.postgres import PostgresServer

CATALOGUE: Final = REPOSITORY / "examples" / "charity" / "catalogue.toml"
CHUNK: Final = 20_000
TARGET: Final = 0.3
SEED: Final = 1_877


class Record(NamedTuple):
    """A record of a topic's only partition."""

    topic: str
    offset: int
    value: bytes


class Written(NamedTuple):
    """How quickly rows came in."""

    how: str
    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def writing(contacts: int, command: str) -> None:
    """The same rows three times, each into an empty database of one server: ours, executemany, COPY."""
    home = RUNS / "writing"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    server = PostgresServer(home)
    server.start()
    try:
        records = list(_records(home, contacts))
        ours = server.fresh_database()
        decoding, took = _write(ours, records)
        files = _copied_out(ours, home)
        rows = sum(_counts(ours).values())
        many = _executemany(server.fresh_database(), ours)
        floor = _copy(server.fresh_database(), files)
    finally:
        server.stop()
    found = [
        Written("COPY", rows, floor),
        Written("evenhand", rows, took),
        Written("executemany", rows, many),
        Written("evenhand, with decoding the inputs", rows, took + decoding),
    ]
    keep(
        "writing",
        command,
        machine.facts(),
        [each._asdict() for each in found],
        f"{_table(found)}\n\n{_verdicts(found)}",
    )


def _records(home: Path, contacts: int) -> Iterator[Record]:
    events = home / "events.jsonl"
    lines = list(sample_lines(Quarter(contacts, 91, START, SEED), Faults(0.01, 0.002)))
    events.write_bytes(b"".join(line + b"\n" for line in lines))
    replay([FileIntake(open_source(str(events)))], home / "out", load_catalogue(CATALOGUE), Unwatched())
    offsets: dict[str, int] = {}
    for sent in (*input_records(lines), *credit_records(home / "out", lambda _: 0)):
        offset = offsets[sent.topic] = offsets.get(sent.topic, -1) + 1
        assert sent.value is not None
        yield Record(sent.topic, offset, sent.value)


def _write(url: str, records: Iterable[Record]) -> tuple[float, float]:
    """Seconds that decoding the inputs took, and the writer, which decodes the credits itself."""
    model = open_database(url)
    model.prepare()
    projection = Projection(load_catalogue(CATALOGUE), "")
    decoding = took = 0.0
    left = iter(records)
    while part := list(islice(left, CHUNK)):
        began = time.monotonic()
        chunk = _chunk(part)
        decoded = time.monotonic()
        with model.writing([0]) as rows:
            projection.apply(rows, chunk)
        decoding += decoded - began
        took += time.monotonic() - decoded
    model.close()
    return decoding, took


def _chunk(records: Iterable[Record]) -> Chunk:
    chunk = Chunk()
    for topic, offset, value in records:
        if topic == "touchpoints":
            fact = decode(topic, value)
            if not isinstance(fact, Refusal):
                chunk.facts.append(Accepted(topic, 0, offset, 0, value, fact))
        elif topic != "conversions":
            chunk.messages.setdefault(topic, []).append(Message(topic, 0, offset, None, value, {}))
    return chunk


def _counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        counts = {}
        for name in METADATA.tables:
            found = connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone()
            counts[name] = int(found[0]) if found else 0
    return {name: count for name, count in counts.items() if count and name != "meta"}


def _copied_out(url: str, home: Path) -> dict[str, Path]:
    files = {}
    with psycopg.connect(url) as connection:
        for name in _counts(url):
            files[name] = home / f"{name}.copy"
            with files[name].open("wb") as file, connection.cursor().copy(f"COPY {name} TO STDOUT".encode()) as copy:
                file.writelines(copy)
    return files


def _copy(url: str, files: dict[str, Path]) -> float:
    """PostgreSQL's own: bytes that were made before, into the same tables with the same indexes."""
    open_database(url).prepare()
    with psycopg.connect(url) as connection:
        began = time.monotonic()
        for name, path in files.items():
            with path.open("rb") as file, connection.cursor().copy(f"COPY {name} FROM STDIN".encode()) as copy:
                while block := file.read(1 << 17):
                    copy.write(block)
        connection.commit()
        return time.monotonic() - began


def _executemany(url: str, source: str) -> float:
    open_database(url).prepare()
    took = 0.0
    with psycopg.connect(url) as connection, psycopg.connect(source) as origin:
        for name in _counts(source):
            places = ", ".join(["%s"] * len(METADATA.tables[name].columns))
            listed = ", ".join(f'"{column.name}"::text' for column in METADATA.tables[name].columns)
            rows = origin.execute(f"SELECT {listed} FROM {name}".encode()).fetchall()
            began = time.monotonic()
            for start in range(0, len(rows), CHUNK):
                statement = f"INSERT INTO {name} VALUES ({places})".encode()
                connection.cursor().executemany(statement, rows[start : start + CHUNK])
                connection.commit()
            took += time.monotonic() - began
    return took


def _table(found: Iterable[Written]) -> str:
    rows = [(each.how, f"{each.rows:,}", f"{each.seconds:.2f}", f"{each.rate:,.0f}") for each in found]
    return table(("way", "rows", "s", "rows/s"), rows)


def _verdicts(found: list[Written]) -> str:
    floor, ours, many, _ = found
    ratio = ours.rate / floor.rate
    times = ours.rate / many.rate
    return "\n".join(
        [
            verdict(ratio >= TARGET, f"at least {TARGET} of the rows a second of COPY", f"{ratio:.2f}"),
            verdict(times > 1, "more rows a second than executemany", f"{times:.1f} times as many"),
        ]
    )
