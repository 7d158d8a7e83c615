"""What a projector writes, in SQLite and in PostgreSQL: the same rows, however the topics' records come together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.catalogue import load_catalogue
from events.codec import decode
from events.refusal import Refusal
from events.topics import FACT_TOPICS
from projections.queries.sums_by_day import sum_statements
from projections.tables import CONVERSIONS_BY_DAY, CREDIT_BY_DAY, ERASURES, METADATA
from projections.writing.database import open_database
from projections.writing.projection import PositionMovedError, Projection
from projections.writing.record import Accepted, Chunk, Message, Step, UnreadableMessageError
from projections.writing.rows import ReadModel
from projections.writing.sums import ALL_VALUES, BILLION
from tests.live.projecting import tables_of

PREFIX = "test."
FACTS = {topic.name for topic in FACT_TOPICS}
DAY = "2023-07-05"


class Record(NamedTuple):
    """A record of a topic's only partition."""

    topic: str
    offset: int
    key: str | None
    value: str | None
    covers: dict[str, int]


class Base(NamedTuple):
    """A read model under test."""

    url: str
    model: ReadModel

    def clear(self) -> None:
        """It is as if new."""
        with self.model.writing([0]) as rows:
            for name in METADATA.tables:
                if name != "meta":
                    rows.run(f"DELETE FROM {name}")

    def apply(self, records: Sequence[Record], *sizes: int) -> None:
        """It takes the records in chunks of these sizes, what is left in one."""
        projection = Projection(load_catalogue(None), PREFIX)
        ends: dict[str, int] = {}
        rest = list(records)
        for size in (*sizes, len(rest)):
            chunk, rest = _chunk(rest[:size], ends), rest[size:]
            if chunk.steps:
                with self.model.writing([0]) as rows:
                    projection.apply(rows, chunk)

    def sums(self) -> dict[str, dict[tuple[Any, ...], list[int]]]:
        """The sums by day, of all partitions together, exact."""
        found: dict[str, dict[tuple[Any, ...], list[int]]] = {}
        for name, rows in tables_of(self.url, [CONVERSIONS_BY_DAY.name, CREDIT_BY_DAY.name]).items():
            sums = found[name] = {}
            for *key, conversions, earning, billions, rest in rows:
                _add_up(sums, tuple(key), conversions, earning, billions * BILLION + rest)
        return found

    def sums_of_rows(self) -> dict[str, dict[tuple[Any, ...], list[int]]]:
        """The same, from the rows that they are of."""
        conversions: dict[tuple[Any, ...], list[int]] = {}
        credit: dict[tuple[Any, ...], list[int]] = {}
        splits: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for contact, named, _, at, currency, value, refunded, _, model, *_ in self.rows("conversions"):
            splits[contact, named] = (at[:10], (currency, True, model), value - refunded)
        for contact, named, model, *_, day, currency, net in self.rows("shadow_credits"):
            splits[contact, named, model] = (day, (currency, False, model), net)
        for day, split_by, net in splits.values():
            _add_up(conversions, (day, *split_by), 1, net > 0, net)
        shares = [(row[:2], *row[3:5], row[-1]) for row in self.rows("credit_by_dimension")]
        shares += [(row[:3], *row[4:6], row[-1]) for row in self.rows("shadow_credit_by_dimension")]
        together: dict[tuple[Any, ...], int] = {}
        for whose, dimension, value, minor in shares:
            day, split_by, _ = splits[whose]
            if value is not None:
                _add_up(credit, (day, dimension, value, *split_by), 1, minor > 0, minor)
            together[whose, dimension] = together.get((whose, dimension), 0) + (0 if value is None else minor)
        for (whose, dimension), minor in together.items():
            day, split_by, _ = splits[whose]
            _add_up(credit, (day, dimension, ALL_VALUES, *split_by), 1, minor > 0, minor)
        return {CONVERSIONS_BY_DAY.name: conversions, CREDIT_BY_DAY.name: credit}

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """A table's rows, without where their records stand."""
        return tables_of(self.url, [table])[table]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """A read model for all tests of this module."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('projection') / 'evenhand.db'}"
    else:
        url = request.getfixturevalue("postgres").fresh_database()
    model = open_database(url)
    model.prepare()
    yield Base(url, model)
    model.close()


@pytest.fixture
def base(whole: Base) -> Base:
    """An empty read model."""
    whole.clear()
    return whole


def _add_up(sums: dict[tuple[Any, ...], list[int]], key: tuple[Any, ...], *counted: int) -> None:
    sums[key] = [sum(pair) for pair in zip(sums.get(key, (0, 0, 0)), counted, strict=True)]


def _chunk(records: Sequence[Record], ends: dict[str, int]) -> Chunk:
    chunk = Chunk()
    starts = dict(ends)
    for topic, offset, key, value, covers in records:
        if topic in FACTS:
            fact = decode(topic, (value or "").encode())
            assert not isinstance(fact, Refusal), (value, fact)
            chunk.facts.append(Accepted(PREFIX + topic, 0, offset, 2_000_000_000_000, (value or "").encode(), fact))
        else:
            sent = None if value is None else value.encode()
            chunk.messages.setdefault(topic, []).append(
                Message(PREFIX + topic, 0, offset, None if key is None else key.encode(), sent, covers)
            )
        ends[topic] = offset + 1
    chunk.steps = [
        Step(PREFIX + topic, 0, "id", starts.get(topic, 0), ends[topic])
        for topic in {record.topic for record in records}
    ]
    return chunk


def log(topic: str, *values: dict[str, Any] | None, key: str | None = None, **covers: int) -> list[Record]:
    """A topic's log from its beginning."""
    covered = {PREFIX + name: offset for name, offset in covers.items()}
    return [
        Record(topic, offset, key, None if value is None else json.dumps(value), covered)
        for offset, value in enumerate(values)
    ]


