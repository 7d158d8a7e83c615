"""The premises of the guarantee, each broken on purpose: the worker says what to do, and is never wrong in silence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from tests.acceptance import donation, event, touchpoint
from tests.live.conftest import Install
from tests.live.installation import INPUTS, Installation
from tests.live.log import Sent, read
from tests.live.proof import prove, read_topics, repeated_versions, standing_twice, unlike_replay
from tests.live.story import CATALOGUE, Story
from tests.live.surgery import (
    copy_disk,
    cut_off,
    database,
    delete,
    move_to_cluster,
    offsets_of,
    read_on,
    recreate,
    save,
)
from tests.live.worker import Worker

USAGE, ENVIRONMENT = 2, 3
NEVER = {"EVENHAND_SNAPSHOT_URL": ""}


@pytest.fixture
def records() -> Iterator[Sent]:
    return iter(Story(8, 1, contacts=60, days=60))


def serve(installation: Installation, sent: Iterator[Sent], *arguments: str, **settings: str) -> Worker:
    """A worker on disk a has taken in 300 records more, and has been stopped."""
    worker = installation.worker("a", *arguments, **settings)
    installation.send(islice(sent, 300))
    installation.wait_until_settled()
    assert worker.stop() == 0
    return worker


def refuses(installation: Installation, code: int, *arguments: str, disk: str = "a", **settings: str) -> str:
    """A worker that ends by itself with that code; its one line of why."""
    worker = installation.worker(disk, *arguments, **settings)
    assert worker.ended() == code, worker.tail()
    return worker.log.read_text().splitlines()[-1]


# The same rules


def test_rules_that_changed_without_a_date_are_refused(install: Install, records: Iterator[Sent]) -> None:
    installation = install()
    serve(installation, records)
    installation.catalogue.write_text(CATALOGUE.replace('lifetime = "P7D"', 'lifetime = "P9D"'))

    said = refuses(installation, USAGE)

    assert said.startswith(f"error: {installation.catalogue}: ")
    assert "evenhand restate" in said
    installation.catalogue.write_text(CATALOGUE)
    serve(installation, records)
    prove(installation)


# The same log


@pytest.mark.parametrize("name", ["touchpoints", "credits", "dead-letters"])
def test_a_topic_that_was_recreated_is_refused(install: Install, records: Iterator[Sent], name: str) -> None:
    installation = install()
    serve(installation, records)
    recreate(installation, name)

    said = refuses(installation, ENVIRONMENT)

    assert f"topic {installation.prefix}{name} was recreated" in said
    assert "evenhand state reset" in said


@pytest.mark.parametrize("names", [("credits", "credits.shadow"), ("dead-letters",)])
def test_a_recreated_output_is_said_again_once_the_state_is_reset(
    install: Install, records: Iterator[Sent], names: tuple[str, ...]
) -> None:
    installation = install()
    serve(installation, records)
    before = read_topics(installation)
    for name in names:
        recreate(installation, name)
    installation.reset("a")

    serve(installation, records)

    after = prove(installation)
    assert before.refused.items() <= after.refused.items()
    assert len(after.credits) >= len({record.key for record in before.credits})


def test_inputs_shorter_than_what_was_said_of_them_are_refused(install: Install, records: Iterator[Sent]) -> None:
    installation = install()
    serve(installation, records)
    recreate(installation, "touchpoints")
    installation.reset("a")

    said = refuses(installation, ENVIRONMENT)

    assert f"the outputs were said from topic {installation.prefix}touchpoints up to offset" in said
    assert "it ends at 0: the log was cut or recreated; start with --accept-gap" in said
    serve(installation, records, "--accept-gap")
    assert repeated_versions(read_topics(installation).credits) == []


@pytest.mark.parametrize("name", ["touchpoints", "credits"])
def test_a_topic_recreated_under_a_running_worker_stops_it(
    install: Install, records: Iterator[Sent], name: str
) -> None:
    installation = install()
    worker = installation.worker("a")
    installation.send(islice(records, 300))
    installation.wait_until_settled()

    recreate(installation, name)

    assert worker.ended() == ENVIRONMENT
    said = worker.log.read_text().splitlines()[-1]
    assert f"{installation.prefix}{name}" in said
    assert "recreated" in said or "deleted" in said or "missing" in said
    assert "was recreated" in refuses(installation, ENVIRONMENT)


def test_a_topic_deleted_under_a_running_worker_stops_it(install: Install, records: Iterator[Sent]) -> None:
    installation = install()
    worker = installation.worker("a")
    installation.send(islice(records, 300))
    installation.wait_until_settled()

    delete(installation, "conversions")

    assert worker.ended() == ENVIRONMENT
    assert f"{installation.prefix}conversions" in worker.log.read_text().splitlines()[-1]


def test_state_of_another_cluster_is_refused(install: Install, records: Iterator[Sent]) -> None:
    installation = install()
    serve(installation, records, **NEVER)
    move_to_cluster(installation, "a", "MkU3OEVBNTcwNTJENDM2Qk")

    said = refuses(installation, ENVIRONMENT, **NEVER)

    assert f"{database(installation, 'a')}: it was made from cluster MkU3OEVBNTcwNTJENDM2Qk, this is " in said


# Gapless reading


def test_a_log_cut_below_the_state_is_refused_until_the_gap_is_accepted(
    install: Install, records: Iterator[Sent]
) -> None:
    installation = install()
    serve(installation, records)
    before = read(installation.broker, *installation.topics(INPUTS))
    known = offsets_of(installation, "a")
    installation.send(islice(records, 300))
    cut_off(installation, {name: offset + 5 for name, offset in known.items()})

    said = refuses(installation, ENVIRONMENT)

    assert f"the state goes on from {known['touchpoints']}: records are gone; start with --accept-gap" in said
    serve(installation, records, "--accept-gap")
    topics = read_topics(installation)
    assert unlike_replay(topics._replace(inputs=[*before, *topics.inputs]), installation) == {}
    assert repeated_versions(topics.credits) == []
    assert standing_twice(topics.letters) == []


def test_a_log_cut_under_a_running_worker_that_is_behind_stops_it(install: Install, records: Iterator[Sent]) -> None:
    installation = install()
    serve(installation, records)
    worker = installation.worker("a")
    installation.wait_until_settled()
    known = ends_of_topics(installation)
    worker.freeze()
    installation.send(islice(records, 300))
    cut_off(installation, {name: end + 5 for name, end in known.items()})
    installation.send(islice(records, 300))
    worker.thaw()

    assert worker.ended() == ENVIRONMENT
    assert "records are gone; start with --accept-gap" in worker.log.read_text().splitlines()[-1]


def test_a_snapshot_older_than_retention_is_no_way_round_a_gap(install: Install, records: Iterator[Sent]) -> None:
    installation = install()
    serve(installation, records)
    before = read(installation.broker, *installation.topics(INPUTS))
    known = offsets_of(installation, "a")
    installation.send(islice(records, 300))
    cut_off(installation, {name: offset + 5 for name, offset in known.items()})
    installation.wipe("a")

    worker = installation.worker("a")

    assert worker.ended() == ENVIRONMENT
    assert "snapshot skipped" in {entry["event"] for entry in worker.entries()}
    assert "records are gone; start with --accept-gap" in worker.log.read_text().splitlines()[-1]
    accepting = serve(installation, records, "--accept-gap")
    assert "state restored from a snapshot" in {entry["event"] for entry in accepting.entries()}
    topics = read_topics(installation)
    assert unlike_replay(topics._replace(inputs=[*before, *topics.inputs]), installation) == {}
    assert repeated_versions(topics.credits) == []
    assert standing_twice(topics.letters) == []


# One lineage


@pytest.fixture
def two_lineages(install: Install) -> Installation:
    """Snapshots of two states of which neither has read all that the other has; the states are on disks a and b.

    Nothing was said of what they have read: touchpoints, and refunds that wait for their gifts.
    """
    installation = install()
    assert started_and_stopped(installation, "a", **NEVER) == 0
    copy_disk(installation, "a", to="b")
    installation.send([*meetings(300), *refunds(20), *gifts(40)])
    logged = read(installation.broker, *installation.topics(INPUTS))
    conversions, touchpoints = logged[:60], logged[60:]
    for disk, lineage in (("a", touchpoints), ("b", [*touchpoints[:100], *conversions[:20]])):
        read_on(installation, disk, lineage)
        save(installation, disk)
    return installation


@pytest.mark.parametrize(("disk", "skipped"), [("a", False), ("b", True), ("lost", False)])
def test_snapshots_of_two_lineages_lead_nobody_astray(two_lineages: Installation, disk: str, skipped: bool) -> None:
    worker = two_lineages.worker(disk)

    two_lineages.wait_until_settled()

    assert worker.stop() == 0
    assert len(prove(two_lineages).credits) == 40
    whys = [entry["why"] for entry in worker.entries() if entry["event"] == "snapshot skipped"]
    assert [("another lineage than the local state" in why) for why in whys] == [True] * skipped


def meetings(count: int) -> Iterator[Sent]:
    for number in range(count):
        contact = f"donor-{number % 40}"
        value = touchpoint(f"t{number}", "website_visit", f"2025-05-05T10:{number % 60:02}:00Z", contact)
        yield Sent("touchpoints", contact.encode(), value)


def gifts(count: int) -> Iterator[Sent]:
    for number in range(count):
        contact = f"donor-{number}"
        yield Sent("conversions", contact.encode(), donation(f"c{number}", "50.00", "2025-05-05T11:00:00Z", contact))


def refunds(count: int) -> Iterator[Sent]:
    for number in range(count):
        contact, taken_back = f"donor-{number}", {"conversion_id": f"c{number}", "value": "20.00", "currency": "GBP"}
        value = event("conversion.refunded", f"f{number}", "2025-05-05T12:00:00Z", contact, **taken_back)
        yield Sent("conversions", contact.encode(), value)


def started_and_stopped(installation: Installation, disk: str, **settings: str) -> int:
    worker = installation.worker(disk, **settings)
    worker.wait_for("partition taken over")
    return worker.stop()


def ends_of_topics(installation: Installation) -> dict[str, int]:
    return {
        name: max(record.offset for record in read(installation.broker, installation.prefix + name)) + 1
        for name in INPUTS
    }
