"""`evenhand restate` on a real broker: what a changed catalogue changes is said once more, and nothing else ever."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from streams.live.comparison import Tally
from streams.live.publisher import Publisher
from streams.live.rebuilding import rebuild
from streams.live.tenure import Tenure
from tests.commands import Ended, evenhand
from tests.live.conftest import Install
from tests.live.crashing import CRASHED
from tests.live.crashing_restate import STEPS
from tests.live.installation import Installation
from tests.live.log import Sent, read
from tests.live.proof import read_topics, replayed, standing_twice
from tests.live.surgery import copy_disk, cut_off

USAGE, ENVIRONMENT = 2, 3
CATALOGUE = """
dimensions = ["department"]
shadow_models = ["last"]

[touchpoints.google_ad_click]
lifetime = "P3D"
dimensions = { department = "Technology" }

[touchpoints.newsletter_sign_up]
lifetime = "P1D"
dimensions = { department = "Fundraising" }
"""
ANOTHER_NAME = """
[touchpoints.podcast_heard]
lifetime = "P1D"
dimensions = { department = "Communications" }
"""
SHORTER_CLICKS = CATALOGUE.replace('"P3D"', '"P1D"')

Event = dict[str, Any]
Restate = Callable[..., Ended]


@pytest.fixture
def restate(monkeypatch: pytest.MonkeyPatch) -> Restate:
    """Runs the command within this process, on the disk of that name."""

    def run(installation: Installation, disk: str, *arguments: str, **settings: str) -> Ended:
        for name, value in (installation.environment(disk) | settings).items():
            if name.startswith("EVENHAND_"):
                monkeypatch.setenv(name, value)
        return evenhand("restate", *arguments)

    return run


def event(contact: str, kind: str, event_id: str, at: str, **fields: str) -> Sent:
    """A fact of July 2023; `at` is its day and time."""
    body = {"type": kind, "event_id": event_id, "contact_id": contact, "occurred_at": f"2023-07-{at}:00Z", **fields}
    topic = "touchpoints" if kind.startswith("touchpoint") else "conversions"
    return Sent(topic, contact.encode(), json.dumps(body).encode())


def touch(contact: str, event_id: str, name: str, at: str) -> Sent:
    return event(contact, "touchpoint.recorded", event_id, at, name=name)


def gift(contact: str, at: str = "05T11:00") -> Sent:
    return event(contact, "conversion.recorded", "gift", at, name="donation", value="50.00", currency="GBP")


def refund(contact: str, event_id: str) -> Sent:
    return event(
        contact, "conversion.refunded", event_id, "06T09:00", conversion_id="gift", value="1.00", currency="GBP"
    )


FACTS = (
    touch("fewer", "t1", "google_ad_click", "03T10:00"),
    touch("fewer", "t2", "newsletter_sign_up", "05T10:00"),
    gift("fewer"),
    touch("more", "t1", "podcast_heard", "05T10:00"),
    touch("more", "t2", "newsletter_sign_up", "05T10:30"),
    gift("more"),
    touch("same", "t1", "newsletter_sign_up", "05T10:00"),
    gift("same"),
    gift("nobody"),
)
"""A gift each: with a click that a shorter lifetime leaves out; after a podcast of which a catalogue may not know; and
two that no catalogue here changes."""
SHOWN = """\
donation gift of fewer, 2023-07-05T11:00:00Z, 50.00 GBP: version 3 → 4
  differs under linear, last
  department  Fundraising  25.00 → 50.00
  department  Technology   25.00 → -

donation gift of more, 2023-07-05T11:00:00Z, 50.00 GBP: version 2 → 3
  differs under linear, last
  department  Communications  - → 25.00
  department  Fundraising     50.00 → 25.00
