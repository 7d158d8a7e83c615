"""The takeover: fence the former owner, learn what was said beyond the state, catch up with it in silence.

A crash between publishing and committing is the only way to say something that the state does not know. At the offsets
that the outputs cover, the set of facts is the one they were said from, so the answers are the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from streams.live.fetch import fetch
from streams.live.intake import Judged
from streams.live.ledger import Ledger, dead_letter_identity, read_outputs, said_credit
from streams.live.tenure import Tenure
from streams.rows import origin_of

log = structlog.get_logger(__name__)

_NOTED_PER_COMMIT = 5_000
_FETCH_MS = 200


async def take_over(tenure: Tenure, catching_up: Callable[[], Awaitable[bool]]) -> None:
    """The state knows all that was said; what was left unsaid in between is said.

    `catching_up` is called before every piece of the catch-up; False ends it early, with nothing lost.
    """
    await tenure.publisher.start()
    ledger = await _learn(tenure)
    if not await _catch_up(tenure, ledger, catching_up):
        return
    tenure.crediting.speak_up()
    tenure.state.meta.output_ends.update(ledger.ends)
    await tenure.publish(list(tenure.state.owed_refusals()))
    tenure.state.commit()


async def _learn(tenure: Tenure) -> Ledger:
    """Note the versions and dead letters that stand in the outputs behind the state's output offsets.

    Those offsets move only when the catch-up is over, so that a takeover that is cut short is begun anew.
    """
    ledger = Ledger()
    topics, state = tenure.tools.topics, tenure.state
    starts = {topic: state.meta.output_ends.get(topic, 0) for topic in (topics.credits, topics.dead_letters)}
    noted = 0
    async for record in read_outputs(tenure.tools.connection, tenure.partition, starts, ledger):
        if record.topic == topics.dead_letters:
            ledger.dead.add(dead_letter_identity(record))
        elif (said := said_credit(record)) is not None:
            state.note_said(said.contact_id, said.conversion_id, said.version, said.lift)
            noted += 1
            if noted % _NOTED_PER_COMMIT == 0:
                state.commit()
    state.commit()
    return ledger


async def _catch_up(tenure: Tenure, ledger: Ledger, catching_up: Callable[[], Awaitable[bool]]) -> bool:
    ends = {name: ledger.covers.get(place.topic, 0) for name, place in tenure.places.items()}
    if all(tenure.offset(name) >= end for name, end in ends.items()):
        return True
    log.info("catching up in silence", partition=tenure.partition, to=ends)
    tenure.seek()
    while left := [name for name, end in ends.items() if tenure.offset(name) < end]:
        if not await catching_up():
            return False
        tenure.tools.consumer.resume(*(tenure.places[name] for name in left))
        for name, records in (await fetch(tenure, left, _FETCH_MS, 10_000)).items():
            judge = tenure.judges[name].judge
            known = [Judged(record, judge(record)) for record in records if record.offset < ends[name]]
            for received, refusal in tenure.decide(known):
                if (received.topic, received.offset) not in ledger.dead:
                    tenure.state.owe_refusal(origin_of(received), refusal)
            tenure.crediting.keep_quiet()
            tenure.state.meta.offsets[name] = min(tenure.guards[name].next_offset, ends[name])
            tenure.state.commit()
            tenure.sweep.advance(2 * len(known))
        await asyncio.sleep(0)
    return True
