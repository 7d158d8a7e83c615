"""The input topics, as whoever writes to them needs them."""

from __future__ import annotations

from config.errors import BrokenEnvironmentError
from events.topics import FACT_TOPICS, TOPICS
from streams.admin.installation import Installation
from streams.admin.topic_state import partition_counts


class UnequalPartitionsError(BrokenEnvironmentError):
    """Whoever made the topics must act: a contact's facts would lie in different partitions."""


def ready_inputs(installation: Installation) -> tuple[str, ...]:
    """The full names of the input topics, once it is sure that they exist, those of facts with equal partitions.

    Raises BrokenEnvironmentError where they do not.
    """
    names = tuple(installation.topic(topic) for topic in TOPICS if topic.is_input)
    with installation.cluster.admin() as admin:
        of_all = partition_counts(admin, names)
    counts = {name: of_all[name] for name in map(installation.topic, FACT_TOPICS)}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise UnequalPartitionsError(
            f"the input topics have unequal numbers of partitions ({said}): see `evenhand topics check`"
        )
    return names
