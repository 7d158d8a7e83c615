"""The worker: the roles that it was asked for, in one process, until it is stopped or one of them fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from config.catalogue import Catalogue
from config.definitions import NO_DEFINITIONS, Definitions
from config.settings import Settings
from streams.live.attributing import ATTRIBUTION
from streams.live.following_up import FOLLOWING_UP
from streams.live.member import Choices, Member, Shared
from streams.live.processor import Role
from streams.live.scoring import SCORING
from streams.metrics import Metrics
from streams.rocks import RocksMemory
from streams.state import CACHED_TOUCHES, Room

ROLES: tuple[Role, ...] = (ATTRIBUTION, FOLLOWING_UP, SCORING)
"""All that a worker can do."""


class Worker:
    """A member of each role's group. Memory and metrics are shared, groups, states and transactions are not."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        roles: Iterable[Role],
        choices: Choices,
        definitions: Definitions = NO_DEFINITIONS,
    ) -> None:
        self.metrics = Metrics()
        self.failure: BaseException | None = None
        self.over = asyncio.Event()
        """Set when the worker is to stop; `failure` says why if it cannot go on."""
        shared = Shared(
            settings=settings,
            catalogue=catalogue,
            definitions=definitions,
            choices=choices,
            metrics=self.metrics,
            memory=RocksMemory(),
            room=Room(CACHED_TOUCHES),
            crash=self.crash,
        )
        self.members = [Member(role, shared) for role in roles]
        rules = catalogue.rulebook.conversions.values
        models = {model.name for rule in rules for model in (rule.model, *rule.shadow_models)}
        for member in self.members:
            self.metrics.begin(member.topics.decided, models if member.role is ATTRIBUTION else ())

    async def start(self) -> None:
        """Join the groups, once the brokers answer.

        Raises:
            EvenhandError: something that only a person can mend.
        """
        await asyncio.gather(*(member.start() for member in self.members))

    async def stop(self) -> None:
        """Save the states, leave the groups, let go of the state folders."""
        await asyncio.gather(*(member.stop() for member in self.members))

    def crash(self, error: BaseException) -> None:
        """Remember the first thing that went wrong, and have the worker stopped."""
        if self.failure is None:
            self.failure = error
        self.over.set()

    # What is done every few seconds

    async def listen(self) -> None:
        """Each member asks the brokers for a sign of life."""
        for member in self.members:
            await member.health.listen()

    async def watch_topics(self) -> None:
        """The topics are still those that the members joined with. Raises BrokenEnvironmentError where they are not."""
        for member in self.members:
            await member.watch_topics()

    async def tell(self) -> None:
        """Log a line a partition; tell Kafka how far the states go."""
        for member in self.members:
            await member.health.tell()
            await member.commit_for_monitoring()

    # What others ask

    async def unready(self) -> str | None:
        """Why the worker is not ready; None when every role owns its partitions, keeps up and hears the brokers."""
        for member in self.members:
            why = await member.health.unready()
            if why is not None:
                return why if len(self.members) == 1 else f"{member.role.name}: {why}"
        return None

    async def measure(self) -> None:
        """The gauges are up to date."""
        for member in self.members:
            await member.health.measure()
        self.metrics.ready.set(await self.unready() is None)
