"""Faust as it comes: one agent over the topics, one table (RocksDB and a changelog), the window as one list.

An agent has no order across topics, so it is right only with all events in one.
"""

from __future__ import annotations

from typing import Any

import faust

from benchmarks.peers import job

app = faust.App(
    job.GROUP,
    broker=f"kafka://{job.BOOTSTRAP}",
    store="rocksdb://",
    datadir=job.STATE_DIR,
    web_enabled=False,
    topic_partitions=job.PARTITIONS,
    table_standby_replicas=0,
    topic_disable_leader=True,
    producer_max_request_size=job.MAX_MESSAGE,
    stream_wait_empty=False,
    key_serializer="raw",
    value_serializer="json",
    consumer_auto_offset_reset="earliest",
)
encoded: dict[str, Any] = {"key_type": bytes, "key_serializer": "raw", "value_serializer": "json"}
inputs = app.topic(*sorted({job.TOUCHPOINTS, job.CONVERSIONS}), **encoded)
credits = app.topic(job.CREDITS, **encoded)
windows = app.Table("windows", default=list, key_type=str, options={"block_cache_size": 32 << 20})


async def attribute(stream: Any) -> None:
    """Keep a touchpoint; answer a conversion."""
    read = 0
    async for key, event in stream.items():
        contact = key.decode()
        if "lifetime_s" in event:
            row = job.row_of(event)
            windows[contact] = [*job.unexpired(windows[contact], row[0]), row]
        else:
            await credits.send(key=event["event_id"].encode(), value=job.credit(event, windows[contact]))
        read += 1
        if read == job.EVENTS:
            job.DONE.touch()


app.agent(inputs)(attribute)

if __name__ == "__main__":
    app.main()
