"""What the guarantee rests on: same rules, same log, gapless reading. Where one fails, the worker stops."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from config.catalogue import Catalogue, incompatibility
from config.errors import BrokenEnvironmentError, UsageError
from streams.kept import Meta

_IF_MEANT = "if that is meant, run `evenhand state reset` (with --snapshots) and the worker rebuilds from the topics"


class PremiseError(BrokenEnvironmentError):
    """The operator must act: what the state was made from is not what is there now."""


class Log(Struct, frozen=True):
    """What Kafka says of the topics of one partition number. Topics by full name."""

    cluster_id: str
    topic_ids: Mapping[str, str]
    begins: Mapping[str, int]
    ends: Mapping[str, int]


def check_rules(meta: Meta, catalogue: Catalogue) -> None:
    """The state's rules still hold under the catalogue.

    Raises:
        UsageError: the catalogue says otherwise, without a date or for a time that has passed (contract, section 5).
    """
    if meta.rules:
        broken = incompatibility(meta.rules, catalogue, max(meta.newest_us.values(), default=None))
        if broken is not None:
            raise UsageError(broken)


def foreign(meta: Meta, log: Log) -> str | None:
    """Why a state is not of this log; None when it is. A topic that the state has not met is no reason."""
    if meta.cluster_id and meta.cluster_id != log.cluster_id:
        return f"it was made from cluster {meta.cluster_id}, this is {log.cluster_id}"
    for topic, known in meta.topic_ids.items():
        if topic in log.topic_ids and log.topic_ids[topic] != known:
            return f"topic {topic} was recreated: it has id {log.topic_ids[topic]}, the state knows {known}"
    return None


def gap(offsets: Mapping[str, int], log: Log) -> str | None:
    """Why the log cannot be read on from the offsets (by full topic name) without a hole; None when it can."""
    for topic, begin in log.begins.items():
        offset = offsets.get(topic, 0)
        if offset < begin:
            return f"topic {topic} begins at offset {begin}, the state goes on from {offset}: records are gone"
    return None


def beyond(offsets: Mapping[str, int], log: Log) -> str | None:
    """Why the state knows more than the log holds; None when it does not."""
    for topic, offset in offsets.items():
        end = log.ends.get(topic, offset)
        if offset > end:
            return (
                f"topic {topic} ends at offset {end}, the state has read up to {offset}: the log was cut or recreated"
            )
    return None


def check_same_topics(known: Mapping[str, str], found: Mapping[str, str]) -> None:
    """The topics, by their ids, are those that a running worker began with.

    Raises:
        PremiseError: one was made anew under the worker, with what to do.
    """
    for topic, topic_id in known.items():
        if found[topic] != topic_id:
            raise PremiseError(
                f"topic {topic} was recreated while this worker ran: it has id {found[topic]}, the worker knows "
                f"{topic_id}; {_IF_MEANT}"
            )


def check_log(meta: Meta, offsets: Mapping[str, int], log: Log, where: str, accept_gap: bool) -> None:
    """The state was made from this log and can go on from where it ends.

    Raises:
        PremiseError: it cannot, with what to do.
    """
    reason = foreign(meta, log) or beyond(offsets, log) or beyond(meta.output_ends, log)
    if reason is not None:
        raise PremiseError(f"{where}: {reason}; {_IF_MEANT}")
    hole = gap({**meta.output_ends, **offsets}, log)
    if hole is not None and not accept_gap:
        raise PremiseError(f"{where}: {hole}; start with --accept-gap to go on without them")


def check_restated(meta: Meta, restated: int, where: str) -> None:
    """The state was begun after the last restatement of what its partition's outputs say.

    Raises:
        PremiseError: it was begun before: other facts may be in it, other versions at least.
    """
    if meta.restated is not None and meta.restated < restated:
        raise PremiseError(
            f"{where}: its credits have been said again by `evenhand restate` since this state was made: run "
            "`evenhand state reset` for it, and the worker restores the newest snapshot or rebuilds from the topics"
        )


def check_covers(covers: Mapping[str, int], log: Log, where: str, accept_gap: bool) -> dict[str, int]:
    """The input topics still hold what the outputs were said from. Gives the covers of those that do.

    Raises:
        PremiseError: one does not, and the operator has not accepted it; with what to do.
    """
    for topic, covered in covers.items():
        end = log.ends[topic]
        if covered > end and not accept_gap:
            raise PremiseError(
                f"{where}: the outputs were said from topic {topic} up to offset {covered}, it ends at {end}: "
                "the log was cut or recreated; start with --accept-gap to go on with what it holds now"
            )
    return {topic: covered for topic, covered in covers.items() if covered <= log.ends[topic]}
