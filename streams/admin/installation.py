"""One installation: a set of topics under one prefix, on one cluster."""

from __future__ import annotations

from typing import NamedTuple

from events.topics import Topic, full_name
from streams.admin.cluster import Cluster


class Installation(NamedTuple):
    """Where its topics are, and what stands before their names."""

    cluster: Cluster
    prefix: str

    def topic(self, topic: Topic) -> str:
        """The topic's name on the cluster."""
        return full_name(self.prefix, topic)
