"""Fetch and guard: the next records of a partition's topics, each once and without a hole (steps 1 and 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from streams.live.gate import Gate
from streams.live.premises import check_log
from streams.live.tenure import Tenure


async def fetch(tenure: Tenure, names: Sequence[str], wait_ms: int, most: int) -> dict[str, Sequence[ConsumerRecord]]:
    """New records by bare topic name; nothing when none came in time.

    Raises:
        PremiseError: what came shows that the log is another one, or that records are gone.
    """
    return await _guarded(tenure, await _come(tenure, names, wait_ms, most))


async def fetch_through(
    gate: Gate, tenure: Tenure, names: Sequence[str], wait_ms: int, most: int
) -> dict[str, Sequence[ConsumerRecord]] | None:
    """The same as a member of a group, with work at hand from then on; None when none may begin now.

    aiokafka keeps a fetch waiting until a rebalance is over, and a rebalance waits for the work at hand: so a fetch is
    none. What comes was read after the rebalance, from where the state ends.
    """
    gate.rest()
    came = await _come(tenure, names, wait_ms, most)
    return await _guarded(tenure, came) if gate.begin() else None


async def _come(
    tenure: Tenure, names: Sequence[str], wait_ms: int, most: int
) -> Mapping[TopicPartition, Sequence[ConsumerRecord]]:
    wanted = [tenure.places[name] for name in names]
    came: Mapping[TopicPartition, Sequence[ConsumerRecord]]
    came = await tenure.tools.consumer.getmany(*wanted, timeout_ms=wait_ms, max_records=most)
    return came


async def _guarded(
    tenure: Tenure, came: Mapping[TopicPartition, Sequence[ConsumerRecord]]
) -> dict[str, Sequence[ConsumerRecord]]:
    guarded = {}
    for name, place in tenure.places.items():
        if place not in came:
            continue
        guard = tenure.guards[name]
        records = came[place]
        if records[0].offset != guard.next_offset:
            await _look_again(tenure, place.topic, records[0].offset)
        passed = guard.pass_on(records)
        if passed is None:
            tenure.tools.consumer.seek(place, guard.next_offset)
        elif passed:
            guarded[name] = passed
    return guarded


async def _look_again(tenure: Tenure, topic: str, offset: int) -> None:
    """Make sure that a jump in the log is no loss, and a step back no other log."""
    offsets = {tenure.places[name].topic: guard.next_offset for name, guard in tenure.guards.items()}
    where = f"partition {tenure.partition} at offset {offset} of {topic}"
    check_log(tenure.state.meta, offsets, await tenure.describe_log(), where, tenure.tools.accept_gap)
