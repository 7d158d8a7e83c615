"""Bytewax: one source over the topics, a stateful function a contact, a recovery store with a snapshot every 10 s.

The source has no order across topics, so it is right only with all events in one. It ends at the topics' end.
Run with no arguments this starts the flow as its users do, after it has made the recovery store.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import bytewax.operators as op  # type: ignore[import-not-found]  # in the peers' environment only, as orjson
import orjson  # type: ignore[import-not-found]
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource  # type: ignore[import-not-found]
from bytewax.dataflow import Dataflow  # type: ignore[import-not-found]

from benchmarks.peers import job


def keyed(message: Any) -> tuple[str, dict[str, Any]]:
    """The contact and the event."""
    return message.key.decode(), orjson.loads(message.value)


def step(rows: list[job.Row] | None, event: dict[str, Any]) -> tuple[list[job.Row], Iterable[dict[str, Any]]]:
    """Keep a touchpoint; answer a conversion."""
    if "lifetime_s" not in event:
        return rows or [], (job.credit(event, rows or []),)
    row = job.row_of(event)
    return [*job.unexpired(rows or [], row[0]), row], ()


def to_message(pair: tuple[str, dict[str, Any]]) -> Any:
    """The record of a credit."""
    return KafkaSinkMessage(pair[1]["conversion_id"].encode(), orjson.dumps(pair[1]))


def dataflow() -> Any:
    flow = Dataflow("attribution")
    topics = sorted({job.TOUCHPOINTS, job.CONVERSIONS})
    source = op.input("in", flow, KafkaSource([job.BOOTSTRAP], topics, tail=False, batch_size=1000))
    credits = op.stateful_flat_map("attribute", op.map("keyed", source, keyed), step)
    sink = KafkaSink([job.BOOTSTRAP], job.CREDITS, add_config={"message.max.bytes": str(job.MAX_MESSAGE)})
    op.output("out", op.map("message", credits, to_message), sink)
    return flow


if __name__ == "__main__":
    subprocess.run([sys.executable, "-m", "bytewax.recovery", job.STATE_DIR, "1"], check=True)
    run = [sys.executable, "-m", "bytewax.run", "benchmarks.peers.bytewax_flow:dataflow"]
    os.execv(sys.executable, [*run, "-r", job.STATE_DIR, "-s", "10", "-b", "0"])