def fact(
    type_: str, event_id: str, contact_id: str = "ann", at: str = f"{DAY}T11:00:00Z", **fields: Any
) -> dict[str, Any]:
    """An event."""
    return {"type": type_, "event_id": event_id, "contact_id": contact_id, "occurred_at": at, **fields}


def click(event_id: str, contact_id: str = "ann", at: str = f"{DAY}T11:00:00Z", **fields: Any) -> dict[str, Any]:
    """A touchpoint."""
    return fact("touchpoint.recorded", event_id, contact_id, at, name="google_ad_click", **fields)


def letter(topic: str, offset: int, refused: dict[str, Any], reason: str = "too_late") -> dict[str, Any]:
    """A dead letter."""
    place = {"topic": PREFIX + topic, "partition": 0, "offset": offset}
    return {**place, "reason": reason, "errors": [], "received_at": None, "payload": json.dumps(refused)}


def credit(version: int, earned: str = "50.00", contact_id: str = "ann", conversion_id: str = "c1") -> dict[str, Any]:
    """A credit, of which `earned` of 50 pounds go to t1."""
    rest = f"{50 - float(earned):.2f}"
    return {
        "type": "credit.assigned", "conversion_id": conversion_id, "contact_id": contact_id, "conversion": "gift",
        "occurred_at": f"{DAY}T12:00:00Z", "model": "linear", "version": version, "currency": "GBP",
        "value": "50.00", "refunded": "0.00",
        "touchpoints": [{"touchpoint_id": "t1", "name": "n", "occurred_at": "", "expires_at": "", "credit": earned,
                         "dimensions": {}}],
        "dimensions": {"platform": {"credits": {"Google": earned}, "unattributed": rest}},
        "unattributed": rest,
    }  # fmt: skip


