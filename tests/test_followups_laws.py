"""Laws of interactions: whatever facts come, in whatever order and however often (contract 2, section 1)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events.facts import key_of
from events.followup_outputs import Followup, Rejection
from events.instant import HOUR_US, LATEST_US, parse_instant
from events.interactions import (
    Changes,
    Completed,
    Deleted,
    Edited,
    InteractionFact,
    Logged,
    Posted,
    Reassigned,
    Scheduled,
    Snoozed,
    Tagged,
)
from projections.followups.book import Book, Copy, Rejected, fold
from projections.followups.due import status_at
from projections.followups.interaction import State
from projections.followups.lifecycle import Changed
from projections.followups.messages import encode_followup, encode_rejection
from projections.followups.reminders import reminder_now
from tests.books import USERS

FEW = settings(max_examples=50)
NOON = parse_instant("2023-07-05T12:00:00Z")

ids = st.sampled_from(["a", "b", "a/2", "a/3"])
instants = st.integers(0, 4).map(lambda hours: NOON + hours * HOUR_US)
days = st.one_of(st.none(), st.dates(date(2023, 7, 4), date(2023, 7, 8)), st.just(date(2200, 12, 31)))
texts = st.sampled_from([None, "x", "y"])
tags = st.lists(st.sampled_from("pqr"), max_size=3).map(tuple)
rules = st.sampled_from(
    [None, "FREQ=DAILY", "FREQ=HOURLY;BYHOUR=3;INTERVAL=2", "RRULE:FREQ=WEEKLY;COUNT=2",
     "FREQ=DAILY;UNTIL=00010101T000000Z", "FREQ=DAILY;UNTIL=99991231T235959Z",
     "FREQ=SECONDLY;BYSETPOS=2;BYSECOND=0", "FREQ=MONTHLY;BYMONTHDAY=31"]
)  # fmt: skip
assignees = st.sampled_from([None, "u1", "ny", "unknown"])
schedules: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.builds(lambda day: {"due_on": day}, days),
    st.builds(
        lambda start, long: {"starts_us": start, "duration_us": long},
        st.one_of(instants, st.just(LATEST_US - HOUR_US)),
        st.sampled_from([0, HOUR_US]),
    ),
)


def creations(what: type[Scheduled] | type[Logged], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda schedule, **fields: what(**fields, **schedule),
        schedules,
        kind=st.sampled_from(["customer", "prospect", "personal"]),
        assignee=assignees,
        response_required=st.booleans(),
        tags=tags,
        follow_up_of=st.one_of(st.none(), ids),
        recurrence=rules,
        **WHO,
        **more,
    )


WHO: dict[str, st.SearchStrategy[Any]] = {
    "contact_id": st.sampled_from(["donor-7", None]),
    "owner": st.just("u1"),
    "event_id": st.sampled_from([f"e{number}" for number in range(12)]),
    "occurred_us": instants,
    "interaction_id": ids,
    "actor": st.sampled_from(["u1", "system"]),
}
changes = st.builds(
    lambda schedule, fields: Changes(**schedule, **fields),
    schedules,
    st.fixed_dictionaries(
        {}, optional={"kind": st.sampled_from(["customer", "prospect", "personal"]), "note": texts, "tags": tags}
    ),
)


def whose(fact: InteractionFact) -> InteractionFact:
    """Of the contact, or of the owner: never of both."""
    return fact if fact.contact_id is None else replace(fact, owner=None)


any_fact: st.SearchStrategy[InteractionFact] = st.one_of(
    creations(Scheduled),
    creations(Logged, outcome=st.just("reached")),
    st.builds(Edited, changes=changes, **WHO),
    st.builds(Completed, outcome=st.just("reached"), note=texts, **WHO),
    st.builds(Deleted, **WHO),
    st.builds(Reassigned, assignee=st.sampled_from(["u1", "ny"]), **WHO),
    st.builds(Snoozed, until_us=instants, **WHO),
    st.builds(Tagged, add=tags, remove=tags, **WHO),
    st.builds(Posted, text=st.just("x"), **WHO),
).map(whose)
histories = st.lists(any_fact, max_size=24)


def of_one_key(history: list[InteractionFact]) -> list[InteractionFact]:
    return [fact for fact in history if fact.contact_id is not None]


def books_of(history: list[InteractionFact]) -> dict[str, Book]:
    books: defaultdict[str, Book] = defaultdict(lambda: Book(USERS))
    for fact in history:
        books[key_of(fact)].take(fact)
    return dict(books)


@FEW
@given(histories)
def test_every_fact_is_taken_rejected_or_a_copy_and_all_that_follows_can_be_said(
    history: list[InteractionFact],
) -> None:
    books: defaultdict[str, Book] = defaultdict(lambda: Book(USERS))
    for fact in history:
        outcome = books[key_of(fact)].take(fact)
        assert isinstance(outcome, Changed | Rejected | Copy)
        if isinstance(outcome, Rejected):
            Rejection.model_validate_json(encode_rejection(fact, outcome.reason), strict=False)
    for kept in books.values():
        for interaction in kept.interactions.values():
            Followup.model_validate_json(encode_followup(interaction, USERS))
            assert status_at(interaction, USERS, NOON) in {"open", "missed", "completed", "deleted"}
            reminder_now(interaction, USERS, NOON)


@FEW
@given(histories)
def test_a_completed_interaction_never_reopens_and_a_deleted_one_never_comes_back(
    history: list[InteractionFact],
) -> None:
    """Behaviour D91."""
    order = [State.OPEN, State.COMPLETED, State.DELETED]
    kept = Book(USERS)
    for fact in of_one_key(history):
        before = {name: order.index(one.state) for name, one in kept.interactions.items()}
        kept.take(fact)
        after = {name: order.index(one.state) for name, one in kept.interactions.items()}
        assert [name for name, place in before.items() if after[name] < place] == []


@FEW
@given(histories)
def test_versions_grow_by_one_with_each_accepted_fact_and_with_nothing_else(history: list[InteractionFact]) -> None:
    kept = Book(USERS)
    for fact in of_one_key(history):
        expected = {name: one.version for name, one in kept.interactions.items()}
        outcome = kept.take(fact)
        if isinstance(outcome, Changed):
            expected[fact.interaction_id] = expected.get(fact.interaction_id, 0) + 1
            if outcome.opened is not None:
                expected[outcome.opened.interaction_id] = 1
        assert expected == {name: one.version for name, one in kept.interactions.items()}


@FEW
@given(histories)
def test_what_is_rejected_and_what_is_a_copy_change_nothing(history: list[InteractionFact]) -> None:
    kept = Book(USERS)
    for fact in of_one_key(history):
        before = dict(kept.interactions)
        outcome = kept.take(fact)
        assert isinstance(outcome, Changed) or kept.interactions == before


@FEW
@given(histories, st.data())
def test_copies_wherever_they_come_later_give_the_same_book(
    history: list[InteractionFact], data: st.DataObject
) -> None:
    facts = of_one_key(history)
    copied = list(facts)
    for place in data.draw(st.lists(st.integers(0, max(len(facts) - 1, 0)), max_size=5 if facts else 0)):
        first = copied.index(facts[place])
        copied.insert(data.draw(st.integers(first + 1, len(copied))), facts[place])

    once, often = books_of(facts), books_of(copied)

    assert once == often


@FEW
@given(histories, st.randoms(use_true_random=False))
def test_any_interleaving_of_different_keys_gives_the_same_books(history: list[InteractionFact], random: Any) -> None:
    of_contact = [fact for fact in history if fact.contact_id is not None]
    of_owner = [fact for fact in history if fact.contact_id is None]
    queues = [list(of_contact), list(of_owner)]
    interleaved = []
    while any(queues):
        interleaved.append(random.choice([queue for queue in queues if queue]).pop(0))

    assert books_of(interleaved) == books_of(history)


@FEW
@given(histories, st.integers(-1, 5))
def test_a_book_with_an_erasure_is_the_book_of_the_facts_after_it(history: list[InteractionFact], hours: int) -> None:
    facts = of_one_key(history)
    erased_us = NOON + hours * HOUR_US

    kept, rejected = fold(facts, USERS, LATEST_US, erased_us)
    alone, rejected_alone = fold([fact for fact in facts if fact.occurred_us > erased_us], USERS, LATEST_US)

    assert (kept.interactions, kept.claimed, rejected) == (alone.interactions, alone.claimed, rejected_alone)
