"""Scores, follow-ups and rejections of a replay: functions of the facts, the definitions and an instant."""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.main import main
from config.definitions import load_definitions
from events.instant import parse_instant
from projections.followups.users import users_of
from streams.replay import deciding, sorting
from streams.replay.asked import Asked
from tests.acceptance import donation, event, touchpoint
from tests.replaying import LINES, dump, messages, output, replayed, rows, write_lines

PEOPLE = ("scores.jsonl", "followups.jsonl", "rejections.jsonl")
DEFINITIONS = """
time_zone = "Europe/London"

[users.u2]
time_zone = "America/New_York"

[profiles.engagement]
name = "Engagement"
floor = 0
ceiling = 100
bands = [{ name = "cold", from = 0 }, { name = "warm", from = 10 }]
exclude = [{ if = [{ field = "groups", op = "contains", value = "staff" }] }]

[[profiles.engagement.rules]]
rule_id = "clicks"
when = { type = "touchpoint.recorded", name = "google_ad_click" }
points = 3

[[profiles.engagement.rules]]
rule_id = "gifts"
when = { type = "conversion.recorded" }
where = [{ field = "value", op = ">=", value = 10 }]
points = 10

[[profiles.engagement.rules]]
rule_id = "refunds"
when = { type = "conversion.refunded" }
points = -1

[[profiles.engagement.rules]]
rule_id = "calls"
when = { type = "interaction.logged" }
points = 2

[[profiles.engagement.rules]]
rule_id = "member"
if = [{ field = "kind", op = "=", value = "member" }]
points = 5

[profiles.draft]
name = "Draft"
published = false
[[profiles.draft.rules]]
rule_id = "any"
when = { type = "touchpoint.recorded" }
points = 1
"""


def asked_of(folder: Path, as_of: str | None = None) -> Asked:
    """What those definitions ask as of an instant."""
    path = folder / "definitions.toml"
    path.write_text(DEFINITIONS, "utf-8")
    definitions = load_definitions(path)
    as_of_us = None if as_of is None else parse_instant(as_of)
    return Asked(users_of(definitions), tuple(definitions.profiles.values()), as_of_us)


def _at(hours: int) -> str:
    return f"2023-07-{5 + hours // 24:02}T{hours % 24:02}:00:00Z"


def _updated(event_id: str, hours: int, contact: str = "ann", **attributes: object) -> bytes:
    return event("contact.updated", event_id, _at(hours), contact, attributes=attributes)


def _about(what: str, event_id: str, hours: int, contact: str | None = "ann", **fields: object) -> bytes:
    sent: dict[str, Any] = {
        "type": f"interaction.{what}",
        "event_id": event_id,
        "occurred_at": _at(hours),
        "contact_id": contact,
    }
    sent |= {"interaction_id": "i1", "actor": "u1"} | fields
    return json.dumps({name: value for name, value in sent.items() if value is not None}).encode()


def _scheduled(event_id: str, hours: int, contact: str | None = "ann", **fields: object) -> bytes:
    return _about("scheduled", event_id, hours, contact, **{"kind": "customer", **fields})


EVERY_TYPE = [
    _scheduled("e1", 0, title="Call", due_on="2023-07-06", assignee="u2", tags=["b", "a"]),
    _about("edited", "e2", 1, changes={"title": "Call back"}),
    _about("reassigned", "e3", 2, assignee="u1"),
    _about("snoozed", "e4", 3, until=_at(9)),
    _about("tagged", "e5", 3, add=["c"], remove=["a"]),
    _about("posted", "e6", 4, text="rang"),
    _about("completed", "e7", 5, outcome="reached"),
    _about("edited", "e8", 6, changes={"title": "too late"}),
    _scheduled("e9", 6, interaction_id="i2"),
    _about("deleted", "e10", 7, interaction_id="i2"),
    _about("logged", "e11", 8, interaction_id="i3", kind="customer", outcome="a chat"),
    _scheduled("e12", 8, None, owner="u2", kind="personal", interaction_id="i1", due_on="2023-07-05"),
    _updated("a1", 1, kind="member", name="Ann"),
    event("score.adjusted", "a2", _at(2), "ann", profile_id="engagement", points=4, actor="u1"),
    touchpoint("t1", "google_ad_click", _at(1), "ann"),
    touchpoint("t2", "google_ad_click", _at(2), "ann"),
    event("touchpoint.retracted", "x1", _at(3), "ann", touchpoint_id="t2"),
    donation("c1", "50.00", _at(4), "ann"),
    donation("c2", "60.00", _at(4), "ann"),
    event("conversion.refunded", "r1", _at(5), "ann", conversion_id="c1", value="5", currency="GBP"),
    event("conversion.cancelled", "x2", _at(5), "ann", conversion_id="c2"),
    _updated("b1", 1, "bob", name="Bob"),
    donation("c1", "7.00", _at(3), "bob"),
    event("contact.erased", "b2", _at(4), "bob"),
    b"nonsense",
]


