"""A partition's state made anew from its topics under other rules, in silence, up to where its outputs cover."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

from streams.kept import Meta
from streams.live.attributing import Attributing
from streams.live.fetch import fetch
from streams.live.premises import Log, PremiseError, beyond, check_log, gap
from streams.live.standing import Standing
from streams.live.tenure import Tenure
from streams.live.tools import Tools
from streams.progress import Progress
from streams.rocks import RocksStore
from streams.rows import origin_of
from streams.state import PartitionState

_FETCH_MS, _MOST_RECORDS = 200, 10_000


def former_meta(tools: Tools, partition: int) -> Meta:
    """What the state that stands on this machine knows of itself; nothing where there is none."""
    if not tools.folder.has_database(partition):
        return Meta()
    with closing(RocksStore(tools.folder.database(partition), tools.memory)) as store:
        return PartitionState(store).meta


def check_topics(tools: Tools, partition: int, former: Meta, log: Log) -> None:
    """The topics are those that the former state was made from, and whole.

    Raises:
        PremiseError: they are not.
    """
    where = f"partition {partition}"
    offsets = {
        topic: former.offsets.get(topic.removeprefix(tools.settings.topic_prefix), 0) for topic in tools.topics.inputs
    }
    check_log(former, offsets, log, where, accept_gap=True)
    hole = gap({}, log)
    if hole is not None:
        raise PremiseError(f"{where}: {hole}; credits can only be restated from the whole log: date the change instead")


def begin_anew(tools: Tools, partition: int, path: Path, log: Log) -> tuple[Tenure, Attributing]:
    """A tenure over an empty state at the path, under the catalogue's rules."""
    store = RocksStore(path, tools.memory)
    try:
        tenure = Tenure(tools, partition, store)
        assert isinstance(tenure.processor, Attributing), "only credits are restated"
        meta = tenure.state.meta
        meta.cluster_id = log.cluster_id
        meta.topic_ids = dict(log.topic_ids)
        meta.rules = tools.catalogue.serialised()
        return tenure, tenure.processor
    except BaseException:
        store.close()
        raise


async def rebuild(
    tenure: Tenure, attributing: Attributing, standing: Standing, covers: dict[str, int], progress: Progress
) -> None:
    """The state has taken in all that the outputs were said from; it owes what is refused and no dead letter yet.

    Nothing is swept meanwhile, so that every conversion there ever was can be compared.

    Raises:
        PremiseError: an input topic ends before what the outputs cover.
    """
    cut = beyond(covers, await tenure.describe_log())
    if cut is not None:
        raise PremiseError(f"partition {tenure.partition}: {cut}; its credits cannot be said from it again")
    ends = {name: covers.get(place.topic, 0) for name, place in tenure.places.items()}
    progress.begin(f"partition {tenure.partition}: rebuilding", sum(ends.values()))
    tenure.tools.consumer.assign(list(tenure.places.values()))
    tenure.seek()
    offsets, touched = tenure.state.meta.offsets, attributing.decider.touched
    while left := [name for name, end in ends.items() if tenure.offset(name) < end]:
        for name, records in (await fetch(tenure, left, _FETCH_MS, _MOST_RECORDS)).items():
            judge = tenure.judges[name].judge
            known = [(record, judge(record)) for record in records if record.offset < ends[name]]
            for received, refusal in tenure.decide(known):
                if not standing.is_dead(received):
                    tenure.state.owe_refusal(origin_of(received), refusal)
            touched.clear()
            offsets[name] = min(tenure.guards[name].next_offset, ends[name])
            tenure.state.commit()
        progress.reach(sum(offsets.values()), sum(offsets.values()))
        await asyncio.sleep(0)