FIRST, SECOND = click("t1"), click("t1", at=f"{DAY}T11:30:00Z")
RETRACTION = fact("touchpoint.retracted", "r1", touchpoint_id="t1")
EARLY, NEXT = f"{DAY}T01:00:00Z", f"{DAY}T23:00:00Z"
ERASURE = fact("contact.erased", "e1", "bob", f"{DAY}T12:00:00Z")
CALL = fact("interaction.scheduled", "i1", interaction_id="call", actor="u1", kind="customer", title="Call \u0000 back")
EDIT = fact("interaction.edited", "i2", interaction_id="call", actor="u1", changes={"title": "x"})
REJECTION = {
    "interaction_id": "call", "contact_id": "ann", "owner": None, "event_id": "i2", "type": "interaction.edited",
    "occurred_at": f"{DAY}T11:00:00Z", "actor": "u1", "reason": "already_completed",
}  # fmt: skip
FOLLOWUP = {
    "interaction_id": "call", "contact_id": "ann", "owner": None, "kind": "customer", "title": "Call \u0000 back",
    "details": None, "interaction_type": None, "purpose": None, "starts_at": None, "due_on": DAY,
    "due_at": f"{DAY}T23:00:00Z", "assignee": "u1", "response_required": True, "date_completed": None, "note": None,
    "tags": ["a"], "follow_up_of": None, "source": "manual", "state": "open", "outcome": None, "summary": None,
    "completed_on": None, "completed_at": None, "next_action": None, "snoozed_until": None, "posts": [],
    "created_at": f"{DAY}T11:00:00Z", "created_by": "u1", "version": 1,
}  # fmt: skip
REMINDER = {"interaction_id": "call", "contact_id": "ann", "owner": None, "assignee": "u1", "due_on": DAY,
            "title": "Call", "contact_name": "Ann", "sent_for": DAY}  # fmt: skip
SCORE = {"contact_id": "ann", "profile_id": "p", "profile_revision": 1, "score": 5, "unclamped": 5, "band": None,
         "as_of": f"{DAY}T12:00:00.250000Z", "rules": [{"rule_id": "r", "times": 1, "points": 5}], "adjusted": 0,
         "version": 1_688_558_400_250_000}  # fmt: skip
CHANGE = {"contact_id": "bob", "profile_id": "p", "profile_revision": 1, "band": "hot", "previous_band": None,
          "score": 9, "as_of": f"{DAY}T12:00:00Z", "version": 7}  # fmt: skip

LOGS: Final = {
    "touchpoints": log("touchpoints", FIRST, SECOND, RETRACTION, click("t2"), click("t3", "bob", EARLY),
                       click("t4", "bob", NEXT), click("t2"), fact("touchpoint.retracted", "r2", touchpoint_id="t2")),
    "contacts": log("contacts", fact("contact.updated", "u1", attributes={"name": "Ann", "tags": ["a"], "x": 1.50}),
                    fact("contact.updated", "u0", at=EARLY, attributes={"name": "Old", "city": "Rome", "x": None}),
                    ERASURE, fact("contact.updated", "u2", "bob", EARLY, attributes={"name": "Bob"}),
                    fact("contact.updated", "u3", at=NEXT, attributes={"name": "Wrong"})),
    "interactions": log("interactions", CALL, EDIT, EDIT),
    "dead-letters": log("dead-letters", letter("touchpoints", 0, FIRST),
                        letter("contacts", 4, fact("contact.updated", "u3", at=NEXT, attributes={"name": "Wrong"})),
                        letter("touchpoints", 7, fact("touchpoint.retracted", "r2", touchpoint_id="t2"))),
    "rejections": log("rejections", REJECTION),
    "credits": [*log("credits", credit(1, "0.00"), credit(2), credit(9, conversion_id="c2")),
                Record("credits", 3, '["ann","c2"]', None, {}),
                Record("credits", 4, None, json.dumps(credit(1, conversion_id="c2")), {})],
    "credits.shadow": log("credits.shadow", credit(1) | {"model": "last"}, credit(2, "0.00") | {"model": "last"}),
    "scores": log("scores", SCORE | {"score": 1, "version": 1}, SCORE),
    "score-changes": [
        *log("score-changes", CHANGE, contacts=2),
        Record("score-changes", 1, None, json.dumps(CHANGE | {"version": 8}), {PREFIX + "contacts": 3}),
    ],
    "followups": log("followups", FOLLOWUP | {"title": "before"}, FOLLOWUP | {"version": 2}),
    "reminders": log("reminders", REMINDER),
}  # fmt: skip


