"""`evenhand interactions`: from the read model of a replay to facts in a file, and on a real broker."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Ended, evenhand, on
from tests.kafka import Broker
from tests.kafka_log import input_topics, make_topics, read

TEAM = '[users.ann]\ntime_zone = "Europe/London"\n'
Sent = dict[str, object]


def known(contact: str, kind: str, city: str, **more: object) -> Sent:
    attributes = {"kind": kind, "city": city, **more}
    at = {"event_id": "k1", "contact_id": contact, "occurred_at": "2025-05-01T09:00:00Z"}
    return {"type": "contact.updated", **at, "attributes": attributes}


def reached(contact: str, occurred_at: str) -> Sent:
    at = {"event_id": "i1", "contact_id": contact, "occurred_at": occurred_at, "interaction_id": "call-1"}
    return {"type": "interaction.logged", **at, "actor": "ann", "kind": "customer", "outcome": "reached"}


HISTORY = [
    known("acme", "customer", "Leeds", opportunities=[{"id": "o1", "value": "5000.00", "currency": "GBP"}]),
    known("birch", "customer", "Leeds"),
    known("cedar", "customer", "York"),
    known("dale", "prospect", "Leeds"),
    reached("acme", "2024-03-04T10:00:00Z"),
    reached("cedar", "2025-04-20T10:00:00Z"),
]
GENERATE = (
    *("interactions", "generate", "--kind", "customer", "--day", "2025-05-06", "--start", "09:00"),
    *("--duration", "PT20M", "--gap", "PT10M", "--assignee", "ann", "--type", "call"),
)


class Team:
    """A folder with a read model, made by replays of what was sent so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent = folder / "sent.jsonl"

    def replay(self, *more: Path) -> None:
        files = [str(self.sent), *map(str, more)]
        ended = evenhand("replay", *files, "--out", str(self.folder / "out"), "--profiles", str(self._team))
        assert ended.code == 0, ended.err

    @property
    def _team(self) -> Path:
        return self.folder / "team.toml"

    @property
    def db(self) -> str:
        return str(self.folder / "out" / "evenhand.db")

    def generate(self, *arguments: str) -> Ended:
        return evenhand(*GENERATE, "--db", self.db, "--profiles", str(self._team), *arguments)

    def followups(self) -> dict[str, dict[str, Any]]:
        lines = (self.folder / "out" / "followups.jsonl").read_text().splitlines()
        return {line["interaction_id"]: line for line in map(json.loads, lines)}

    def rejections(self) -> list[str]:
        lines = (self.folder / "out" / "rejections.jsonl").read_text().splitlines()
        return [json.loads(line)["reason"] for line in lines]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Before anything is planned."""
    team = Team(tmp_path_factory.mktemp("team"))
    team.sent.write_text("".join(json.dumps(event) + "\n" for event in HISTORY))
    (team.folder / "team.toml").write_text(TEAM)
    team.replay()
    return team.folder


@pytest.fixture
def team(replayed: Path, tmp_path: Path) -> Team:
    shutil.copytree(replayed, tmp_path, dirs_exist_ok=True)
    return Team(tmp_path)


def facts(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_generate_takes_its_contacts_from_the_read_model_and_says_how_many_were_created(team: Team) -> None:
    """Behaviours D41, D44 and D45."""
    ended = team.generate("--number", "3", "--not-contacted-within", "P365D", "--out", "-")

    assert (ended.code, ended.err) == (
        0,
        "2 interactions created, not 3: no more contacts pass the filters; written to standard output\n",
    )
    assert [(fact["contact_id"], fact["starts_at"], fact["occurred_at"]) for fact in facts(ended.out)] == [
        ("birch", "2025-05-06T08:00:00Z", "2025-05-01T09:00:00Z"),
        ("acme", "2025-05-06T08:30:00Z", "2025-05-01T09:00:00Z"),
    ]


def test_what_is_generated_is_open_for_its_assignee_and_asking_again_creates_nothing(team: Team) -> None:
    out = team.folder / "calls.jsonl"
    assert team.generate("--number", "2", "--out", str(out)).out == f"2 interactions created; written to {out}\n"
    first = out.read_bytes()
    refused = team.generate("--number", "2", "--out", str(out))
    assert (refused.code, "this is there already" in refused.err, out.read_bytes()) == (2, True, first)
    once_more = team.folder / "once-more.jsonl"
    assert team.generate("--number", "2", "--out", str(once_more)).code == 0
    assert once_more.read_bytes() == first

    team.replay(out, out)
    opened = [line for line in team.followups().values() if line["source"] == "generated"]
    assert [(line["status"], line["assignee"], line["contact_id"]) for line in opened] == [
        ("open", "ann", "birch"),
        ("open", "ann", "acme"),
    ]

    again = team.generate("--number", "2", "--out", "-")
    assert (again.out, again.err) == (
        "",
        "0 interactions created, 2 were there before; written to standard output\n",
    )


def test_a_dry_run_shows_whom_and_sends_nothing(team: Team) -> None:
    ended = team.generate("--number", "2", "--dry-run", "--out", str(team.folder / "none.jsonl"))

    assert ended.out.splitlines() == [
        "2025-05-06T08:00:00Z  birch  1",
        "2025-05-06T08:30:00Z  acme   2",
        "2 interactions would be created",
    ]
    assert not (team.folder / "none.jsonl").exists()


def test_where_none_is_possible_one_line_says_why_and_the_stage_can_be_changed(team: Team) -> None:
    """Behaviours D42, D37 and D39: the options stay as they were, and one switch turns a filter off."""
    narrow = ("--number", "1", "--value-above", "9000", "--city", "York", "--out", "-")

    refused = team.generate(*narrow)
    assert (refused.code, refused.out) == (2, "")
    said = "no interaction is possible: opportunities above 9000 left nobody of 3"
    assert refused.err == f"error: {said}; choose a wider filter, or leave it out\n"
    assert [fact["contact_id"] for fact in facts(team.generate(*narrow, "--no-opportunities").out)] == ["cedar"]
    off = team.generate(*narrow, "--no-opportunities", "--everywhere")
    assert [fact["contact_id"] for fact in facts(off.out)] == ["birch"]


def test_an_opportunity_in_range_is_read_from_the_contacts_attributes(team: Team) -> None:
    """Behaviour D36."""
    ended = team.generate("--number", "9", "--value-above", "4999.99", "--currency", "GBP", "--out", "-")

    assert [fact["contact_id"] for fact in facts(ended.out)] == ["acme"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--city", "York", "--postcode", "YO1"), "--city and --postcode are one filter: choose one of them"),
        (("--time-zone", "Mars/Base"), "--time-zone Mars/Base: a time zone has a name of IANA's database"),
        (("--value-above", "much"), "'much' is no amount; write one such as 1000.50"),
        (("--value-above", "NaN"), "'NaN' is no amount; write one such as 1000.50"),
        (("--note", "\ud800"), "an option holds bytes that are no UTF-8 text: nothing was sent"),
        (("--out", "/nowhere/calls.jsonl"), "/nowhere/calls.jsonl: there is no folder /nowhere; make it"),
    ],
)
def test_what_cannot_be_generated_is_one_clear_line(team: Team, arguments: tuple[str, ...], said: str) -> None:
    ended = team.generate("--number", "1", *arguments)

    assert (ended.code, said in ended.err, ended.err.count("\n")) == (2, True, 1)


def _change(team: Team, what: str, *arguments: str) -> Ended:
    out = team.folder / f"{what}.jsonl"
    out.unlink(missing_ok=True)
    at = ("--actor", "ann", "--occurred-at", "2025-05-01T09:00:00Z", "--out", str(out))
    ended = evenhand("interactions", what, "--db", team.db, *arguments, *at)
    assert ended.code == 0, ended.err
    team.replay(team.folder / "calls.jsonl", out)
    return ended


@pytest.fixture
def planned(team: Team) -> Team:
    assert team.generate("--number", "3", "--out", str(team.folder / "calls.jsonl")).code == 0
    team.replay(team.folder / "calls.jsonl")
    return team


def generated(team: Team, field: str) -> list[object]:
    return [line[field] for line in team.followups().values() if line["source"] == "generated"]


def test_complete_completes_each_that_the_filter_holds_for(planned: Team) -> None:
    ended = _change(planned, "complete", "--assignee", "ann", "--contact", "acme", "--outcome", "reached")

    assert ended.out.startswith("1 interaction completed; written to ")
    assert sorted(generated(planned, "status"), key=str) == ["completed", "open", "open"]


def test_reassign_gives_each_to_another_user(planned: Team) -> None:
    ended = _change(planned, "reassign", "--assignee", "ann", "--type", "call", "--to", "ben")

    assert ended.out.startswith("3 interactions reassigned to ben; written to ")
    assert generated(planned, "assignee") == ["ben"] * 3


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--due-on", "2025-05-09"), ("2025-05-09", None, "2025-05-09T23:00:00Z")),
        (
            ("--starts-at", "2025-05-09T08:00:00Z", "--duration", "PT1H"),
            (None, "2025-05-09T08:00:00Z", "2025-05-09T09:00:00Z"),
        ),
        (("--unscheduled",), (None, None, None)),
    ],
)
def test_reschedule_moves_each(planned: Team, arguments: tuple[str, ...], expected: tuple[object, ...]) -> None:
    _change(planned, "reschedule", "--due-from", "2025-05-06", "--due-to", "2025-05-06", *arguments)

    moved = zip(*(generated(planned, field) for field in ("due_on", "starts_at", "due_at")), strict=True)
    assert list(moved) == [expected] * 3


def test_each_of_many_is_judged_on_its_own(planned: Team) -> None:
    _change(planned, "complete", "--status", "completed", "--summary", "again")

    assert planned.rejections() == ["already_completed"] * 2
    assert generated(planned, "status") == ["open"] * 3


def test_a_tag_and_a_status_narrow_the_selection(planned: Team) -> None:
    nothing = ("interactions", "reassign", "--db", planned.db, "--to", "ben", "--dry-run")

    assert evenhand(*nothing, "--tag", "vip").out == "0 interactions would be reassigned to ben\n"
    assert evenhand(*nothing, "--status", "missed").out == "0 interactions would be reassigned to ben\n"
    shown = evenhand(*nothing, "--status", "open").out.splitlines()
    assert [line.split()[0] for line in shown] == ["birch", "acme", "cedar", "3"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reassign", "--to", "ben"), "this would change every open interaction: name at least one filter"),
        (("complete", "--assignee", "ann"), "give --outcome or --summary"),
        (("reschedule", "--assignee", "ann"), "say when: --due-on, or --starts-at with --duration"),
        (("reschedule", "--starts-at", "2025-05-09T08:00:00Z"), "say when: --due-on, or --starts-at with --duration"),
        (("schedule", "--contact", "acme"), "say what the contact is: --kind customer or --kind prospect"),
        (("schedule", "--title", "x"), "say whose it is: --contact, or --owner for a personal one"),
        (("schedule", "--owner", "ann", "--duration", "PT1H"), "a schedule is --due-on, or --starts-at with"),
        (("schedule", "--owner", "ann", "--recurrence", "DAILY"), "this would be no valid interaction.scheduled"),
        (("post", "i1", "--text", "x"), "say whose it is: --contact, or --owner for a personal one"),
    ],
)
def test_wrong_usage_is_one_clear_line(arguments: tuple[str, ...], said: str) -> None:
    ended = evenhand("interactions", *arguments, "--out", "-")

    assert (ended.code, ended.out, said in ended.err, ended.err.count("\n")) == (2, "", True, 1)


def test_one_is_scheduled_logged_and_posted_upon(team: Team) -> None:
    """Behaviours D16, D17, D21 to D25: the actor is the assignee, a personal one has an owner alone."""
    at = ("--actor", "ann", "--occurred-at", "2025-05-01T09:00:00Z", "--out", "-")
    offer = ("--contact", "acme", "--kind", "customer", "--interaction-id", "offer", "--due-on", "2025-05-09")
    said = [
        evenhand("interactions", "schedule", *offer, "--tag", "vip", "--tag", "b", "--response-required", *at),
        evenhand("interactions", "log", "--contact", "acme", "--kind", "customer", "--interaction-id", "visit",
                 "--follow-up-of", "offer", "--outcome", "ordered", "--next-action", "send the bill", *at),
        evenhand("interactions", "post", "offer", "--contact", "acme", "--text", "They like it", *at),
        evenhand("interactions", "schedule", "--owner", "ann", "--interaction-id", "note", "--title", "Tidy up", *at),
    ]  # fmt: skip
    assert [ended.err for ended in said] == [
        "1 interaction scheduled: offer; written to standard output\n",
        "1 interaction logged: visit; written to standard output\n",
        "1 post on offer; written to standard output\n",
        "1 interaction scheduled: note; written to standard output\n",
    ]

    calls = team.folder / "calls.jsonl"
    calls.write_text("".join(ended.out for ended in said))
    team.replay(calls)

    held = team.followups()
    assert {name: (held[name]["status"], held[name]["assignee"]) for name in ("offer", "visit", "note")} == {
        "offer": ("open", "ann"),
        "visit": ("completed", "ann"),
        "note": ("open", "ann"),
    }
    assert (held["offer"]["tags"], [post["text"] for post in held["offer"]["posts"]]) == (
        ["b", "vip"],
        ["They like it"],
    )
    assert (held["note"]["kind"], held["note"]["owner"], held["note"]["contact_id"]) == ("personal", "ann", None)
    assert team.rejections() == []


def test_facts_go_to_the_topic_under_the_contact_or_the_owner(kafka: Broker, topic_prefix: str, team: Team) -> None:
    make_topics(kafka, input_topics(topic_prefix, 1))
    there = on(kafka, topic_prefix)

    ended = team.generate("--number", "2", *there)
    personal = evenhand("interactions", "schedule", "--owner", "ann", "--title", "Tidy up", *there)

    assert ended.out == f"2 interactions created; sent to {topic_prefix}interactions\n"
    assert personal.code == 0
    assert [entry.key for entry in read(kafka, f"{topic_prefix}interactions")] == [b"birch", b"acme", b"user:ann"]
