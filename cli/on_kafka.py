"""The options of every command that talks to Kafka by hand, and the installation that they name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Final

import click

from cli.option_types import Duration
from config.kafka_security import kafka_python_security
from config.settings import load_settings
from streams.admin.cluster import Cluster
from streams.admin.installation import Installation

_OPTIONS: Final = (
    click.option(
        "--bootstrap-servers",
        envvar="EVENHAND_KAFKA_BOOTSTRAP_SERVERS",
        metavar="HOST:PORT,…",
        help="The brokers to begin with.  [default: localhost:9092]",
    ),
    click.option(
        "--topic-prefix",
        envvar="EVENHAND_TOPIC_PREFIX",
        metavar="TEXT",
        help="Stands before every topic's name.  [default: evenhand.]",
    ),
    click.option(
        "--kafka-timeout",
        envvar="EVENHAND_KAFKA_TIMEOUT",
        type=Duration(timedelta(seconds=1)),
        default="PT10S",
        show_default=True,
        help="How long to wait for an answer of the brokers.",
    ),
)


delivery_timeout_option: Final = click.option(
    "--delivery-timeout",
    envvar="EVENHAND_DELIVERY_TIMEOUT",
    type=Duration(timedelta(seconds=1)),
    default="PT2M",
    show_default=True,
    help="How long a record may take, while brokers go and come again.",
)


def on_kafka(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say where Kafka is; it takes the `installation` that they name."""

    @wraps(command)
    def with_installation(
        *args: Any, bootstrap_servers: str | None, topic_prefix: str | None, kafka_timeout: timedelta, **kwargs: Any
    ) -> None:
        settings = load_settings(kafka_bootstrap_servers=bootstrap_servers, topic_prefix=topic_prefix)
        cluster = Cluster(
            settings.kafka_bootstrap_servers, kafka_python_security(settings), kafka_timeout.total_seconds()
        )
        command(*args, installation=Installation(cluster, settings.topic_prefix), **kwargs)

    decorated: Callable[..., None] = with_installation
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
