"""How far a partition's state has come, on which log and under which rules: what tells one snapshot from another."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct

from streams.kept import Meta


class Position(Struct, frozen=True, kw_only=True):
    """A state is the fold of its log up to its offsets, so these say all there is to know of a state without it.

    Positions are ordered by what has been read of each topic, never by time: two workers' clocks differ, and a worker
    that was asleep writes late what it knew early.
    """

    format_version: int
    cluster_id: str
    topic_ids: dict[str, str]
    """Of the inputs and outputs: a topic that was deleted and made anew has another id, and is another log."""
    rules: str
    """The serialised catalogue that the state was made with."""
    offsets: dict[str, int]
    """Per input topic, the next offset to read; 0 where a topic is not named."""
    output_ends: dict[str, int]
    """Per output topic, the end of what the state knows to have been said."""
    newest_us: dict[str, int]
    """Per input topic, the newest accepted event time."""

    @classmethod
    def of(cls, meta: Meta) -> Position:
        """The position of the state that the metadata stand in, as it is now."""
        return cls(
            format_version=meta.format_version,
            cluster_id=meta.cluster_id,
            topic_ids=dict(meta.topic_ids),
            rules=meta.rules,
            offsets=dict(meta.offsets),
            output_ends=dict(meta.output_ends),
            newest_us=dict(meta.newest_us),
        )

    @property
    def total(self) -> int:
        """How many offsets lie behind: of two positions where one reaches the other, the further has the greater."""
        return sum(self.offsets.values())

    @property
    def fingerprint(self) -> str:
        """The catalogue's fingerprint."""
        return sha256(self.rules.encode()).hexdigest()

    def same_rules(self, other: Position) -> bool:
        """Whether both states say the same of the same facts, in the same rows."""
        return self.rules == other.rules and self.format_version == other.format_version

    def same_log(self, other: Position) -> bool:
        """Whether the offsets of both count the same records: one cluster, and no topic made anew in between."""
        shared = self.topic_ids.keys() & other.topic_ids.keys()
        return self.cluster_id == other.cluster_id and all(
            self.topic_ids[topic] == other.topic_ids[topic] for topic in shared
        )

    def reaches(self, other: Position) -> bool:
        """Whether everything that the other has read has been read here too. Of two states where neither reaches
        the other, two workers have gone different ways: they are of two lineages."""
        return self.same_log(other) and all(
            self.offsets.get(topic, 0) >= offset for topic, offset in other.offsets.items()
        )
