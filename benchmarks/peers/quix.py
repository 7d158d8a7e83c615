"""Quix Streams: both topics in one stream, a stateful function, RocksDB and a changelog topic.

`concat` aligns the topics by the records' timestamps. The state offers get and set of one key and no range, so a
contact's window is one JSON list.
"""

from __future__ import annotations

import sys
from typing import Any

import orjson  # type: ignore[import-not-found]  # these two are in the peers' environment only
from quixstreams import Application  # type: ignore[import-not-found]
from quixstreams.models import JSONDeserializer, JSONSerializer  # type: ignore[import-not-found]

from benchmarks.peers import job


def step(event: dict[str, Any], state: Any) -> dict[str, Any] | None:
    """Keep a touchpoint; answer a conversion."""
    rows = state.get("touchpoints", [])
    if "lifetime_s" not in event:
        return job.credit(event, rows)
    row = job.row_of(event)
    state.set("touchpoints", [*job.unexpired(rows, row[0]), row])
    return None


def main() -> None:
    app = Application(
        broker_address=job.BOOTSTRAP,
        consumer_group=job.GROUP,
        auto_offset_reset="earliest",
        state_dir=job.STATE_DIR,
        loglevel="WARNING",
        processing_guarantee=sys.argv[1],
        producer_extra_config={"message.max.bytes": job.MAX_MESSAGE, "linger.ms": 20},
    )
    decoded = {"key_deserializer": "str", "value_deserializer": JSONDeserializer(loads=orjson.loads)}
    encoded = {"key_serializer": "str", "value_serializer": JSONSerializer(dumps=orjson.dumps)}
    touchpoints = app.dataframe(app.topic(job.TOUCHPOINTS, **decoded))
    conversions = app.dataframe(app.topic(job.CONVERSIONS, **decoded))
    credits = touchpoints.concat(conversions).apply(step, stateful=True).filter(lambda credit: credit is not None)
    credits.to_topic(app.topic(job.CREDITS, **encoded), key=lambda credit: credit["conversion_id"])
    app.run()


if __name__ == "__main__":
    main()
