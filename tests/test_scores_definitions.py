"""The file of definitions: what the contract's example says, what is filled in, and what is refused where."""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.definitions import Definitions, DefinitionsError, UserDefinition, load_definitions
from config.profile import Band, Group
from config.profile_reading import read_profile
from events.canonical import canonical_json
from events.sent import fields_of
from tests.scoring import profile

EXAMPLE = Path(__file__).with_name("data") / "definitions.toml"
OPENS = 'rule_id = "opens"\npoints = 5\nwhen = { type = "touchpoint.recorded" }'


def read(folder: Path, text: str) -> Definitions:
    path = folder / "definitions.toml"
    path.write_text(text, "utf-8")
    return load_definitions(path)


def test_the_contracts_example_is_read() -> None:
    found = load_definitions(EXAMPLE)
    engagement = found.profiles["engagement"]

    assert (found.time_zone, found.reminder_hour) == ("Europe/London", 6)
    assert found.users == {"u1": UserDefinition("Front desk", "desk@example.org", "America/New_York", 8, active=True)}
    assert (engagement.revision, engagement.floor, engagement.ceiling, engagement.hysteresis) == (3, 0, 100, 3)
    assert engagement.bands == (Band("cold", 0), Band("warm", 10), Band("hot", 40))
    assert engagement.groups == (Group("mail", -10, 6),)
    assert [rule.rule_id for rule in engagement.rules] == ["opens", "all_dnd", "silent"]


def test_an_empty_file_has_the_defaults(tmp_path: Path) -> None:
    found = read(tmp_path, "")

    assert (found.time_zone, found.reminder_hour, found.users, found.profiles) == ("UTC", 6, {}, {})


def test_a_profile_has_defaults() -> None:
    found = profile()

    assert (found.name, found.published, found.revision, found.hysteresis) == ("p", True, 1, 0)
    assert (found.floor, found.ceiling, found.bands, found.groups, found.exclude) == (None, None, (), (), ())


def test_a_profile_is_the_same_from_toml_and_from_a_definitions_json() -> None:
    written = tomllib.loads(EXAMPLE.read_text(), parse_float=Decimal)["profiles"]["engagement"]
    as_json = canonical_json(json.loads(json.dumps(written, default=lambda moment: moment.isoformat())))

    assert read_profile("engagement", fields_of(as_json)) == load_definitions(EXAMPLE).profiles["engagement"]


def test_a_definitions_revision_goes_before_the_profiles_own() -> None:
    assert read_profile("p", {"revision": 2}, revision=7).revision == 7


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("time_zone = 'Mars/Olympus'", 1, 'time_zone is "Mars/Olympus"'),
        ("reminder_hour = 24", 1, "reminder_hour"),
        ("colour = 1", 1, "colour"),
        ("[profiles.p]\nhysteresys = 3", 2, "profiles.p.hysteresys"),
        ("[profiles.p]\nfloor = 5\nceiling = 4", 1, "has a floor of 5 above its ceiling of 4"),
        (f"[profiles.p]\n[[profiles.p.rules]]\n{OPENS}\n[[profiles.p.rules]]\n{OPENS}", 1, "has 2 rules"),
        (f"[[profiles.p.rules]]\n{OPENS}\ngroup = 'mail'", 1, 'has no group "mail"'),
        (f"[[profiles.p.rules]]\n{OPENS}\nwithin = 'P3D'", 1, "cannot have within beside when"),
        (f"[[profiles.p.rules]]\n{OPENS}\nwindow = 'P3D'\ndecay_over = 'P3D'", 1, "both window and decay_over"),
        ("[[profiles.p.rules]]\nrule_id = 'r'\npoints = 1", 1, "exactly one of when, if and unless"),
        ("[[profiles.p.rules]]\nrule_id = 'r'\npoints = 0.5\nwhen = { type = 'touchpoint.recorded' }", 3, "points"),
        ("[[profiles.p.rules]]\nrule_id = 'r'\npoints = 1\nwhen = { type = 'contact.updated' }", 4, "contact.updated"),
        ("[[profiles.p.rules]]\nrule_id='r'\npoints = 1\nif = [{ field = 'dnd', op = '~', value = 1 }]", 4, '"~"'),
        ("[[profiles.p.rules]]\nrule_id='r'\npoints = 1\nif = [{ field = 'age', op = '<', value = true }]", 4, "<"),
        ("[[profiles.p.rules]]\nrule_id='r'\npoints = 1\nif = [{ field = 'age', op = 'in', value = 3 }]", 4, "in"),
        ("[[profiles.p.rules]]\nrule_id='r'\npoints = 1\nif = [{ field = 'age', op = '=' }]", 4, "lacks the value"),
        ("[[profiles.p.rules]]\nrule_id='r'\npoints = 1\nunless = { type = 'touchpoint.recorded' }", 1, "within"),
    ],
)
def test_what_means_nothing_is_refused_with_its_line_and_key(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    with pytest.raises(DefinitionsError) as refused:
        read(tmp_path, text)

    assert f"line {line}, " in str(refused.value)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_file_that_is_not_there_or_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionsError, match="there is no such file of definitions"):
        load_definitions(tmp_path / "none.toml")
    with pytest.raises(DefinitionsError, match="is not TOML"):
        read(tmp_path, "time_zone =")


def test_a_definition_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValidationError):
        read_profile("p", {"rules": [{"rule_id": "r", "points": 1}]})