@st.composite
def together(draw: st.DrawFn) -> tuple[list[Record], list[int]]:
    """The logs' records in an order that respects each log, and sizes of chunks."""
    topics = draw(st.permutations([record.topic for records in LOGS.values() for record in records]))
    logs = {topic: iter(records) for topic, records in LOGS.items()}
    return [next(logs[topic]) for topic in topics], draw(st.lists(st.integers(1, 12), max_size=8))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(together())
def test_any_order_of_the_topics_and_any_chunks_give_the_same_rows(
    whole: Base, came: tuple[list[Record], list[int]]
) -> None:
    records, sizes = came
    whole.clear()
    whole.apply(records, *sizes)

    found = tables_of(whole.url)

    assert [row[:3] for row in found["touchpoints"]] == [
        ("ann", "t1", f"{DAY}T11:30:00.000000Z"),
        ("ann", "t2", f"{DAY}T11:00:00.000000Z"),
        ("bob", "t4", f"{DAY}T23:00:00.000000Z"),
    ]
    assert [row[6] for row in found["touchpoints"]] == [True, False, False]
    assert [row[:2] for row in found["retractions"]] == [("ann", "r1")]
    assert [row[:3] + row[9:10] for row in found["contacts"]] == [
        ("ann", "Ann", None, {"city": "Rome", "name": "Ann", "tags": ["a"], "x": 1.5})
    ]
    assert [row[:2] for row in found["contact_updates"]] == [("ann", "u0"), ("ann", "u1")]
    assert [row[1] for row in found["interaction_history"]] == ["i1"]
    assert [row[:2] for row in found["rejections"]] == [("ann", "i2")]
    assert [(*row[:2], row[9]) for row in found["conversions"]] == [("ann", "c1", 2), ("ann", "c2", 1)]
    assert [row[1:] for row in found["credit_by_touchpoint"]] == [("c1", 0, "t1", 5000), ("c2", 0, "t1", 5000)]
    assert [row[3:5] for row in found["credit_by_dimension"]] == [("platform", "Google"), ("platform", "Google")]
    assert [row[2:5] for row in found["shadow_credits"]] == [("last", 2, 5000)]
    assert found["shadow_credit_by_touchpoint"] == []
    assert [(row[3], row[-1]) for row in found["scores"]] == [(5, 1_688_558_400_250_000)]
    assert [row[2] for row in found["score_changes"]] == [8]
    assert [(row[1], row[-1]) for row in found["interactions"]] == [("call", 2)]
    assert len(found["reminders"]) == 1
    assert len(found["dead_letters"]) == 3


LARGEST = 10**18 - 1


@st.composite
def splits(draw: st.DrawFn) -> list[Record]:
    """Versions and tombstones of a few conversions, of both topics, in any order."""
    records = []
    offsets = {"credits": 0, "credits.shadow": 0}
    for version in range(1, draw(st.integers(1, 12)) + 1):
        topic, named = draw(st.sampled_from(list(offsets))), draw(st.sampled_from(["c1", "c2", "c3"]))
        model = draw(st.sampled_from(["linear", "last"]))
        said = _split(draw, version, named, model)
        key = ["ann", named] if topic == "credits" else ["ann", named, model]
        gone = draw(st.integers(0, 4)) == 0
        records.append(Record(topic, offsets[topic], json.dumps(key), None if gone else json.dumps(said), {}))
        offsets[topic] += 1
    return records