def test_a_file_with_every_type_of_event_gives_scores_followups_and_rejections(tmp_path: Path) -> None:
    outcome = replayed([write_lines(tmp_path / "e.jsonl", EVERY_TYPE)], tmp_path / "out", asked=asked_of(tmp_path))

    assert (outcome.events, outcome.accepted, outcome.rejected, outcome.erased) == (25, 21, 1, 2)
    assert outcome.dead_letters == {"malformed_json": 1}
    [score] = messages(tmp_path / "out", "scores.jsonl")
    assert (score["contact_id"], score["profile_id"], score["as_of"]) == ("ann", "engagement", _at(8))
    assert {rule["rule_id"]: rule["points"] for rule in score["rules"]} == {
        "clicks": 3, "gifts": 10, "refunds": -1, "calls": 2, "member": 5,
    }  # fmt: skip
    assert (score["score"], score["band"], score["version"]) == (23, "warm", parse_instant(_at(8)))
    followups = messages(tmp_path / "out", "followups.jsonl")
    assert [(each["interaction_id"], each["contact_id"], each["owner"], each["status"]) for each in followups] == [
        ("i1", None, "u2", "open"),
        ("i1", "ann", None, "completed"),
        ("i2", "ann", None, "deleted"),
        ("i3", "ann", None, "completed"),
    ]
    assert (followups[1]["title"], followups[1]["tags"], followups[1]["version"]) == ("Call back", ["b", "c"], 7)
    [rejection] = messages(tmp_path / "out", "rejections.jsonl")
    assert (rejection["event_id"], rejection["reason"]) == ("e8", "already_completed")


def test_the_read_model_has_what_the_files_say_and_where_facts_stood(tmp_path: Path) -> None:
    first, second = write_lines(tmp_path / "1.jsonl", EVERY_TYPE[:3]), write_lines(tmp_path / "2.jsonl", EVERY_TYPE[3:])

    replayed([first, second], tmp_path / "out", asked=asked_of(tmp_path))

    out = tmp_path / "out"
    assert rows(out, "SELECT contact_id, name, kind FROM contacts") == [("ann", "Ann", "member")]
    assert rows(out, "SELECT contact_id, event_id FROM contact_updates") == [("ann", "a1")]
    assert rows(out, "SELECT contact_id, score FROM scores") == [("ann", 23)]
    assert rows(out, "SELECT subject, interaction_id, state FROM interactions ORDER BY 1, 2") == [
        ("ann", "i1", "completed"),
        ("ann", "i2", "deleted"),
        ("ann", "i3", "completed"),
        ("user:u2", "i1", "open"),
    ]
    places = 'SELECT event_id, "partition", "offset" FROM interaction_history WHERE interaction_id = \'i3\' OR event_id'
    assert sorted(rows(out, f"{places} = 'e2'")) == [("e11", 1, 8), ("e2", 0, 2)]
    assert rows(out, "SELECT event_id, reason FROM rejections") == [("e8", "already_completed")]


def test_what_an_erased_contact_gave_is_said_of_nobody(tmp_path: Path) -> None:
    """Behaviour: erasure keeps amounts by dimension and nothing that tells who."""
    events = [
        touchpoint("t1", "google_ad_click", _at(1), "bob"),
        donation("secret-2", "8.00", _at(3), "bob"),
        donation("secret-1", "7.00", _at(2), "bob"),
        event("conversion.refunded", "r1", _at(4), "bob", conversion_id="secret-1", value="2", currency="USD"),
        donation("c9", "1.00", _at(6), "bob"),
        event("contact.erased", "x1", _at(5), "bob"),
    ]

    outcome = replayed([write_lines(tmp_path / "e.jsonl", events)], tmp_path / "out")

    said = messages(tmp_path / "out")
    assert [(m["contact_id"], m["conversion_id"], m["value"], m["touchpoints"]) for m in said] == [
        ("erased:x1", "1", "7.00", []),
        ("erased:x1", "2", "8.00", []),
        ("bob", "c9", "1.00", []),
    ]
    assert [m["dimensions"]["platform"]["credits"] for m in said] == [
        {"Google Ads": "7.00"}, {"Google Ads": "8.00"}, {},
    ]  # fmt: skip
    assert (outcome.accepted, outcome.erased, outcome.dead_letters) == (2, 4, {})
    assert rows(tmp_path / "out", "SELECT count(*) FROM touchpoints") == [(0,)]
    assert rows(tmp_path / "out", "SELECT contact_id, value_minor FROM conversions ORDER BY 1, 2") == [
        ("bob", 100), ("erased:x1", 700), ("erased:x1", 800),
    ]  # fmt: skip
    assert not any(b"secret" in written for written in output(tmp_path / "out").values())


