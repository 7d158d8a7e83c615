"""Records as the read model takes them: inputs judged, messages with what they cover."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from events.facts import AnyFact
from events.refusal import Refusal
from events.topics import FACT_TOPICS, REMINDERS, SCORE_CHANGES
from projections.writing.record import Accepted, Chunk, Message, read
from streams.live.judge import Judge
from streams.projecting.sources import Source

_FACTS: Final = {topic.name for topic in FACT_TOPICS}
_COVERING: Final = {REMINDERS.name, SCORE_CHANGES.name}
_COVERS: Final = "covers"
_decode_covers: Final = msgspec.json.Decoder(dict[str, int]).decode
_NOTHING: Final[Mapping[str, int]] = {}


class Reading:
    """Sorts what comes by what it is."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._judges: dict[tuple[str, int], Judge] = {}

    def add(self, chunk: Chunk, records: Iterable[Any]) -> None:
        """Take the records of one partition, in the order of its log, into the chunk."""
        for record in records:
            bare = self._sources[record.topic].bare
            if bare in _FACTS:
                judged: AnyFact | Refusal = self._judge(bare, record).judge(record)
                if not isinstance(judged, Refusal):
                    place = (record.topic, record.partition, record.offset, record.timestamp)
                    chunk.facts.append(Accepted(*place, record.value, judged))
            else:
                message = Message(record.topic, record.partition, record.offset, record.key, record.value, _NOTHING)
                if bare in _COVERING:
                    message = message._replace(covers=read(message, _covers, record))
                chunk.messages.setdefault(bare, []).append(message)

    def _judge(self, bare: str, record: Any) -> Judge:
        place = (record.topic, record.partition)
        judge = self._judges.get(place)
        if judge is None:
            judge = self._judges[place] = Judge(bare, record.partition, self._sources[record.topic].partitions)
        return judge


def _covers(record: Any) -> Mapping[str, int]:
    for name, value in record.headers:
        if name == _COVERS:
            return _decode_covers(value)
    return _NOTHING
