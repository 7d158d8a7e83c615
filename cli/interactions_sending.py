"""Where facts about interactions go: to the topic, to a file, or nowhere; each judged before the first is sent."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from cli.answers import OutputError
from cli.on_kafka import delivery_timeout_option, on_kafka
from cli.option_types import Moment
from config.errors import UsageError
from events.codec import decode_any
from events.facts import key_of
from events.interaction_model import SYSTEM
from events.refusal import Refusal
from events.topics import INTERACTIONS
from projections.followups.selection import Event
from streams.admin.delivery import Delivery
from streams.admin.inputs import ready_inputs
from streams.admin.installation import Installation

_STANDARD_OUTPUT: Final = "-"

read_model_option: Final = click.option(
    "--db", envvar="EVENHAND_DATABASE_URL", metavar="FILE|URL", default="evenhand.db", show_default=True,
    help="The read model: a SQLite file, or postgresql://user@host/database.",
)  # fmt: skip
_OPTIONS: Final = (
    click.option("--actor", envvar="EVENHAND_INTERACTIONS_ACTOR", metavar="USER", default=SYSTEM, show_default=True,
                 help="The user who does it."),
    click.option("--occurred-at", "occurred_us", envvar="EVENHAND_INTERACTIONS_OCCURRED_AT", type=Moment(),
                 metavar="TIME", help="When it is done.  [default: now]"),
    click.option("--out", envvar="EVENHAND_INTERACTIONS_OUT", metavar="FILE",
                 help="Write the facts as JSON Lines instead; - is standard output.  [default: to Kafka]"),
)  # fmt: skip


class FactRefusedError(UsageError):
    """The caller asked for what is no valid event; nothing was sent."""


class Outlet(msgspec.Struct, frozen=True):
    """Where the facts of one command go, who does it and when."""

    actor: str
    occurred_us: int | None
    out: str | None
    installation: Installation
    timeout: timedelta

    @property
    def at_us(self) -> int:
        """When it is done: as said, else now."""
        return int(time.time() * 1_000_000) if self.occurred_us is None else self.occurred_us

    def send(self, events: Sequence[Event], said: str) -> None:
        """Send all the events, then say so: on standard error where the facts take standard output.

        Raises:
            FactRefusedError: one of them is no valid event; none was sent.
        """
        records = [_judged(event) for event in events]
        if self.out is None:
            where = self._deliver(records) if records else "nothing was sent"
        else:
            where = self._write(b"".join(value + b"\n" for _, value in records))
        click.echo(f"{said}; {where}", err=self.out == _STANDARD_OUTPUT)

    def _write(self, lines: bytes) -> str:
        assert self.out is not None
        if self.out == _STANDARD_OUTPUT:
            click.echo(lines.decode(), nl=False)
            sys.stdout.flush()
            return "written to standard output"
        path = Path(self.out)
        if not path.parent.is_dir():
            raise OutputError(f"{path}: there is no folder {path.parent}; make it, or choose another --out")
        if path.exists():
            raise OutputError(f"{path}: this is there already; choose another --out, or - and append it yourself")
        path.write_bytes(lines)
        return f"written to {self.out}"

    def _deliver(self, records: Sequence[tuple[bytes, bytes]]) -> str:
        ready_inputs(self.installation)
        topic, timeout_s = self.installation.topic(INTERACTIONS), self.timeout.total_seconds()
        with self.installation.cluster.producer(timeout_s) as producer:
            delivery = Delivery(producer, self.installation.cluster.bootstrap_servers, timeout_s)
            for key, value in records:
                delivery.send(topic, key, value)
            delivery.finish()
        return f"sent to {topic}"


def sending(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of its outlet; it takes the `outlet`."""

    @wraps(command)
    def with_outlet(
        *args: Any,
        actor: str,
        occurred_us: int | None,
        out: str | None,
        installation: Installation,
        delivery_timeout: timedelta,
        **kwargs: Any,
    ) -> None:
        try:
            command(*args, outlet=Outlet(actor, occurred_us, out, installation, delivery_timeout), **kwargs)
        except UnicodeEncodeError as error:
            raise FactRefusedError("an option holds bytes that are no UTF-8 text: nothing was sent") from error

    decorated = on_kafka(delivery_timeout_option(with_outlet))
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def counted(number: int) -> str:
    """`1 interaction`, `1,000 interactions`."""
    return f"{number:,} interaction{'' if number == 1 else 's'}"


def _judged(event: Event) -> tuple[bytes, bytes]:
    """The key and the value of its record."""
    value = msgspec.json.encode(event)
    judged = decode_any(value)
    if isinstance(judged, Refusal):
        faults = "; ".join(f"{error.path} {error.message}".strip() for error in judged.errors)
        raise FactRefusedError(f"this would be no valid {event['type']} ({faults or judged.reason}): nothing was sent")
    return key_of(judged[1]).encode(), value
