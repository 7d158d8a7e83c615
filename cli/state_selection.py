"""Which state a command is about: a folder on this machine, a place of snapshots, and whose of what stands there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from config.settings import load_settings
from streams.snapshots import Scope, scopes_at
from streams.state_survey import local_scopes


class Selection(NamedTuple):
    """The state of one installation, on one Kafka cluster or on every one that it has been on."""

    state_dir: Path
    snapshot_url: str
    """Empty: no snapshots are kept."""
    group: str
    """What stands before the deciders' names: `evenhand` for the consumer group `evenhand.attribution`."""
    cluster: str | None

    def local(self) -> list[Scope]:
        """The partitions with state on this machine."""
        return list(filter(self._includes, local_scopes(self.state_dir)))

    def kept(self) -> list[Scope]:
        """The partitions with snapshots. Raises UsageError or SnapshotStoreError when the place cannot be listed."""
        return list(filter(self._includes, scopes_at(self.snapshot_url))) if self.snapshot_url else []

    def _includes(self, scope: Scope) -> bool:
        return scope.group.rpartition(".")[0] == self.group and self.cluster in {None, scope.cluster_id}


_OPTIONS: Final = (
    click.option("--state-dir", envvar="EVENHAND_STATE_DIR", type=click.Path(path_type=Path),
                 help="The folder of local state.  [default: the platform's data folder]"),
    click.option("--snapshot-url", envvar="EVENHAND_SNAPSHOT_URL", metavar="URL",
                 help="Where the snapshots are.  [default: there are none]"),
    click.option("--group", envvar="EVENHAND_GROUP", metavar="NAME",
                 help="The consumer groups' name, without the decider's.  [default: the topic prefix without its dot]"),
    click.option("--cluster", envvar="EVENHAND_STATE_CLUSTER", metavar="ID",
                 help="The Kafka cluster's id.  [default: every cluster found]"),
)  # fmt: skip


def on_state(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say where state is and whose; it takes the `selection` that they make."""

    @wraps(command)
    def with_selection(
        *args: Any,
        state_dir: Path | None,
        snapshot_url: str | None,
        group: str | None,
        cluster: str | None,
        **kwargs: Any,
    ) -> None:
        settings = load_settings(state_dir=state_dir, snapshot_url=snapshot_url, group=group)
        selection = Selection(settings.state_dir, settings.snapshot_url, settings.group, cluster)
        command(*args, selection=selection, **kwargs)

    decorated: Callable[..., None] = with_selection
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
