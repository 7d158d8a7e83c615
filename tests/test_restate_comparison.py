"""Which credits restating says again, and under which version."""

from __future__ import annotations

import json
from collections.abc import Sequence

from config.catalogue import Catalogue
from events.fact import Fact
from events.refusal import Reason, refuse
from streams.live.comparison import Comparison
from streams.rows import Origin
from tests.domain import DAY_US, NOON, Partition, catalogue, conversion, retraction, touchpoint
from tests.restating import Message, messages, rebuilt, recovered, restated, served, versions

AD = """
[touchpoints.ad]
lifetime = "P3D"
dimensions = { channel = "Paid" }
"""
MAIL = """
[touchpoints.mail]
lifetime = "P3D"
dimensions = { channel = "Mail" }
"""
FORMER = catalogue(AD + MAIL)
OWN = b'["donor-7","c1"]'


def restate(facts: Sequence[Fact], new: Catalogue, former: Catalogue = FORMER) -> tuple[Comparison, list[Message]]:
    return restated(rebuilt(new, facts), messages(served(former, facts).said))


def test_an_unchanged_credit_keeps_its_version() -> None:
    facts: list[Fact] = [touchpoint("t1", NOON, "ad"), conversion("c1", NOON)]

    comparison, said = restate(facts, catalogue(AD))

    assert said == []
    assert (comparison.tally.looked_at, comparison.tally.unchanged) == (1, 1)


def test_a_changed_credit_is_said_with_the_next_version_where_fewer_facts_count() -> None:
    facts: list[Fact] = [touchpoint("t1", NOON - DAY_US, "ad"), touchpoint("t2", NOON, "mail"), conversion("c1", NOON)]

    comparison, [said] = restate(facts, catalogue(AD.replace("P3D", "PT1H") + MAIL))

    assert (said.version, said.lift) == (4, 2)
    assert [touch["touchpoint_id"] for touch in said.content["touchpoints"]] == ["t2"]
    assert comparison.tally.said_again == 1


def test_a_changed_credit_is_said_with_the_count_of_its_facts_where_more_of_them_count() -> None:
    facts: list[Fact] = [*(touchpoint(f"t{number}", NOON, "mail") for number in range(3)), conversion("c1", NOON)]

    _, [said] = restate(facts, FORMER, former=catalogue(AD))

    assert (said.version, said.lift) == (4, 0)


def test_a_credit_of_which_other_facts_count_is_said_again_though_it_says_the_same() -> None:
    """The lift, without which its versions would go back, stands in the topic or, once a disk is lost, nowhere."""
    facts: list[Fact] = [
        touchpoint("t1", NOON - DAY_US, "ad"),
        retraction("r1", "t1", NOON),
        touchpoint("t2", NOON, "mail"),
        conversion("c1", NOON),
    ]

    comparison, [said] = restate(facts, catalogue(AD.replace("P3D", "PT1H") + MAIL))

    assert (said.version, said.lift) == (5, 3)
    assert said.content == messages(served(FORMER, facts).said)[-1].content
    assert comparison.tally.said_again == 1


def test_a_credit_under_a_new_shadow_model_is_said_under_all_models_with_one_version() -> None:
    facts: list[Fact] = [touchpoint("t1", NOON, "ad"), conversion("c1", NOON)]

    _, said = restate(facts, catalogue('shadow_models = ["last"]' + AD))

    assert versions(said) == {OWN: [3], b'["donor-7","c1","last"]': [3]}


def test_a_credit_under_a_shadow_model_that_went_is_left_as_it_stands() -> None:
    facts: list[Fact] = [touchpoint("t1", NOON, "ad"), conversion("c1", NOON)]

    _, said = restate(facts, catalogue(AD), former=catalogue('shadow_models = ["last"]' + AD))

    assert said == []


def test_a_credit_that_was_not_said_yet_is_said_with_the_count_of_its_facts() -> None:
    facts: list[Fact] = [touchpoint("t1", NOON, "ad"), conversion("c1", NOON)]

    comparison, [said] = restated(rebuilt(FORMER, facts), [])

    assert (said.version, said.lift) == (2, 0)
    assert comparison.tally.said_first == 1


def test_a_credit_whose_conversion_is_refused_now_is_left_as_it_stands_and_goes_on_above_it() -> None:
    facts: list[Fact] = [touchpoint("t1", NOON, "ad"), conversion("c1", NOON)]
    log = messages(served(FORMER, facts).said)
    partition = rebuilt(FORMER, [])

    comparison, said = restated(partition, log)
    partition.take(*facts)

    assert (said, comparison.tally.left) == ([], 1)
    assert versions(messages(partition.said)) == {OWN: [4]}


def test_the_changes_are_told_with_what_stands_and_what_comes() -> None:
    facts: list[Fact] = [touchpoint("t1", NOON, "ad"), conversion("c1", NOON), conversion("c2", NOON)]
    log = messages(served(FORMER, facts).said)

    comparison, _ = restated(rebuilt(catalogue(AD.replace("Paid", "Search")), facts), log, sample=1)

    [change] = comparison.changes
    assert (change.contact_id, change.conversion_id, change.said, change.version) == ("donor-7", "c1", 2, 3)
    assert change.models == ["linear"]
    assert log[change.offset].key == OWN
    assert json.loads(change.now)["dimensions"]["channel"]["credits"] == {"Search": "50.00"}


def test_the_last_version_stands_wherever_it_is_met() -> None:
    facts: list[Fact] = [conversion("c1", NOON), touchpoint("t1", NOON, "ad"), touchpoint("t2", NOON, "ad")]
    log = messages(served(FORMER, facts).said)

    comparison, said = restated(rebuilt(FORMER, facts), log[::-1])

    assert [message.version for message in log] == [1, 2, 3]
    assert (said, comparison.tally.unchanged) == ([], 1)


def test_a_recovered_partition_goes_on_above_what_was_restated() -> None:
    facts: list[Fact] = [touchpoint("t1", NOON - DAY_US, "ad"), conversion("c1", NOON)]
    new = catalogue(AD.replace("P3D", "PT1H") + MAIL)
    log = messages(served(FORMER, facts).said)
    log += restated(rebuilt(new, facts), log)[1]

    partition = recovered(new, facts, log)
    partition.take(touchpoint("t2", NOON, "mail"))

    assert versions([*log, *messages(partition.said)]) == {OWN: [2, 3, 4]}


def test_refusals_that_are_owed_come_in_pieces_of_bounded_size() -> None:
    state = Partition().state
    origins = [Origin("touchpoints", 0, offset, 0, b"donor-7", b"{}") for offset in range(5)]
    for origin in origins:
        state.owe_refusal(origin, refuse(Reason.TOO_LATE, "donor-7", "/occurred_at", "too late"))
    state.commit()

    pieces = []
    while piece := state.owed_refusals(2):
        pieces.append([origin for origin, _ in piece])
        state.commit()

    assert pieces == [origins[:2], origins[2:4], origins[4:]]
