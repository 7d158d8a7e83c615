"""Intake for one partition: the guard against holes, and the alignment of the two topics by event time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TypeAlias

from aiokafka.structs import ConsumerRecord

from events.facts import AnyFact
from events.refusal import Refusal
from streams.live.judge import Judge

HELD_MOST = 5_000
"""Conversions that wait for their touchpoints beyond this are not fetched further."""
Judged: TypeAlias = tuple[ConsumerRecord, AnyFact | Refusal]
"""A record and what the judge made of it."""


class Guard:
    """Lets the records of one topic partition through once and without a hole (architecture, step 2).

    aiokafka may hand out records fetched before our seek. Until the first record is the one that the state expects,
    what comes is not ours; from then on a jump is a transaction marker or an aborted record.
    """

    def __init__(self, next_offset: int) -> None:
        self.next_offset = next_offset
        self._sought = False
        self._contiguous = False

    def pass_on(self, records: Sequence[ConsumerRecord]) -> Sequence[ConsumerRecord] | None:
        """The records not seen yet; None: seek to `next_offset` and ask again.

        After that seek a jump is a real hole. Whether the log has lost records there is the premises' business.
        """
        first = records[0].offset
        if first > self.next_offset and not (self._contiguous or self._sought):
            self._sought = True
            return None
        if first < self.next_offset:
            records = [record for record in records if record.offset >= self.next_offset]
        if records:
            self._contiguous = True
            self.next_offset = records[-1].offset + 1
        return records


class Alignment:
    """Holds conversions back until their partition of the touchpoints has passed their time (architecture, step 3).

    It only saves saying a credit twice: the answer does not depend on it, and no topic's own order is touched. The wait
    is silence of the touchpoints, asked for and not heard: while they come, they are on their way to that time.
    """

    def __init__(self, judge: Judge, longest_wait_s: float) -> None:
        self._judge = judge
        self._longest_wait_s = longest_wait_s
        self._held: deque[Judged] = deque()
        self._silence_s = 0.0

    @property
    def held(self) -> int:
        return len(self._held)

    def hold(self, records: Sequence[ConsumerRecord]) -> None:
        """Take in records of the conversions topic."""
        judge = self._judge.judge
        self._held.extend([(record, judge(record)) for record in records])

    def listened(self, seconds: float, heard: bool) -> None:
        """The touchpoints were asked for and waited for; some came or none."""
        self._silence_s = 0.0 if heard else self._silence_s + seconds

    def release(self, passed_us: int | None, most: int) -> list[Judged]:
        """Those that need wait no longer, at most so many, in log order.

        `passed_us`: the time that the touchpoints have passed; None when they are read to their end.
        """
        released: list[Judged] = []
        held = self._held
        while held and len(released) < most:
            fact = held[0][1]
            early = passed_us is not None and not isinstance(fact, Refusal) and fact.occurred_us > passed_us
            if early and self._silence_s < self._longest_wait_s:
                break
            released.append(held.popleft())
        return released