"""
FIRST = {"fewer": [3], "more": [2], "same": [2], "nobody": [1]}
RESTATED = FIRST | {"fewer": [3, 4], "more": [2, 3]}
"""Under shorter clicks and with another name."""


@pytest.fixture
def said(install: Install) -> Installation:
    """An installation whose worker on disk `a` has said the credit of each gift, and has stopped."""
    installation = install(CATALOGUE)
    installation.send(FACTS)  # all there before any is decided: each credit is said once
    worker = installation.worker("a")
    installation.wait_until_settled()
    assert worker.stop() == 0
    assert versions(installation) == FIRST
    return installation


def versions(installation: Installation, topic: str = "credits") -> dict[str, list[int]]:
    """What stands in the topic, by contact."""
    found = defaultdict(list)
    for record in read(installation.broker, *installation.topics([topic])):
        message = json.loads(record.value or b"")
        found[message["contact_id"]].append(message["version"])
    return dict(found)


def followed(said: dict[str, list[int]], times: int) -> dict[str, list[int]]:
    """The same, and each credit said so many times more."""
    return {contact: [*before, *range(before[-1] + 1, before[-1] + 1 + times)] for contact, before in said.items()}


def tallied(ended: Ended) -> Tally:
    """What the command's table says of all partitions."""
    [line] = re.findall(r"^all +([ 0-9]+)$", ended.out, re.MULTILINE)
    return Tally(*map(int, line.split()))


def dying(installation: Installation, disk: str, step: str) -> int:
    """Run a restatement that dies at the step; its exit code."""
    command = [sys.executable, "-m", "tests.live.crashing_restate", step, "restate"]
    return subprocess.run(command, env=installation.environment(disk), check=False, capture_output=True).returncode


def serve(installation: Installation, disk: str, *facts: Sent, **settings: str) -> None:
    """A worker takes these facts, too."""
    worker = installation.worker(disk, **settings)
    installation.send(facts)
    installation.wait_until_settled()
    assert worker.stop() == 0, worker.tail()


def assert_as_replayed(installation: Installation, facts: Sequence[Sent]) -> None:
    """But for the version, the last messages are those that `replay` gives under the catalogue as it is now."""
    values = {fact.value for fact in facts}
    topics = read_topics(installation)
    expected = replayed([record for record in topics.inputs if record.value in values], installation)
    assert without_versions(topics.last_said) == without_versions(expected)
    assert standing_twice(topics.letters) == []


def without_versions(messages: dict[bytes, bytes]) -> dict[bytes, Event]:
    said = {key: json.loads(message) for key, message in messages.items()}
    return {key: message | {"version": None} for key, message in said.items()}


def test_what_a_changed_catalogue_changes_is_said_once_more_and_nothing_else(
    said: Installation, restate: Restate
) -> None:
    # Given
    said.catalogue.write_text(SHORTER_CLICKS + ANOTHER_NAME)
    refused = said.worker("a")
    assert refused.ended() == USAGE
    assert "evenhand restate" in refused.errors()[-1]

    # When
    ended = restate(said, "a")

    # Then
    assert ended.code == 0, ended.err
    assert tallied(ended) == Tally(looked_at=4, said_again=2, unchanged=2)
    assert versions(said) == versions(said, "credits.shadow") == RESTATED
    assert_as_replayed(said, FACTS)

    # and its worker goes on
    refunds = [refund(contact, "r1") for contact in FIRST]
    serve(said, "a", *refunds)
    assert versions(said) == followed(RESTATED, 1)

    # also on a machine that has nothing but the topics
    shutil.rmtree(said.snapshots)
    serve(said, "b")
    assert versions(said) == followed(RESTATED, 1)
    more = [refund(contact, "r2") for contact in FIRST]
    serve(said, "b", *more)
    assert versions(said) == versions(said, "credits.shadow") == followed(RESTATED, 2)
    assert_as_replayed(said, [*FACTS, *refunds, *more])


def test_a_restatement_that_dies_anywhere_is_run_again_and_says_nothing_twice(
    said: Installation, restate: Restate
) -> None:
    said.catalogue.write_text(SHORTER_CLICKS + ANOTHER_NAME)

    codes = {step: dying(said, "a", step) for step in STEPS}
    ended = restate(said, "a")

    assert codes == dict.fromkeys(STEPS, CRASHED)
    assert ended.code == 0, ended.err
    assert tallied(ended) == Tally(looked_at=4, unchanged=4)
    assert versions(said) == versions(said, "credits.shadow") == RESTATED
    serve(said, "a", *(refund(contact, "r1") for contact in FIRST))
    assert versions(said) == followed(RESTATED, 1)