def test_each_erasure_says_the_amounts_of_the_life_that_it_ended(tmp_path: Path) -> None:
    gifts = [donation(f"c{hours}", "1.00", _at(hours), "bob") for hours in (1, 3, 5)]
    erasures = [event("contact.erased", f"x{hours}", _at(hours), "bob") for hours in (4, 2)]

    replayed([write_lines(tmp_path / "e.jsonl", [*gifts, *erasures])], tmp_path, all_versions=True)

    assert [(m["contact_id"], m["conversion_id"]) for m in messages(tmp_path)] == [
        ("erased:x2", "1"), ("erased:x4", "1"), ("bob", "c5"),
    ]  # fmt: skip


@pytest.mark.parametrize("turn", [1, -1], ids=["in order", "reversed"])
def test_of_conflicting_copies_about_interactions_the_least_stays(tmp_path: Path, turn: int) -> None:
    least, other = _scheduled("e1", 1, title="A"), _scheduled("e1", 1, title="B")
    late = _scheduled("e1", 2, title="0")

    outcome = replayed([write_lines(tmp_path / "e.jsonl", [least, other, late, least][::turn])], tmp_path)

    [followup] = messages(tmp_path, "followups.jsonl")
    assert followup["title"] == "A"
    assert (outcome.accepted, outcome.duplicates, outcome.dead_letters) == (1, 1, {"conflicting_duplicate": 2})


@pytest.mark.parametrize("turn", [1, -1], ids=["in order", "reversed"])
def test_of_an_attribute_the_newest_value_stays_in_any_order(tmp_path: Path, turn: int) -> None:
    events = [
        _updated("a1", 1, city="Leeds", phone="1"),
        _updated("a3", 2, city="York"),
        _updated("a2", 2, city="Hull", phone=None),
        _updated("a2", 2, city="Hull", phone=None),
        _updated("a3", 3, city="Bath"),
    ]

    outcome = replayed([write_lines(tmp_path / "e.jsonl", events[::turn])], tmp_path)

    assert rows(tmp_path, "SELECT city, phone FROM contacts") == [("York", None)]
    assert (outcome.accepted, outcome.duplicates, outcome.dead_letters) == (3, 1, {"conflicting_duplicate": 1})


def test_interactions_are_taken_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    edit, schedule = _about("edited", "e2", 1, changes={"title": "B"}), _scheduled("e1", 2, title="A")
    one, two = write_lines(tmp_path / "1.jsonl", [edit]), write_lines(tmp_path / "2.jsonl", [schedule])

    replayed([one, two], tmp_path / "early")
    replayed([two, one], tmp_path / "late")

    assert [m["reason"] for m in messages(tmp_path / "early", "rejections.jsonl")] == ["unknown_interaction"]
    assert [m["title"] for m in messages(tmp_path / "early", "followups.jsonl")] == ["A"]
    assert [m["title"] for m in messages(tmp_path / "late", "followups.jsonl")] == ["B"]


def test_a_followup_is_missed_when_its_day_was_over_where_its_assignee_is(tmp_path: Path) -> None:
    events = [_scheduled("e1", 0, due_on="2023-07-05", assignee="u2"), _scheduled("e2", 0, interaction_id="i0")]
    file = write_lines(tmp_path / "e.jsonl", events)

    before, after = "2023-07-06T03:59:59Z", "2023-07-06T04:00:00Z"
    statuses = []
    for as_of in (before, after):
        replayed([file], tmp_path / as_of, asked=asked_of(tmp_path, as_of))
        statuses.append([m["status"] for m in messages(tmp_path / as_of, "followups.jsonl")])

    assert statuses == [["open", "open"], ["open", "missed"]]


