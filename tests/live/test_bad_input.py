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
from tests.live.mutations import BEYOND_THE_HORIZON, CATALOGUE, Mutant, Mutations, at
from tests.live.proof import Topics, missing_from_state, prove
from tests.sent_events import conversion, touchpoint

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
