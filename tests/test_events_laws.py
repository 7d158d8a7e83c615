"""Laws of the judgement on contacts and interactions: it is total, and equal facts have one canonical form."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from events.codec import canonical_event, decode, decode_any
from events.contacts import ContactFact
from events.interactions import InteractionFact
from events.refusal import Refusal
from events.sent import fields_of
from tests.sent_events import Sent, record
from tests.test_events_fast import WRONG

TOPICS = ("contacts", "interactions")
GOLDEN: list[Sent] = [
    case["sent"]
    for path in sorted(Path(__file__).with_name("golden").glob("*.1.json"))
    for case in json.loads(path.read_text(encoding="utf-8")).values()
    if case.get("topic") in TOPICS
]
SPELLINGS: dict[str, list[object]] = {
    "occurred_at": ["2023-07-05T11:00:00Z", "2023-07-05t13:00:00.000+02:00", "2023-07-05T11:00:01Z"],
    "starts_at": ["2023-07-06T09:00:00Z", "2023-07-06T10:00:00+01:00", "2023-07-06T09:00:00"],
    "duration": ["PT1H", "PT60M", "PT3600.0S", "P1M"],
    "points": [5, 5.0, 5.5, True, None],
    "tags": [[], ["a"], ["a", "b"], None],
    "assignee": ["u1", "u2", ""],
    "response_required": [False, True, 0],
    "source": ["manual", "mail", "robot"],
    "attributes": [{"a": 1}, {"a": 1.0}, {"a": True}, {"a": None}, {"tags": ["x"]}, {"tags": "x"}],
}
GOLDEN_EVENTS = st.sampled_from(GOLDEN)


@st.composite
def respelled(draw: st.DrawFn, events: st.SearchStrategy[Sent] = GOLDEN_EVENTS) -> bytes:
    """A golden event with some fields spelled otherwise, left out or put in, in any order."""
    event = dict(draw(events))
    for field in draw(st.sets(st.sampled_from(sorted(SPELLINGS)), max_size=4)):
        if draw(st.integers(0, 4)) or field not in event:
            event[field] = draw(st.sampled_from(SPELLINGS[field]))
        else:
            del event[field]
    event = {field: event[field] for field in draw(st.permutations(list(event)))}
    return json.dumps(event, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))).encode()


@settings(max_examples=300)
@given(st.data())
def test_facts_are_equal_exactly_when_their_canonical_forms_are(data: st.DataObject) -> None:
    event = data.draw(GOLDEN_EVENTS)
    one, other = (data.draw(respelled(st.just(event))) for _ in range(2))
    facts = [decode_any(value) for value in (one, other)]
    if not any(isinstance(fact, Refusal) for fact in facts):
        assert (facts[0] == facts[1]) is (canonical_event(one) == canonical_event(other))


@settings(max_examples=200)
@given(respelled())
def test_a_canonical_form_is_an_event_of_the_same_fact(value: bytes) -> None:
    judged = decode_any(value)
    if not isinstance(judged, Refusal):
        assert decode_any(canonical_event(value)) == judged
        assert canonical_event(canonical_event(value)) == canonical_event(value)


@settings(max_examples=100)
@given(respelled())
def test_an_accepted_event_gives_its_fields_as_sent(value: bytes) -> None:
    if not isinstance(decode_any(value), Refusal):
        sent: Sent = json.loads(value, parse_float=Decimal)
        assert fields_of(value) == sent


def test_two_thousand_mutated_records_are_each_a_fact_or_a_refusal() -> None:
    chance = random.Random(4217)
    facts = 0
    for number in range(2_000):
        value = WRONG[number % len(WRONG)](chance, record(chance.choice(GOLDEN)))
        for topic in TOPICS:
            judged = decode(topic, value)
            assert isinstance(judged, Refusal) != isinstance(judged, ContactFact | InteractionFact)
            facts += not isinstance(judged, Refusal)
    assert 0 < facts < 2_000
