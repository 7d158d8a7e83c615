"""What must hold of an installation's topics, whatever happened to its workers: the contract's sections 2 and 3."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from kafka import TopicPartition

from events.codec import decode_any
from events.fact import Conversion, Touchpoint
from events.facts import key_of
from events.refusal import Refusal
from streams.rocks import RocksStore
from streams.state import PartitionState
from tests.commands import evenhand
from tests.live.installation import INPUTS, OUTPUTS, Installation
from tests.live.log import Logged, Reader, read
from tests.live.story import partition_of

Place = tuple[str, int, int]
CONVERSION_FACTS, TOUCHPOINT_FACTS = b"c", b"t"


class Topics(NamedTuple):
    """Everything that stands in the topics of an installation."""

    inputs: list[Logged]
    credits: list[Logged]
    shadow: list[Logged]
    letters: list[Logged]

    @property
    def refused(self) -> dict[Place, str]:
        """The reason of each refused record, by its place."""
        return {_refused(letter): json.loads(letter.value or b"")["reason"] for letter in self.letters}

    @property
    def accepted(self) -> list[Logged]:
        """The input records that no dead letter refuses: facts and their copies."""
        refused = self.refused
        return [record for record in self.inputs if record.place not in refused]

    @property
    def last_said(self) -> dict[bytes, bytes]:
        """What compaction will leave of the credits, shadow ones too: the last message of each key."""
        return {record.key or b"": record.value or b"" for record in (*self.credits, *self.shadow)}


def read_topics(installation: Installation) -> Topics:
    """All committed records, in the order of their partitions' logs."""
    records: dict[str, list[Logged]] = defaultdict(list)
    for record in read(installation.broker, *installation.topics([*INPUTS, *OUTPUTS])):
        records[record.topic.removeprefix(installation.prefix)].append(record)
    inputs = [record for name in INPUTS for record in records[name]]
    return Topics(inputs, *(records[name] for name in OUTPUTS))


def prove(installation: Installation) -> Topics:
    """Everything that the contract promises of the outputs holds now; the topics, for a closer look."""
    topics = read_topics(installation)
    assert repeated_versions(topics.credits) == []
    assert repeated_versions(topics.shadow) == []
    assert standing_twice(topics.letters) == []
    assert misplaced(topics, installation.partitions) == []
    assert unlike_replay(topics, installation) == {}
    return topics


def repeated_versions(said: Sequence[Logged]) -> list[tuple[bytes | None, list[int]]]:
    """The keys whose versions do not strictly increase in the log, with the versions."""
    versions: dict[bytes | None, list[int]] = defaultdict(list)
    for record in said:
        versions[record.key].append(json.loads(record.value or b"")["version"])
    return [(key, seen) for key, seen in versions.items() if seen != sorted(set(seen))]


def standing_twice(letters: Sequence[Logged]) -> list[Place]:
    """The records that more than one dead letter refuses."""
    return [place for place, count in Counter(map(_refused, letters)).items() if count > 1]


def misplaced(topics: Topics, partitions: int) -> list[Place]:
    """The outputs that are not in the partition of their inputs."""
    credits = [
        record.place
        for record in (*topics.credits, *topics.shadow)
        if record.partition != partition_of(json.loads(record.key or b"")[0].encode(), partitions)
    ]
    return credits + [letter.place for letter in topics.letters if letter.partition != _refused(letter)[1]]


def unlike_replay(topics: Topics, installation: Installation) -> dict[bytes, tuple[bytes | None, bytes | None]]:
    """The keys whose last message is another than `replay` gives for the accepted records: (said, replay's)."""
    expected = replayed(topics.accepted, installation)
    said = topics.last_said
    keys = said.keys() | expected.keys()
    return {key: (said.get(key), expected.get(key)) for key in keys if said.get(key) != expected.get(key)}


def replayed(accepted: Sequence[Logged], installation: Installation) -> dict[bytes, bytes]:
    """The last message of each key that `evenhand replay` gives for these records, none of which it may refuse."""
    source, out = installation.home / "accepted.jsonl", installation.home / "replay"
    source.write_bytes(b"".join((record.value or b"") + b"\n" for record in accepted))
    ended = evenhand("replay", str(source), "--out", str(out), "--catalogue", str(installation.catalogue))
    assert ended.code == 0, ended.err
    assert (out / "dead-letters.jsonl").read_text() == ""
    main = {_key(line, "contact_id", "conversion_id"): line for line in _lines(out / "credits.jsonl")}
    names = ("contact_id", "conversion_id", "model")
    return main | {_key(line, *names): line for line in _lines(out / "credits-shadow.jsonl")}


def missing_from_state(topics: Topics, installation: Installation) -> list[Place]:
    """Accepted records, recent enough to be held, whose fact is not in the state of the disk that is up to date.

    The workers must have stopped.
    """
    states = {number: _state(installation, number) for number in range(installation.partitions)}
    missing = []
    for record in topics.accepted:
        state = states[record.partition]
        judged = decode_any(record.value)
        assert not isinstance(judged, Refusal)
        _, fact = judged
        assert fact.contact_id is not None
        contact, event_id = state.contact(key_of(fact).encode()), fact.event_id.encode()
        match fact:
            case Touchpoint():
                held = state.touch(contact, event_id) is not None
            case Conversion():
                held = event_id in state.conversions(contact)
            case _:
                kind = TOUCHPOINT_FACTS if record.topic.endswith("touchpoints") else CONVERSION_FACTS
                held = state.claimed(contact, kind, event_id) is not None
        if not held and fact.occurred_us >= max(state.meta.newest_us.values()) - 86_400_000_000:
            missing.append(record.place)
    for state in states.values():
        state.store.close()
    return missing


def _state(installation: Installation, number: int) -> PartitionState:
    reader = Reader(installation.broker, installation.topics(INPUTS))
    ends = reader.ends()
    reader.close()
    expected = {name: ends[TopicPartition(installation.prefix + name, number)] for name in INPUTS}
    found = []
    for path in (installation.home / "disks").glob(f"*/*/{installation.group}/{number}/db"):
        state = PartitionState(RocksStore(path))
        if state.meta.offsets == expected:
            return state
        found.append(state.meta.offsets)
        state.store.close()
    raise AssertionError(f"no disk has read partition {number} up to {expected}, only up to {found}")


def _refused(letter: Logged) -> Place:
    refused = json.loads(letter.value or b"")
    return refused["topic"], refused["partition"], refused["offset"]


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def _key(message: bytes, *names: str) -> bytes:
    said = json.loads(message)
    return json.dumps([said[name] for name in names], ensure_ascii=False, separators=(",", ":")).encode()
