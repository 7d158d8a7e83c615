"""The laws of restating, on the real decider: the topics then say what the new rules make of the facts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from config.catalogue import Catalogue
from events.fact import Conversion, Fact, Refund
from streams.holds import UNBOUNDED, Holds
from streams.message import credit_key
from tests.domain import HOUR_US, catalogue, refund
from tests.histories import DICE, LENGTHS, UNIQUE, Ids, history
from tests.restating import last, messages, rebuilt, recovered, restated, served, touch_all, versions

AD = """
[touchpoints.ad]
lifetime = "PT3H"
dimensions = { channel = "Paid", platform = "Google" }
"""
DIRECT = """
[touchpoints.direct]
lifetime = "PT2H"
"""
MAIL = """
[touchpoints.mail]
lifetime = "PT6H"
dimensions = { channel = "Mail" }
"""
RULEBOOKS = [
    catalogue(text)
    for text in (
        AD + DIRECT + MAIL,
        AD + DIRECT,  # mail is refused
        AD.replace("PT3H", "PT30M") + DIRECT + MAIL.replace("PT6H", "P1D"),
        AD.replace("Paid", "Search") + DIRECT + MAIL,
        'shadow_models = ["last"]' + AD + DIRECT + MAIL,
        'model = "last"\nshadow_models = ["linear", "first"]' + AD + DIRECT + MAIL,
        'dimensions = ["place"]\nmax_window = 1' + AD + DIRECT + MAIL.replace("PT6H", "PT1H"),
    )
]
FACTS = st.builds(history, DICE, LENGTHS)
FACTS_WITH_FEW_IDS = st.builds(history, DICE, LENGTHS, st.sampled_from([UNIQUE, Ids(4, 4)]))
HOLDS = st.sampled_from([Holds(3 * HOUR_US, 4 * HOUR_US), Holds(3 * HOUR_US, 12 * HOUR_US)])
FORMER_AND_NEW = st.tuples(st.sampled_from(RULEBOOKS), st.sampled_from(RULEBOOKS))


@given(FACTS_WITH_FEW_IDS, FORMER_AND_NEW, st.just(UNBOUNDED) | HOLDS)
@settings(max_examples=200, deadline=None)
def test_restated_credits_say_what_the_new_rules_make_of_the_facts(
    facts: list[Fact], rules: tuple[Catalogue, Catalogue], holds: Holds
) -> None:
    former, new = rules
    log = messages(served(former, facts, holds).said)

    _, again = restated(rebuilt(new, facts, holds), log)

    expected = last(messages(served(new, facts, holds).said))
    found = last([*log, *again])
    assert {key: found.get(key) for key in expected} == expected


@given(FACTS_WITH_FEW_IDS, FORMER_AND_NEW, st.just(UNBOUNDED) | HOLDS)
@settings(max_examples=200, deadline=None)
def test_restating_takes_no_version_back_and_never_repeats_one(
    facts: list[Fact], rules: tuple[Catalogue, Catalogue], holds: Holds
) -> None:
    former, new = rules
    log = messages(served(former, facts, holds).said)

    _, again = restated(rebuilt(new, facts, holds), log)

    assert {key: found for key, found in versions([*log, *again]).items() if found != sorted(set(found))} == {}


@given(FACTS_WITH_FEW_IDS, st.sampled_from(RULEBOOKS), HOLDS)
@settings(max_examples=200, deadline=None)
def test_under_the_same_rules_nothing_is_said_again(facts: list[Fact], rules: Catalogue, holds: Holds) -> None:
    log = messages(served(rules, facts, holds).said)

    comparison, again = restated(rebuilt(rules, facts, holds), log)

    assert again == []
    assert comparison.tally.unchanged == comparison.tally.looked_at


@given(FACTS, FORMER_AND_NEW, st.integers(0, 50))
@settings(max_examples=200, deadline=None)
def test_interrupted_anywhere_it_says_the_rest_and_nothing_twice(
    facts: list[Fact], rules: tuple[Catalogue, Catalogue], said_before: int
) -> None:
    former, new = rules
    log = messages(served(former, facts).said)
    _, whole = restated(rebuilt(new, facts), log)
    models = 1 + len(new.rules_at(0).shadow_models)
    begun = whole[: said_before * models]  # a conversion's messages are in one transaction

    _, rest = restated(rebuilt(new, facts), [*log, *begun])

    assert [*begun, *rest] == whole


@given(FACTS, FORMER_AND_NEW)
@settings(max_examples=200, deadline=None)
def test_a_version_is_the_count_of_facts_unless_that_is_no_next_one(
    facts: list[Fact], rules: tuple[Catalogue, Catalogue]
) -> None:
    former, new = rules
    log = messages(served(former, facts).said)

    _, again = restated(rebuilt(new, facts), log)

    counts = versions(messages(served(new, facts).said))
    said = versions(log)
    owns = [message.key for message in again if not message.shadow]
    expected = {key: max(counts[key][-1], said[key][-1] + 1) for key in owns}
    assert {key: found for key, [found] in versions(again).items() if key in expected} == expected


@given(FACTS, FORMER_AND_NEW)
@settings(max_examples=200, deadline=None)
def test_what_was_restated_outlives_the_disk(facts: list[Fact], rules: tuple[Catalogue, Catalogue]) -> None:
    former, new = rules
    log = messages(served(former, facts).said)
    kept, made_again = rebuilt(new, facts), rebuilt(new, facts)
    log += restated(kept, log)[1]
    restated(made_again, log)

    lost = recovered(new, facts, log)

    partitions = kept, made_again, lost
    touch_all(kept)
    touch_all(made_again)
    assert [list(partition.crediting.say()) for partition in partitions] == [[], [], []]
    said = versions(log)
    for fact in facts:
        if isinstance(fact, Conversion):
            for partition in partitions:
                partition.take(one_more(fact))
                key = credit_key(fact.contact_id, fact.event_id)
                assert versions(messages(partition.said))[key] == [said[key][-1] + 1]


def one_more(fact: Conversion) -> Refund:
    return refund(f"of {fact.event_id}", fact.event_id, 1, fact.occurred_us, fact.currency, fact.contact_id)