def _split(draw: st.DrawFn, version: int, named: str, model: str) -> dict[str, Any]:
    minors = st.sampled_from([0, 1, 5_000, LARGEST // 3])
    dimensions = {}
    for dimension in draw(st.sets(st.sampled_from(["platform", "department"]))):
        earned = {value: draw(minors) for value in draw(st.sets(st.sampled_from(["Google", "Web"])))}
        dimensions[dimension] = {
            "credits": {value: str(minor) for value, minor in earned.items()},
            "unattributed": str(draw(minors)) if not earned else "0",
        }
    day = draw(st.sampled_from([DAY, "2023-07-06"]))
    return credit(version, conversion_id=named) | {
        "model": model, "occurred_at": f"{day}T12:00:00Z", "currency": draw(st.sampled_from(["JPY", "KRW"])),
        "value": str(LARGEST), "refunded": str(draw(st.sampled_from([0, 1, LARGEST]))), "dimensions": dimensions,
    }  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(splits(), st.lists(st.integers(1, 4), max_size=8))
def test_sums_by_day_are_those_of_the_rows_after_any_versions_in_any_chunks(
    whole: Base, records: list[Record], sizes: list[int]
) -> None:
    whole.clear()
    whole.apply(records, *sizes)

    expected = whole.sums_of_rows()

    assert whole.sums() == expected
    with whole.model.writing([0]) as rows:
        for table in expected:
            rows.run(f"DELETE FROM {table}")
        for statement in sum_statements(whole.url.partition(":")[0]):
            rows.run(statement)
    assert whole.sums() == expected


def test_a_copy_waits_until_what_has_its_id_is_refused(base: Base) -> None:
    base.apply(LOGS["touchpoints"][:2])
    assert [row[2] for row in base.rows("touchpoints")] == [f"{DAY}T11:00:00.000000Z"]

    records = [LOGS["touchpoints"][0], LOGS["touchpoints"][1], LOGS["dead-letters"][0]]
    base.clear()
    base.apply(records, 2)

    assert [row[2] for row in base.rows("touchpoints")] == [f"{DAY}T11:30:00.000000Z"]
    assert tables_of(base.url, ["later_copies"]) == {"later_copies": []}


def test_an_erased_contact_leaves_no_id_anywhere(base: Base) -> None:
    secret = click("t1", "bob", EARLY)
    base.apply(
        [
            *log("touchpoints", secret, secret),
            *log("dead-letters", letter("touchpoints", 9, click("t9", "bob", EARLY)), key="bob"),
            *log("contacts", fact("contact.updated", "u1", "bob", EARLY, attributes={"name": "Bob"}), ERASURE),
        ],
        3,
    )

    every = {name: tables_of(base.url, [name])[name] for name in METADATA.tables if name != "meta"}
    assert "bob" not in repr(every).lower()
    assert len(every[ERASURES.name]) == 1


def test_a_chunk_that_does_not_begin_where_the_read_model_ends_changes_nothing(base: Base) -> None:
    base.apply(LOGS["scores"])
    before = tables_of(base.url)

    with pytest.raises(PositionMovedError, match="scores"):
        base.apply(LOGS["scores"])

    assert tables_of(base.url) == before


@pytest.mark.parametrize("topic", ["credits", "credits.shadow", "scores", "score-changes", "followups", "reminders",
                                   "rejections", "dead-letters"])  # fmt: skip
@pytest.mark.parametrize("said", ["{", "{}", '"text"'])
def test_a_message_that_no_worker_writes_is_named_and_nothing_is_written(base: Base, topic: str, said: str) -> None:
    with pytest.raises(UnreadableMessageError, match=rf"test\.{topic} partition 0 offset 7 cannot be read") as told:
        base.apply([*log("touchpoints", FIRST), Record(topic, 7, None, said, {})])

    assert (told.value.exit_code, "\n" in str(told.value)) == (3, False)
    assert base.rows("touchpoints") == []


def test_a_tombstone_of_no_key_is_named_too(base: Base) -> None:
    with pytest.raises(UnreadableMessageError, match="credits partition 0 offset 0 cannot be read"):
        base.apply([Record("credits", 0, '["ann"]', None, {})])


def test_what_postgresql_cannot_hold_is_replaced_and_nothing_else(base: Base) -> None:
    text = "a\x00b \\u0000"
    update = fact("contact.updated", "u1", attributes={"name": "a\x00b \\u0000"})

    base.apply([*log("dead-letters", letter("x", 0, {}) | {"payload": text}), *log("contacts", update)])

    stored = text.replace("\x00", "\ufffd") if base.url.startswith("postgresql") else text
    assert base.rows("dead_letters")[0][-3] == stored
    assert base.rows("contact_updates")[0][-1] == {"name": stored}
