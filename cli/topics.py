"""`evenhand topics`: make the topics with their settings, and see that they are as they ought to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import timedelta
from functools import wraps
from typing import Final, NamedTuple

import click

from cli.columns import columns
from cli.on_kafka import on_kafka
from cli.option_types import Duration
from config.errors import BrokenEnvironmentError
from config.settings import load_settings
from streams.admin.cluster import Cluster
from streams.admin.installation import Installation
from streams.admin.topic_check import Difference, Wishes, differences, usual_partitions
from streams.admin.topic_creation import create_topics
from streams.admin.topic_plan import PlannedTopic, planned_topics
from streams.admin.topic_state import TopicState, topic_states


class WrongTopicsError(BrokenEnvironmentError):
    """Whoever runs the brokers must act: topics are missing, or are not as a worker needs them."""


_OPTIONS: Final = (
    click.option(
        "--partitions",
        envvar="EVENHAND_PARTITIONS",
        type=click.IntRange(1),
        help="Partitions of each topic.  [default: as many as those that exist have; else 12]",
    ),
    click.option(
        "--replication-factor",
        envvar="EVENHAND_REPLICATION_FACTOR",
        type=click.IntRange(1, 32_767),
        help="Replicas of each partition.  [default: the broker's]",
    ),
    click.option(
        "--input-retention",
        envvar="EVENHAND_INPUT_RETENTION",
        type=Duration(),
        help="How long the input topics keep their records.  [default: for ever; they are the truth]",
    ),
    click.option("--json", "as_json", envvar="EVENHAND_TOPICS_JSON", is_flag=True, help="Print one JSON object."),
)


class _Wanted(NamedTuple):
    topics: tuple[PlannedTopic, ...]
    wishes: Wishes

    def names(self) -> list[str]:
        return [topic.name for topic in self.topics]


def _topic_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options on how topics ought to be; it takes the `cluster` and what is `wanted`."""

    @wraps(command)
    def with_wanted(
        installation: Installation,
        partitions: int | None,
        replication_factor: int | None,
        input_retention: timedelta | None,
        as_json: bool,
    ) -> None:
        kept_ms = None if input_retention is None else input_retention // timedelta(milliseconds=1)
        topics = planned_topics(installation.prefix, kept_ms)
        command(installation.cluster, _Wanted(topics, Wishes(partitions, replication_factor)), as_json=as_json)

    decorated: Callable[..., None] = with_wanted
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return on_kafka(decorated)


@click.group(name="topics")
def command() -> None:
    """Create the topics, or check them."""


@command.command()
@_topic_options
def create(cluster: Cluster, wanted: _Wanted, *, as_json: bool) -> None:
    """Make the topics that are missing, with their settings, and wait until they can be used.

    Those that exist stay as they are. What is not right about them is listed with what to do; the exit code is 3 then.
    """
    partitions, replication_factor = wanted.wishes
    with cluster.admin() as admin:
        before = topic_states(admin, wanted.names())
        count = partitions or usual_partitions(wanted.topics, before) or load_settings().partitions
        there = [topic for topic in wanted.topics if topic.name in before]
        # A topic beside others with another number of partitions would be of no use to anybody.
        if all(topic.partitions or before[topic.name].partitions == count for topic in there):
            missing = [topic for topic in wanted.topics if topic.name not in before]
            create_topics(admin, missing, count, replication_factor, cluster.patience_s)
        after = topic_states(admin, wanted.names())
    found = differences(wanted.topics, after, wanted.wishes)
    _show(_Report(after, found, created=after.keys() - before.keys()), as_json=as_json)


@command.command()
@_topic_options
def check(cluster: Cluster, wanted: _Wanted, *, as_json: bool) -> None:
    """See that every topic exists, with its settings, a leader for each partition, and equal numbers of partitions.

    What is not right is listed with what to do; the exit code is 3 then.
    """
    with cluster.admin() as admin:
        states = topic_states(admin, wanted.names())
    _show(_Report(states, differences(wanted.topics, states, wanted.wishes)), as_json=as_json)


class _Report(NamedTuple):
    states: Mapping[str, TopicState]
    differences: Sequence[Difference]
    created: Set[str] = frozenset()


def _show(report: _Report, *, as_json: bool) -> None:
    click.echo(_as_json(report) if as_json else _as_tables(report))
    if report.differences:
        topics = {difference.topic for difference in report.differences}
        raise WrongTopicsError(
            f"{len(topics)} topics are not as they ought to be: {', '.join(sorted(topics))}; the list says what to do"
        )


def _as_json(report: _Report) -> str:
    topics = [
        {
            "topic": name,
            "partitions": state.partitions,
            "replication_factor": state.replication_factor,
            "created": name in report.created,
        }
        for name, state in report.states.items()
    ]
    differing = [difference._asdict() for difference in report.differences]
    return json.dumps({"topics": topics, "differences": differing}, ensure_ascii=False)


def _as_tables(report: _Report) -> str:
    there = [
        (name, state.partitions, state.replication_factor, "created" if name in report.created else "was there")
        for name, state in report.states.items()
    ]
    tables = [
        columns([header, *rows])
        for header, rows in (
            (("TOPIC", "PARTITIONS", "REPLICAS", ""), there),
            (("TOPIC", "WHAT", "WANTED", "FOUND", "WHAT TO DO"), report.differences),
        )
        if rows
    ]
    return "\n\n".join(tables)
