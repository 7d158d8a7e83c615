"""Fetch and guard: the next records of a partition's topics, each once and without a hole (architecture, steps 1 and 2)."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.structs import ConsumerRecord

from streams.live.premises import check_log
from streams.live.tenure import Tenure


async def fetch(
    tenure: Tenure, names: Sequence[str], wait_ms: int, most: int
) -> dict[str, Sequence[ConsumerRecord]]:
    """New records by bare topic name; nothing when none came in time.

    Raises:
        PremiseError: what came shows that the log is another one, or that records are gone.
    """
    consumer = tenure.tools.consumer
    wanted = {tenure.places[name]: name for name in names}
    fetched = {}
    for place, records in (await consumer.getmany(*wanted, timeout_ms=wait_ms, max_records=most)).items():
        guard = tenure.guards[wanted[place]]
        if records[0].offset != guard.next_offset:
            await _look_again(tenure, place.topic, records[0].offset)
        guarded = guard.pass_on(records)
        if guarded is None:
            consumer.seek(place, guard.next_offset)
        elif guarded:
            fetched[wanted[place]] = guarded
    return fetched


async def _look_again(tenure: Tenure, topic: str, offset: int) -> None:
    """Make sure that a jump in the log is no loss, and a step back no other log."""
    offsets = {tenure.places[name].topic: guard.next_offset for name, guard in tenure.guards.items()}
    where = f"partition {tenure.partition} at offset {offset} of {topic}"
    check_log(tenure.state.meta, offsets, await tenure.describe_log(), where, tenure.tools.accept_gap)
