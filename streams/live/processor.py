"""What the runtime carries: a role is a decider with its topics, a processor is its work on one partition.

The runtime fetches, guards, aligns, publishes and commits; it knows no rule. A role says which topics it reads and
writes, a processor what their records come to. Its state, its due index and the offsets are one batch of one store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from aiokafka.structs import ConsumerRecord
from msgspec import Struct

from events.refusal import Refusal
from events.topics import Topic
from streams.kept import Kept
from streams.live.intake import Judged
from streams.live.publisher import Output
from streams.received import Received

if TYPE_CHECKING:
    from streams.live.tools import Tools
    from streams.rocks import RocksStore

Refused: TypeAlias = list[tuple[Received, Refusal]]


class Processor(Protocol):
    """A role's work on one partition. One owner, one thread; thrown away after any error."""

    @property
    def state(self) -> Kept:
        """What `commit` makes lasting, offsets included."""
        ...

    @property
    def touched(self) -> bool:
        """Whether there may be anything to say."""
        ...

    @property
    def bytes_per_held(self) -> float:
        """About how many bytes a record that is held back will make the processor say."""
        ...

    def decide(self, judged: Sequence[Judged]) -> Refused:
        """Take records of one topic into the state; what is refused, also of facts that had waited, comes back.

        Refusals of topics that another role decides are passed over: they are that role's to say.
        """
        ...

    def wake(self, now_us: int) -> None:
        """Take up what is due by now, at most a piece of it. What is said next is said at that time."""
        ...

    def say(self) -> Iterator[list[Output]]:
        """What the records and the time came to, and was not said yet; from then on it counts as said.

        What stands in one list goes into one transaction.
        """
        ...

    def published(self) -> None:
        """What was said last stands in the topics: count it."""
        ...

    def note_said(self, record: ConsumerRecord) -> None:
        """Remember what stands in an output that is read back, whoever said it."""
        ...

    def keep_quiet(self) -> None:
        """In a catch-up: leave what could be said until it is over, lastingly."""
        ...

    def speak_up(self) -> None:
        """The catch-up is over: take up what was left, now or piece by piece when woken."""
        ...

    def forget_counts(self) -> None:
        """What was caught up with in silence was counted when it was decided first."""
        ...

    def count(self) -> None:
        """Tell the metrics what happened to the records since it was asked last."""
        ...

    def sweep(self, records: int) -> None:
        """After a commit of so many records: remove some of what no fact can need any more."""
        ...


class Role(Struct, frozen=True):
    """A decider as a worker knows it before it has a partition."""

    name: str
    """Also of its consumer group, `<group>.<name>`."""
    inputs: tuple[Topic, ...]
    """In the order in which a chunk takes them; all have equal partition counts."""
    decides: frozenset[str]
    """The inputs (bare names) whose refused records it makes dead letters."""
    outputs: tuple[Topic, ...]
    read_back: tuple[Topic, ...]
    """The outputs that a takeover reads, since they tell what was said."""
    begin: Callable[[Tools, int, RocksStore], Processor]
    """The processor of a partition number over its store."""
    held_back: str | None = None
    """The input whose records wait until the first one has passed their time."""
    read_first: frozenset[str] = frozenset()
    """The inputs that are read to their ends, in silence, before a takeover says anything."""

    @property
    def names(self) -> tuple[str, ...]:
        """The bare names of the inputs."""
        return tuple(topic.name for topic in self.inputs)
