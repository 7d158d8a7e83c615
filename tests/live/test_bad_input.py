"""Poison first, valid after: whatever comes is in the state or a dead letter, exactly once, and the worker lives."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import islice

from events.refusal import Reason
from tests.live.conftest import Install
from tests.live.installation import Installation
from tests.live.log import Logged, Sent
from tests.live.mutations import BEYOND_THE_HORIZON, CATALOGUE, Event, Mutant, Mutations, at
from tests.live.proof import Topics, missing_from_state, prove
from tests.sent_events import conversion, record, touchpoint

PARTITIONS = 2
HOW_MANY = 1_000


def test_a_thousand_mutants_are_each_in_the_state_or_a_dead_letter(install: Install) -> None:
    # Given
    installation = install(CATALOGUE, PARTITIONS)
    mutations = Mutations(5, PARTITIONS)
    mutants = list(islice(mutations, HOW_MANY))
    worker = installation.worker("a")

    # When
    installation.send([*mutations.sound(), *(mutant.sent for mutant in mutants), *mutations.awaited])
    installation.wait_until_settled()

    # Then
    assert (worker.stop(), worker.errors(), sorted(worker.taken_over())) == (0, [], [0, 1])
    topics = prove(installation)
    assert misjudged(mutants, topics, installation) == []
    assert missing_from_state(topics, installation) == []

    # When
    again = installation.worker("a")
    later = {"occurred_at": at(BEYOND_THE_HORIZON)}
    installation.send(mutations.sent(mutations.event(make, **later)) for make in [touchpoint, conversion] * 30)
    installation.wait_until_settled()

    # Then
    assert (again.stop(), again.errors()) == (0, [])
    topics = prove(installation)
    in_vain = [record.place for record in topics.inputs if sent_as(record, installation) in mutations.never]
    assert {topics.refused.get(place) for place in in_vain} == {Reason.NEVER_MATCHED}
    assert set(topics.refused.values()) == set(Reason)
    assert [letter for letter in topics.letters if not tells_all(letter, topics)] == []


def test_a_bad_deploy_stops_the_worker_until_its_letters_are_accepted_and_sent_back(install: Install) -> None:
    # Given
    installation = install(CATALOGUE)
    allowed = {"EVENHAND_DEAD_LETTER_RATIO": "0.01"}  # 98 of these and the two that `wait_until_settled` sends
    old = [touchpoint(event_id=f"old-{number}", occurred_at="2023-06-01T00:00:00Z") for number in range(150)]
    strange = [touchpoint(event_id=f"strange-{number}", name="newsletter") for number in range(99)]
    before = [touchpoint(event_id="t1"), *[touchpoint(event_id="t1", name="newsletter", lifetime="P1D")] * 150, *old]
    tolerable, fatal, after = [*before, *strange[:-1]], strange[-1], conversion(occurred_at="2023-07-05T12:00:00Z")

    # When
    installation.send(to_its_topic(event) for event in tolerable)
    worker = installation.worker("a", **allowed)
    installation.wait_until_settled()
    assert worker.running
    installation.send([to_its_topic(fatal), to_its_topic(after)])

    # Then
    for stopped in (worker, installation.worker("a", **allowed)):
        assert stopped.ended() == 3
        [error] = stopped.errors()
        assert f"topic {installation.prefix}touchpoints: 101 of the last 10000" in error
        assert "unknown_touchpoint" in error
        assert "--accept-dead-letters" in error

    # When
    accepting = installation.worker("a", "--accept-dead-letters", **allowed)
    installation.wait_until_settled()

    # Then
    assert (accepting.stop(), accepting.errors()) == (0, [])
    [credit] = prove(installation).credits
    assert [one["touchpoint_id"] for one in json.loads(credit.value or b"")["touchpoints"]] == ["t1"]

    # When
    installation.catalogue.write_text(CATALOGUE + '[touchpoints.newsletter]\nlifetime = "P1D"\n')
    mended = installation.worker("a", **allowed)
    assert installation.evenhand("dead-letters", "retry", "--reason", "unknown_touchpoint").code == 0
    installation.wait_until_settled()

    # Then
    assert (mended.stop(), mended.errors()) == (0, [])
    credit = prove(installation).credits[-1]
    assert len(json.loads(credit.value or b"")["touchpoints"]) == 1 + len(strange)


def to_its_topic(event: Event) -> Sent:
    """As its producer sends it."""
    topic = "touchpoints" if event["type"].startswith("touchpoint") else "conversions"
    return Sent(topic, event["contact_id"].encode(), record(event))


def misjudged(mutants: list[Mutant], topics: Topics, installation: Installation) -> list[tuple[Mutant, str | None]]:
    """The mutants that were refused for another reason than they should be, or for none, with that."""
    expected = {mutant.sent: mutant for mutant in mutants if mutant.certain}
    found = [(expected.get(sent_as(record, installation)), record.place) for record in topics.inputs]
    refused = topics.refused
    judged = [(mutant, refused.get(place)) for mutant, place in found if mutant is not None]
    return [(mutant, reason) for mutant, reason in judged if mutant.reason != reason]


def sent_as(record: Logged, installation: Installation) -> Sent:
    """A logged record as it was sent."""
    return Sent(record.topic.removeprefix(installation.prefix), record.key, record.value, record.partition)


def tells_all(letter: Logged, topics: Topics) -> bool:
    """Whether a dead letter has the form of the contract and keeps all of the record that it refuses."""
    said = json.loads(letter.value or b"")
    refused = {record.place: record for record in topics.inputs}[said["topic"], said["partition"], said["offset"]]
    errors = said.pop("errors")
    return (
        letter.key == refused.key
        and said == {"reason": said["reason"], **kept_of(refused)}
        and len(errors) > 0
        and all(error.keys() == {"path", "message"} and error["message"] != "" for error in errors)
    )


def kept_of(record: Logged) -> dict[str, object]:
    """What a dead letter keeps of a record, its key apart."""
    received = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=record.timestamp)
    text = received.isoformat(timespec="microseconds" if received.microsecond else "seconds")
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    common = {**place, "received_at": text.replace("+00:00", "Z")}
    try:
        return {**common, "payload": None if record.value is None else record.value.decode()}
    except UnicodeDecodeError:
        return {**common, "payload": base64.b64encode(record.value or b"").decode(), "encoding": "base64"}
