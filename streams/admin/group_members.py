"""Who is in a consumer group now."""

from __future__ import annotations

from typing import Final

from config.errors import BrokenEnvironmentError
from streams.admin.cluster import Cluster

_NO_SUCH_GROUP: Final = "Dead"


class GroupInUseError(BrokenEnvironmentError):
    """The operator must act: what is asked for cannot be done beside workers."""


def require_no_members(cluster: Cluster, group: str) -> None:
    """Nobody is in the consumer group.

    Raises:
        GroupInUseError: somebody is.
        BrokenEnvironmentError: the brokers do not answer, or do not say.
    """
    with cluster.admin() as admin:
        described = admin.describe_groups([group])[group]
    if described["error"] and described["group_state"] != _NO_SUCH_GROUP:
        raise BrokenEnvironmentError(f"Kafka does not say who is in consumer group {group}: {described['error']}")
    if described["members"]:
        hosts = ", ".join(sorted({str(member["client_host"]).lstrip("/") for member in described["members"]}))
        raise GroupInUseError(
            f"consumer group {group} has active members (on {hosts}): stop the workers, then run this again; "
            "one that was killed leaves when EVENHAND_SESSION_TIMEOUT has passed"
        )
