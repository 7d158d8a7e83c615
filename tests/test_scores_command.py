"""`evenhand scores`: a draft tried on one contact, and on all, before it is published (behaviour T12)."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Ended, evenhand
from tests.replaying import messages

PAGE = (Path(__file__).parents[1] / "docs" / "scores.md").read_text("utf-8")
FILES = dict(re.findall(r"`([a-z]+\.(?:toml|jsonl))`[^\n]*:\n\n```(?:toml|json)\n(.*?)```", PAGE, re.DOTALL))
"""Of the page: what each file holds."""
SHOWN = re.findall(r"\$ evenhand ([^\n]*)\n(.*?)(?=\n\$ |```)", PAGE, re.DOTALL)
"""Of the page: the commands, and what they print."""
DRAFT = ("--profiles", "draft.toml", "events.jsonl")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder holds the files of the page."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _preview(*arguments: str) -> Ended:
    return evenhand("scores", "preview", "engagement", "--contact", "donor-7", *arguments)


def _json(ended: Ended) -> dict[str, Any]:
    assert (ended.code, ended.err) == (0, "")
    told: dict[str, Any] = json.loads(ended.out)
    return told


def test_the_page_has_its_files_and_commands() -> None:
    assert (set(FILES), len(SHOWN)) == ({"published.toml", "draft.toml", "events.jsonl"}, 2)


@pytest.mark.parametrize(("command", "printed"), SHOWN)
def test_a_command_of_the_page_prints_what_stands_there(command: str, printed: str) -> None:
    assert evenhand(*command.split()) == (0, printed, "")


def test_a_preview_says_what_a_replay_publishes(folder: Path) -> None:
    (folder / "published.toml").write_text(FILES["draft.toml"].replace("published = false", "published = true"))
    assert evenhand("replay", "events.jsonl", "--profiles", "published.toml", "--out", "out").code == 0
    published = {each["contact_id"]: each for each in messages(folder / "out", "scores.jsonl")}["donor-7"]

    told = _json(_preview(*DRAFT, "--json"))

    same = ("contact_id", "profile_id", "profile_revision", "as_of", "score", "unclamped", "band", "groups", "adjusted")
    assert {name: told[name] for name in same} == {name: published[name] for name in same}
    assert [{name: rule[name] for name in ("rule_id", "times", "points")} for rule in told["rules"]] == published[
        "rules"
    ]


def test_a_preview_as_of_an_instant_knows_nothing_later() -> None:
    told = _json(_preview(*DRAFT, "--as-of", "2024-07-01T12:00:00Z", "--json"))

    assert [fact["event_id"] for fact in told["rules"][0]["facts"]] == ["t1"]


def test_events_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FILES["events.jsonl"].encode())))

    told = _json(_preview("--profiles", "draft.toml", "-", "--json"))

    assert told == _json(_preview(*DRAFT, "--json"))


def test_refused_events_do_not_count_and_are_told(folder: Path) -> None:
    with (folder / "events.jsonl").open("a") as file:
        file.write('{"type":"touchpoint.recorded","event_id":"bad"}\n')

    told = _preview(*DRAFT)

    assert told.err == "Refused events of the files, which do not count: 1\n"
    assert "bad" not in told.out


def test_many_facts_are_cut_in_the_table_and_their_points_are_not(folder: Path) -> None:
    line = FILES["events.jsonl"].splitlines()[0]
    opens = [line.replace('"t1"', f'"n{day}"').replace("07-01T", f"06-{day:02}T") for day in range(1, 25)]
    (folder / "events.jsonl").write_text("\n".join(opens))

    told = _preview(*DRAFT).out

    assert "4 earlier ones (--json)" in told
    assert "rule opens            24     +48" in told


def test_the_excluded_are_told_why_they_have_no_score() -> None:
    told = evenhand("scores", "preview", "engagement", "--contact", "desk-1", *DRAFT)

    assert told.out.endswith("no score, excluded by entry 1 of `exclude`\n")


def test_a_diff_against_nothing_lets_everyone_appear() -> None:
    told = _json(evenhand("scores", "diff", "engagement", *DRAFT, "--json"))

    assert (told["old_revision"], told["new_revision"], told["old_scored"], told["appear"]) == (None, 2, 0, 3)


def test_a_draft_on_the_other_side_is_nothing() -> None:
    told = _json(evenhand("scores", "diff", "engagement", "--against", "draft.toml", *DRAFT, "--json"))

    assert (told["old_revision"], told["appear"]) == (None, 3)


def test_a_diff_to_a_file_without_the_profile_lets_everyone_go(folder: Path) -> None:
    (folder / "empty.toml").write_text("")

    told = _json(
        evenhand(
            *("scores", "diff", "engagement", "--profiles", "empty.toml", "--against", "published.toml"),
            *("events.jsonl", "--json"),
        )
    )

    assert (told["new_revision"], told["go"], told["new_scored"]) == (None, 3, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("preview", "engagment", "--contact", "donor-7", *DRAFT),
            "draft.toml: there is no profile engagment; profiles there: engagement",
        ),
        (("diff", "x", *DRAFT), "draft.toml: there is no profile x; profiles there: engagement"),
        (
            ("preview", "engagement", "--contact", "donor-77", *DRAFT),
            (
                "no accepted fact of contact donor-77 by 2024-07-05T12:00:00Z; "
                "the files hold 4 contacts by then, such as desk-1, donor-7, donor-8"
            ),
        ),
        (
            ("preview", "engagement", "--contact", "donor-7", "--as-of", "2020-01-01T00:00:00Z", *DRAFT),
            "no accepted fact of contact donor-7 by 2020-01-01T00:00:00Z; the files hold 0 contacts by then",
        ),
        (("diff", "engagement", "--profiles", "draft.toml"), "name files of events, or - for standard input"),
        (
            ("diff", "engagement", "--profiles", "draft.toml", "-", "-"),
            "standard input (-) can be read once only; name it once",
        ),
        (
            ("diff", "engagement", "--profiles", "draft.toml", "draft.toml"),
            "draft.toml: no accepted event; `evenhand replay` tells why each was refused",
        ),
    ],
)
def test_what_cannot_be_tried_is_one_clear_line(arguments: tuple[str, ...], message: str) -> None:
    assert evenhand("scores", *arguments) == (2, "", f"error: {message}\n")


def test_a_rule_without_facts_says_so() -> None:
    told = evenhand("scores", "preview", "engagement", "--contact", "donor-9", *DRAFT).out

    assert "\nRule gifts (event); no facts\n" in told


def test_a_reason_cannot_move_the_cursor_of_a_terminal(folder: Path) -> None:
    (folder / "events.jsonl").write_text(FILES["events.jsonl"].replace("spoke", "\\u001b[2J"))

    told = _preview(*DRAFT).out

    assert "\\x1b[2J" in told
    assert "\x1b" not in told
