"""The options that say which dead letters are meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import click

from cli.on_kafka import on_kafka
from cli.option_types import Moment
from events.refusal import Reason
from events.topics import TOPICS
from streams.admin.dead_letters import DeadLetterTopic, Wanted
from streams.admin.installation import Installation

_INPUTS: Final = {topic.name: topic for topic in TOPICS if topic.is_input}
_US_PER_MS: Final = 1_000

_OPTIONS: Final = (
    click.option(
        "--reason",
        "reasons",
        envvar="EVENHAND_DEAD_LETTERS_REASON",
        multiple=True,
        type=click.Choice([reason.value for reason in Reason]),
        help="Only those refused for this reason; may be given several times.",
    ),
    click.option(
        "--since",
        envvar="EVENHAND_DEAD_LETTERS_SINCE",
        type=Moment(),
        help="Only those refused since then: 2023-07-05T11:02:00Z, or PT1H for the last hour.",
    ),
    click.option(
        "--topic",
        "topics",
        envvar="EVENHAND_DEAD_LETTERS_TOPIC",
        multiple=True,
        type=click.Choice(list(_INPUTS)),
        help="Only those from this topic; may be given several times.",
    ),
)


def of_letters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters, and where Kafka is; it takes the `letters` that they mean."""

    @wraps(command)
    def with_letters(
        *args: Any,
        installation: Installation,
        reasons: tuple[str, ...],
        since: int | None,
        topics: tuple[str, ...],
        **kwargs: Any,
    ) -> None:
        names = frozenset(installation.topic(_INPUTS[topic]) for topic in topics)
        wanted = Wanted(frozenset(reasons), names, None if since is None else since // _US_PER_MS)
        letters = DeadLetterTopic(installation, wanted)
        command(*args, letters=letters, **kwargs)
        if letters.foreign:
            click.echo(f"{letters.foreign:,} records of that topic are no dead letters and were passed over", err=True)

    decorated: Callable[..., None] = with_letters
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return on_kafka(decorated)
