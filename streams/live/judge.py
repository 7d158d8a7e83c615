"""The judgement that needs the record around an event: is its key the contact's, is its partition the key's."""

from __future__ import annotations

from aiokafka.partitioner import murmur2

from events.codec import decoder
from events.facts import AnyFact, key_of
from events.refusal import Reason, Refusal, refuse
from streams.received import Received

_PLACED = 200_000


class Judge:
    """Judges the records of one partition of one input topic."""

    def __init__(self, topic: str, partition: int, partitions: int) -> None:
        """`topic` is the bare name; `partitions` how many the topic has."""
        self._decode = decoder(topic)
        self._partition = partition
        self._partitions = partitions
        self._placed: set[bytes] = set()

    def judge(self, record: Received) -> AnyFact | Refusal:
        """The fact that a record carries, or the first reason that holds against it (contract, section 3)."""
        judged = self._decode(record.value)
        contact_id = judged.contact_id
        if contact_id is None:
            return judged if isinstance(judged, Refusal) else self._personal(judged, record)
        key = record.key
        if key is None or key != contact_id.encode():
            return refuse(Reason.KEY_MISMATCH, contact_id, "/contact_id", "the record's key is not the contact_id")
        return self._misplaced(key, contact_id) or judged

    def _personal(self, fact: AnyFact, record: Received) -> AnyFact | Refusal:
        """The judgement on a fact of a user's own, which has no contact."""
        key = record.key
        if key is None or key != key_of(fact).encode():
            return refuse(Reason.KEY_MISMATCH, None, "/owner", "the record's key is not user: and the owner")
        return self._misplaced(key, None) or fact

    def _misplaced(self, key: bytes, contact_id: str | None) -> Refusal | None:
        if key not in self._placed:
            if (murmur2(key) & 0x7FFFFFFF) % self._partitions != self._partition:
                message = f"murmur2 of the key does not give partition {self._partition} of {self._partitions}"
                path = "/owner" if contact_id is None else "/contact_id"
                return refuse(Reason.WRONG_PARTITION, contact_id, path, message)
            if len(self._placed) == _PLACED:
                self._placed.clear()
            self._placed.add(key)
        return None
