"""`evenhand project` as a process of its own, and read models as rows that can be compared."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, select

from projections.tables import BOOKKEEPING, METADATA
from streams.message import credit_key, shadow_key
from tests.kafka.reaper import Reaper
from tests.live.log import DEADLINE_S, Sent

OF_BOTH: Final = (
    *("touchpoints", "retractions", "conversions", "currencies", "credit_by_touchpoint", "credit_by_dimension"),
    *("shadow_credits", "shadow_credit_by_touchpoint", "shadow_credit_by_dimension"),
)
"""The tables that a replay of files and a projector both fill."""
FOR_PEOPLE: Final = tuple(
    name for name, table in METADATA.tables.items() if not table.info[BOOKKEEPING] and name != "meta"
)


_FORKED: Final = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(
    ["alembic.command", "cli.main", "cli.project", "projections.writing.database", "streams.projecting.rebuild"]
)


class Projecting:
    """A projector that dies with this process. It starts quickly: what it imports is there already."""

    def __init__(self, environment: Mapping[str, str], log: Path, *arguments: str) -> None:
        self.log = log
        log.touch()
        self.process = _FORKED.Process(target=_project, args=(dict(environment), str(log), arguments))
        self.process.start()
        assert self.process.pid is not None
        self._reaper = Reaper(self.process.pid)

    def wait_for(self, event: str) -> None:
        """Wait until its log has such an entry."""
        give_up = time.monotonic() + DEADLINE_S
        while f'"event": "{event}"' not in self.log.read_text():
            assert self.process.is_alive(), self.log.read_text()
            assert time.monotonic() < give_up, self.log.read_text()
            time.sleep(0.01)

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self.process.kill()
        self.ended()

    def stop(self) -> int:
        """Ask it to end (SIGTERM); its exit code."""
        self.process.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended; its exit code."""
        self.process.join(DEADLINE_S)
        assert self.process.exitcode is not None, self.log.read_text()
        self._reaper.dismiss()
        return self.process.exitcode


def _project(environment: dict[str, str], log: str, arguments: tuple[str, ...]) -> None:
    from cli.main import main

    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.exit(main(["project", *arguments]))


def tables_of(url: str, names: Iterable[str] = FOR_PEOPLE) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of tables as SQLite would give them, without where a row's record stands."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {}
        for name in names:
            columns = [column for column in METADATA.tables[name].columns if column.name not in ("partition", "offset")]
            rows = connection.execute(select(*columns)).all()
            found[name] = sorted((tuple(map(_plain, row)) for row in rows), key=repr)
    engine.dispose()
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.isoformat() if isinstance(value, date) else value


def input_records(events: Iterable[bytes]) -> Iterable[Sent]:
    """Events of touchpoints and conversions as producers send them."""
    for event in events:
        fields = json.loads(event)
        topic = "touchpoints" if fields["type"].startswith("touchpoint") else "conversions"
        yield Sent(topic, fields["contact_id"].encode(), event)


def credit_records(out: Path, partition_of: Any) -> Iterable[Sent]:
    """What a replay said, as a worker says it."""
    for line in (out / "credits.jsonl").read_bytes().splitlines():
        said = json.loads(line)
        contact, conversion = said["contact_id"], said["conversion_id"]
        yield Sent("credits", credit_key(contact, conversion), line, partition_of(contact.encode()))
    for line in (out / "credits-shadow.jsonl").read_bytes().splitlines():
        said = json.loads(line)
        contact, key = said["contact_id"], (said["contact_id"], said["conversion_id"], said["model"])
        yield Sent("credits.shadow", shadow_key(*key), line, partition_of(contact.encode()))