def test_a_refund_counts_until_the_conversion_comes_that_it_does_not_fit(tmp_path: Path) -> None:
    refund = event("conversion.refunded", "r1", _at(1), "ann", conversion_id="c1", value="5", currency="USD")
    file = write_lines(tmp_path / "e.jsonl", [donation("c1", "1.00", _at(3), "ann"), refund])

    points = []
    for hours in (2, 3):
        outcome = replayed([file], tmp_path / f"{hours}", asked=asked_of(tmp_path, _at(hours)))
        [score] = messages(tmp_path / f"{hours}", "scores.jsonl")
        points.append(score["unclamped"])
        assert outcome.dead_letters == {"currency_mismatch": 1}

    assert points == [-1, 0]


def test_without_profiles_there_are_no_scores_and_a_former_replays_are_gone(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "e.jsonl", EVERY_TYPE)
    replayed([file], tmp_path / "out", asked=asked_of(tmp_path))

    replayed([file], tmp_path / "out")

    assert (tmp_path / "out" / "scores.jsonl").read_bytes() == b""
    assert rows(tmp_path / "out", "SELECT count(*) FROM scores") == [(0,)]
    assert len(messages(tmp_path / "out", "followups.jsonl")) == 4


def test_the_command_takes_profiles_and_an_instant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_lines(tmp_path / "e.jsonl", EVERY_TYPE)
    (tmp_path / "definitions.toml").write_text(DEFINITIONS, "utf-8")
    options = ["--profiles", str(tmp_path / "definitions.toml"), "--as-of", _at(3)]

    assert main(["replay", str(file), "--out", str(tmp_path / "command"), *options]) == 0

    replayed([file], tmp_path / "called", asked=asked_of(tmp_path, _at(3)))
    assert output(tmp_path / "command") == output(tmp_path / "called")
    assert rows(tmp_path / "command", "SELECT value FROM meta WHERE name = 'as_of'") == [
        ("2023-07-05T03:00:00.000000Z",)
    ]
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines() if line.startswith(("later", "erased"))] == [
        "later",
        "erased",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--profiles", "nowhere.toml"], "nowhere.toml: there is no such file of definitions"),
        (["--profiles", "e.jsonl"], "e.jsonl is not TOML"),
        (["--as-of", "soon"], "Invalid value for '--as-of'"),
    ],
)
def test_wrong_definitions_or_instants_end_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "e.jsonl", EVERY_TYPE)

    assert main(["replay", "e.jsonl", "--out", "out", *options]) == 2

    assert said in capsys.readouterr().err


# Laws


def _drawn(draw: st.DrawFn) -> bytes:
    contact = draw(st.sampled_from(["ann", "bob"]))
    event_id, target = draw(st.sampled_from("abcde")), draw(st.sampled_from("abcde"))
    hours = draw(st.integers(0, 30))
    at = _at(hours)
    kinds: dict[str, Callable[[], bytes]] = {
        "click": lambda: touchpoint(event_id, "google_ad_click", at, contact),
        "gift": lambda: donation(event_id, draw(st.sampled_from(["3", "30"])), at, contact),
        "retraction": lambda: event("touchpoint.retracted", event_id, at, contact, touchpoint_id=target),
        "refund": lambda: event("conversion.refunded", event_id, at, contact, conversion_id=target, value="1",
                                currency=draw(st.sampled_from(["GBP", "USD"]))),
        "update": lambda: _updated(event_id, hours, contact, kind=draw(st.sampled_from(["member", "donor", None]))),
        "adjustment": lambda: event("score.adjusted", event_id, at, contact, profile_id="engagement", actor="u1",
                                    set_to=draw(st.integers(0, 9))),
        "erasure": lambda: event("contact.erased", event_id, at, contact),
        "schedule": lambda: _scheduled(event_id, hours, contact, interaction_id=target, due_on="2023-07-05"),
        "log": lambda: _about("logged", event_id, hours, contact, interaction_id=target, kind="customer", outcome="o"),
        "completion": lambda: _about("completed", event_id, hours, contact, interaction_id=target, outcome="o"),
        "deletion": lambda: _about("deleted", event_id, hours, contact, interaction_id=target),
    }  # fmt: skip
    return kinds[draw(st.sampled_from(sorted(kinds)))]()


EVENTS = st.lists(st.composite(_drawn)(), max_size=25)


def _people(out: Path) -> list[bytes]:
    return [(out / name).read_bytes() for name in PEOPLE]


