"""`evenhand state`: how far state and snapshots have come, whether they are sound, and how to begin anew."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import groupby

import click

from cli.state_lines import as_json, as_tables
from cli.state_selection import Selection, on_state
from config.errors import BrokenEnvironmentError, UsageError
from streams.snapshots import KeptSnapshot, Scope, SnapshotStore, survey_snapshots
from streams.state_folder import StateFolder
from streams.state_survey import LocalState, survey


class UnsoundStateError(BrokenEnvironmentError):
    """The operator must act: some of the state, or of its snapshots, cannot be used."""


@click.group(name="state")
def command() -> None:
    """Look at a worker's local state, verify or reset it."""


_json = click.option("--json", "in_json", envvar="EVENHAND_STATE_JSON", is_flag=True, help="Print one JSON object.")


@command.command()
@on_state
@_json
def info(selection: Selection, in_json: bool) -> None:
    """Show how far the state on this machine has come, partition by partition, and its snapshots.

    While a worker runs, its own state shows no more than its size; its snapshots show how far it has come.
    """
    _show(*_look(selection, thorough=False), in_json=in_json)


@command.command()
@on_state
@_json
def verify(selection: Selection, in_json: bool) -> None:
    """Read the state on this machine and its snapshots, every byte, and say what cannot be used.

    The worker on this machine must be stopped. The exit code is 3 when anything is wrong.
    """
    local, kept = _look(selection, thorough=True)
    _show(local, kept, in_json=in_json)
    troubles = [state.trouble for state in local] + [snapshot.trouble for snapshot in kept]
    unsound = len(troubles) - troubles.count(None)
    if unsound:
        raise UnsoundStateError(
            f"{unsound} of {len(troubles)} cannot be used: the list says why; damaged state goes with "
            "`evenhand state reset`, and a damaged snapshot is passed over for the one before"
        )


@command.command()
@on_state
@click.option(
    "--partition",
    "partitions",
    envvar="EVENHAND_STATE_RESET_PARTITION",
    type=click.IntRange(0),
    multiple=True,
    help="This partition; may be given several times.",
)
@click.option("--all", "every", envvar="EVENHAND_STATE_RESET_ALL", is_flag=True, help="Every partition.")
@click.option(
    "--snapshots", "with_snapshots", envvar="EVENHAND_STATE_RESET_SNAPSHOTS", is_flag=True, help="Their snapshots too."
)
@click.option("--yes", envvar="EVENHAND_STATE_RESET_YES", is_flag=True, help="Do not ask.")
def reset(selection: Selection, partitions: tuple[int, ...], every: bool, with_snapshots: bool, yes: bool) -> None:
    """Remove the state of partitions from this machine; their worker must be stopped.

    Started again, it restores the newest snapshot, or makes the state anew from the topics; what was published stays
    true and is not said twice.
    """
    if every == bool(partitions):
        raise UsageError("say which partitions: --partition NUMBER, as often as needed, or --all")
    if with_snapshots and not selection.snapshot_url:
        raise UsageError("--snapshots: there is no EVENHAND_SNAPSHOT_URL, so there are no snapshots to remove")
    local = _chosen(selection.local(), partitions)
    kept = _chosen(selection.kept(), partitions) if with_snapshots else []
    _require_one_cluster([*local, *kept])
    what = f"partitions here: {len(local):,}, partitions with snapshots: {len(kept):,}"
    if local or kept:
        _require_consent(f"Remove ({what})?", yes=yes)
    _remove_local(selection, local)
    for scope in kept:
        SnapshotStore(selection.snapshot_url, scope, kept=1).clear()
    click.echo(f"Removed ({what}).")


def _look(selection: Selection, *, thorough: bool) -> tuple[list[LocalState], list[KeptSnapshot]]:
    local = list(survey(selection.state_dir, selection.local(), thorough=thorough))
    return local, list(survey_snapshots(selection.snapshot_url, selection.kept(), thorough=thorough))


def _show(local: Sequence[LocalState], kept: Sequence[KeptSnapshot], *, in_json: bool) -> None:
    click.echo(as_json(local, kept) if in_json else as_tables(local, kept))


def _chosen(scopes: Sequence[Scope], partitions: Sequence[int]) -> list[Scope]:
    return [scope for scope in scopes if not partitions or scope.partition in partitions]


def _require_one_cluster(scopes: Sequence[Scope]) -> None:
    clusters = sorted({scope.cluster_id for scope in scopes})
    if len(clusters) > 1:
        raise UsageError(f"there is state of several Kafka clusters, {', '.join(clusters)}: say which with --cluster")


def _require_consent(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nothing was removed, since there is nobody to ask: run it again with --yes")
    click.confirm(question, abort=True)


def _remove_local(selection: Selection, scopes: Sequence[Scope]) -> None:
    """Remove all or, where a worker holds one of the folders, nothing."""
    with ExitStack() as held:
        folders = [
            (held.enter_context(StateFolder(selection.state_dir, *whose)), list(members))
            for whose, members in groupby(scopes, key=lambda scope: scope[:2])
        ]
        for folder, members in folders:
            for scope in members:
                folder.remove(scope.partition)
