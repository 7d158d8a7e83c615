"""The takeover: fence the former owner, learn what was said beyond the state, catch up with it in silence.

A crash between publishing and committing is the only way to say something that the state does not know. At the offsets
that the outputs cover, the set of facts is the one they were said from, so the answers are the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog
from aiokafka.structs import ConsumerRecord

from events.refusal import Refusal
from streams.live.fetch import fetch_through
from streams.live.gate import Gate
from streams.live.ledger import Ledger, dead_letter_identity, read_outputs
from streams.live.premises import check_covers, check_restated
from streams.live.tenure import Tenure
from streams.received import Received
from streams.rows import origin_of

log = structlog.get_logger(__name__)

_NOTED_PER_COMMIT = 5_000
_FETCH_MS, _MOST_RECORDS = 200, 10_000


async def take_over(tenure: Tenure, gate: Gate, catching_up: Callable[[], None]) -> None:
    """The state knows all that was said; what was left unsaid in between is said.

    `catching_up` is called before every piece of the catch-up. When the partition is to be let go it ends early, with
    nothing lost.
    """
    await tenure.publisher.start()
    ledger = await _learn(tenure)
    if not (await _catch_up(tenure, gate, ledger, catching_up) and await gate.passed()):
        return
    gate.begin()
    tenure.processor.speak_up()
    # What was owed when a former catch-up ended early may since have been said, by this worker or another.
    owed: list[tuple[Received, Refusal]] = [
        (origin, refusal) for origin, refusal in tenure.state.owed_refusals() if not ledger.is_dead(origin)
    ]
    tenure.state.meta.output_ends.update(ledger.ends)
    await tenure.publish(owed)
    tenure.state.commit()
    tenure.processor.forget_counts()


async def _learn(tenure: Tenure) -> Ledger:
    """Note the versions and dead letters that stand in the outputs behind the state's output offsets.

    Those offsets move only when the catch-up is over, so that a takeover that is cut short is begun anew.
    """
    topics, state = tenure.tools.topics, tenure.state
    ledger = Ledger(dead_letters=topics.dead_letters, decides=tenure.tools.topics.decided)
    told = (*map(topics.full, tenure.tools.role.read_back), topics.dead_letters)
    starts = {topic: state.meta.output_ends.get(topic, 0) for topic in told}
    noted = 0
    async for record in read_outputs(tenure.tools.connection, tenure.partition, starts, ledger):
        if record.topic == topics.dead_letters:
            ledger.dead.add(dead_letter_identity(record))
        else:
            tenure.processor.note_said(record)
            noted += 1
            if noted % _NOTED_PER_COMMIT == 0:
                state.commit()
    check_restated(state.meta, ledger.restated, f"partition {tenure.partition}")
    if state.meta.restated is None:
        state.meta.restated = ledger.restated
    state.commit()
    return ledger


async def _catch_up(tenure: Tenure, gate: Gate, ledger: Ledger, catching_up: Callable[[], None]) -> bool:
    """Read on to where the outputs cover, and what is read first to its end.

    Nothing is swept meanwhile: what is owed must stay until it is said.
    """
    first = tenure.tools.role.read_first
    if not first and all(tenure.offset(name) >= ledger.covers.get(tenure.topic(name), 0) for name in tenure.names):
        return True
    kafka_log = await tenure.describe_log()
    covers = check_covers(ledger.covers, kafka_log, f"partition {tenure.partition}", tenure.tools.accept_gap)
    ends = {name: covers.get(tenure.topic(name), 0) for name in tenure.names}
    ends |= {name: kafka_log.ends[tenure.topic(name)] for name in first}
    if all(tenure.offset(name) >= end for name, end in ends.items()):
        return True
    log.info("catching up in silence", partition=tenure.partition, to=ends)
    if not await gate.passed():
        return False
    catching_up()
    tenure.seek()
    while left := [name for name, end in ends.items() if tenure.offset(name) < end]:
        tenure.tools.consumer.resume(*(tenure.places[name] for name in left))
        fetched = await fetch_through(gate, tenure, left, _FETCH_MS, _MOST_RECORDS)
        for name, records in (fetched or {}).items():
            _take_in(tenure, ledger, name, [record for record in records if record.offset < ends[name]])
            tenure.state.meta.offsets[name] = min(tenure.guards[name].next_offset, ends[name])
            tenure.state.commit()
        await asyncio.sleep(0)
        if not await gate.passed():
            return False
        catching_up()
    return True


def _take_in(tenure: Tenure, ledger: Ledger, name: str, records: Sequence[ConsumerRecord]) -> None:
    judge = tenure.judges[name].judge
    for received, refusal in tenure.decide([(record, judge(record)) for record in records]):
        if not ledger.is_dead(received):
            tenure.state.owe_refusal(origin_of(received), refusal)
    tenure.processor.keep_quiet()