def test_beside_a_worker_nothing_but_a_dry_run_is_done(said: Installation, restate: Restate) -> None:
    # Given
    changed = said.home / "changed.toml"
    changed.write_text(SHORTER_CLICKS + ANOTHER_NAME)
    worker = said.worker("a")
    worker.wait_for("partition taken over")
    before = read_topics(said)

    # When
    ended = restate(said, "b", "--catalogue", str(changed))
    shown = restate(said, "a", "--catalogue", str(changed), "--dry-run")

    # Then
    assert (ended.code, shown.code) == (ENVIRONMENT, 0), shown.err
    assert f"{said.group} has active members" in ended.err
    assert tallied(shown) == Tally(looked_at=4, said_again=2, unchanged=2)
    assert SHOWN in shown.out
    assert read_topics(said) == before
    said.send([refund("same", "r1")])
    said.wait_until_settled()
    assert worker.stop() == 0
    assert versions(said) == FIRST | {"same": [2, 3]}


def test_states_from_before_a_restatement_are_not_gone_on_with(said: Installation, restate: Restate) -> None:
    copy_disk(said, "a", "old rules")
    said.catalogue.write_text(CATALOGUE + ANOTHER_NAME)
    copy_disk(said, "a", "same rules")
    assert restate(said, "a").code == 0

    # a new name is no other rule for the past, but facts count now that did not
    stale = said.worker("same rules")
    assert stale.ended() == ENVIRONMENT
    assert "`evenhand restate`" in stale.errors()[-1]
    assert "`evenhand state reset`" in stale.errors()[-1]

    # under rules that are other ones, the restated snapshot is taken instead
    said.catalogue.write_text(SHORTER_CLICKS + ANOTHER_NAME)
    assert restate(said, "a").code == 0
    before = versions(said)
    serve(said, "old rules", *(refund(contact, "r1") for contact in FIRST))
    assert before == RESTATED
    assert versions(said) == followed(before, 1)


def test_what_the_new_rules_refuse_becomes_a_dead_letter_and_its_credit_stands(
    said: Installation, restate: Restate
) -> None:
    serve(said, "a", gift("early", "03T10:00"))
    said.catalogue.write_text('attribution_horizon = "P1D"' + CATALOGUE)

    ended = restate(said, "a")

    assert ended.code == 0, ended.err
    assert tallied(ended) == Tally(looked_at=4, unchanged=4, left=1, dead_letters=1)
    assert list(read_topics(said).refused.values()).count("too_late") == 1
    serve(said, "a")
    assert versions(said) == FIRST | {"early": [1]}
    said.catalogue.write_text(CATALOGUE)
    assert tallied(restate(said, "a")) == Tally(looked_at=5, unchanged=5)


def test_a_restatement_gives_way_to_a_worker(
    said: Installation, restate: Restate, monkeypatch: pytest.MonkeyPatch
) -> None:
    said.catalogue.write_text(SHORTER_CLICKS)

    async def rebuild_while_a_worker_comes(tenure: Tenure, *others: Any) -> None:
        await rebuild(tenure, *others)
        worker = Publisher(tenure.tools.connection, f"{said.group}-0", 0)
        await worker.start()
        await worker.stop()

    with monkeypatch.context() as patch:
        patch.setattr("streams.live.restatement.rebuild", rebuild_while_a_worker_comes)
        ended = restate(said, "a")

    assert ended.code == ENVIRONMENT
    assert f"see that the brokers answer and that no worker of {said.group} runs" in ended.err
    assert versions(said) == FIRST
    assert tallied(restate(said, "a")) == Tally(looked_at=4, said_again=1, unchanged=3)


def test_what_cannot_be_restated_is_refused_with_what_to_do(said: Installation, restate: Restate) -> None:
    said.catalogue.write_text(SHORTER_CLICKS)
    nowhere = restate(said, "a", "--partition", "1")
    cut_off(said, {"touchpoints": 1})
    cut = restate(said, "a")

    assert (nowhere.code, cut.code) == (USAGE, ENVIRONMENT)
    assert "there is no partition 1" in nowhere.err
    assert "records are gone" in cut.err
    assert "date the change instead" in cut.err
    assert versions(said) == FIRST