def _fields(value: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(value)
    return fields


@settings(max_examples=20, deadline=None)
@given(EVENTS, st.integers(0, 30))
def test_later_facts_are_as_if_not_there(events: list[bytes], hours: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        asked = asked_of(folder, _at(hours))
        early = [value for value in events if _fields(value)["occurred_at"] <= _at(hours)]
        replayed([write_lines(folder / "all.jsonl", events)], folder / "all", asked=asked)
        replayed([write_lines(folder / "early.jsonl", early)], folder / "early", asked=asked)

        assert _people(folder / "all") == _people(folder / "early")


@settings(max_examples=20, deadline=None)
@given(EVENTS)
def test_what_is_erased_is_as_if_never_sent(events: list[bytes]) -> None:
    """An erasure keeps its id: of facts that share one with an erasure this says nothing."""
    erasures = {_fields(v)["event_id"] for v in events if _fields(v)["type"] == "contact.erased"}
    events = [
        value
        for value in events
        if _fields(value)["type"] == "contact.erased" or _fields(value)["event_id"] not in erasures
    ]
    first: dict[tuple[str, str], str] = {}
    for fields in sorted(map(_fields, events), key=lambda fields: fields["occurred_at"]):
        if fields["type"] == "contact.erased":
            first.setdefault((fields["contact_id"], fields["event_id"]), fields["occurred_at"])
    newest = {contact: max(at for (who, _), at in first.items() if who == contact) for contact, _ in first}
    others = [value for value in events if _fields(value)["type"] != "contact.erased"]
    left = [v for v in others if _fields(v)["occurred_at"] > newest.get(_fields(v)["contact_id"], "")]
    with TemporaryDirectory() as name:
        folder = Path(name)
        asked = asked_of(folder, _at(40))
        replayed([write_lines(folder / "all.jsonl", events)], folder / "all", asked=asked)
        replayed([write_lines(folder / "left.jsonl", left)], folder / "left", asked=asked)

        assert _people(folder / "all") == _people(folder / "left")
        named = [m for m in messages(folder / "all") if not m["contact_id"].startswith("erased:")]
        assert named == messages(folder / "left")
        for table in ("touchpoints", "retractions", "contacts", "contact_updates", "interactions", "rejections"):
            assert rows(folder / "all", f"SELECT * FROM {table}") == rows(folder / "left", f"SELECT * FROM {table}")


def _split(lines: Sequence[bytes], cuts: Sequence[int]) -> list[Sequence[bytes]]:
    places = [0, *sorted(cut % (len(lines) + 1) for cut in cuts), len(lines)]
    return [lines[start:end] for start, end in pairwise(places)]


@settings(max_examples=20, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False), st.lists(st.integers(0, 99), max_size=3))
def test_other_facts_may_stand_anywhere(events: list[bytes], chance: Any, cuts: list[int]) -> None:
    logged = [value for value in events if b'"interaction.' in value]
    others = [value for value in events if b'"interaction.' not in value]
    chance.shuffle(others)
    mixed = list(logged)
    for value in others:
        mixed.insert(chance.randrange(len(mixed) + 1), value)
    with TemporaryDirectory() as name:
        folder = Path(name)
        asked = asked_of(folder)
        outcome = replayed([write_lines(folder / "whole.jsonl", events)], folder / "whole", asked=asked)
        files = [write_lines(folder / f"{n}.jsonl", part) for n, part in enumerate(_split(mixed, cuts))]
        assert replayed(files, folder / "split", asked=asked) == outcome

        for line in LINES:
            if line != "dead-letters.jsonl":
                assert (folder / "split" / line).read_bytes() == (folder / "whole" / line).read_bytes()
        assert outcome.events == (
            outcome.accepted
            + outcome.duplicates
            + outcome.rejected
            + outcome.later
            + outcome.erased
            + sum(outcome.dead_letters.values())
        )


@settings(max_examples=15, deadline=None)
@given(EVENTS)
def test_a_contact_too_large_for_memory_is_told_the_same(events: list[bytes]) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        asked = asked_of(folder)
        file = write_lines(folder / "events.jsonl", events)
        replayed([file], folder / "whole", asked=asked)

        patch.setattr(deciding, "_STRETCH", 3)
        patch.setattr(sorting.ExternalSort, "extend", _spilling(sorting.ExternalSort.extend))
        replayed([file], folder / "stretched", asked=asked)

        assert output(folder / "stretched") == output(folder / "whole")
        assert dump(folder / "stretched") == dump(folder / "whole")


def _spilling(extend: Callable[..., None]) -> Callable[..., None]:
    """Each entry goes to disk at once."""
    return lambda order, entries, _: extend(order, entries, 1 << 40)


def test_the_same_events_give_the_same_bytes_and_rows_each_time(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "e.jsonl", EVERY_TYPE)

    for out in ("one", "two"):
        replayed([file], tmp_path / out, asked=asked_of(tmp_path))

    assert output(tmp_path / "one") == output(tmp_path / "two")
    assert dump(tmp_path / "one") == dump(tmp_path / "two")
