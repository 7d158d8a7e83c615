"""May a state go on under a changed catalogue? Only where the change leaves standing what was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import Rules, incompatibility
from config.errors import BrokenEnvironmentError
from events.instant import parse_instant
from tests.catalogues import HOUR_US, UNHURRIED, Table, hours, read, tables, toml

NEWEST = parse_instant("2026-06-01T12:00:00Z")
STORED = """
dimensions = ["department"]
shadow_models = ["last", "position_based"]

[touchpoints.ad]
lifetime = "P3D"
dimensions = { department = "Technology" }

[[touchpoints.ad.changes]]
effective_from = 2026-01-01T00:00:00Z
lifetime = "P7D"

[touchpoints.call]
lifetime = "P1D"
"""
MADE_WITH = "against the rules that the state was made with, whose newest event is of 2026-06-01T12:00:00Z"
CHANGEABLE = ["changes", "touchpoints", "shadow_models", "model", "max_window"]
DATE_IT = "date the change, or run `evenhand restate`"
TAKE_IT_BACK = "this key takes no date: take the change back, or run `evenhand restate`"


def _said(new: str, newest_us: int | None = NEWEST) -> str | None:
    catalogue = read(new)
    said = incompatibility(read(STORED).serialised(), catalogue, newest_us)
    return None if said is None else said.removeprefix(f"{catalogue.source}: ")


def _change(*lines: str, at: str) -> str:
    return "\n".join((f"\n[[{at}]]", *lines, ""))


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(STORED, id="the same"),
        pytest.param(STORED + '[touchpoints.leaflet]\nlifetime = "P1D"', id="a new name"),
        pytest.param(STORED.replace('"last"', '"first", "last"'), id="one more shadow model"),
        pytest.param(
            STORED.replace('"last", "position_based"', '"position_based", "last"'), id="shadow models reordered"
        ),
        pytest.param(STORED + "[models.time_decay]\nhalf_life = 'P1D'", id="parameters of a model not in use"),
        pytest.param(
            STORED + _change("effective_from = 2026-06-01T12:00:00.000001Z", 'model = "first"', at="changes"),
            id="a change dated after the newest event",
        ),
        pytest.param(
            STORED + _change("effective_from = 2026-05-01T00:00:00Z", 'model = "linear"', at="changes"),
            id="an earlier change to what holds already",
        ),
    ],
)
def test_what_breaks_nothing_that_was_said_is_free(new: str) -> None:
    assert _said(new) is None


@pytest.mark.parametrize(
    ("new", "broken", "remedy"),
    [
        (
            STORED.replace('"P3D"', '"P4D"'),
            "touchpoints.ad.lifetime was P3D and is now P4D",
            DATE_IT,
        ),
        (
            STORED.replace('"Technology"', '"Fundraising"'),
            "touchpoints.ad.dimensions was {department = Technology} and is now {department = Fundraising}",
            DATE_IT,
        ),
        (
            STORED.replace('"P7D"', '"P8D"'),
            "touchpoints.ad.lifetime was P7D and is now P8D from 2026-01-01T00:00:00Z on",
            DATE_IT,
        ),
        (
            STORED.replace("2026-01-01", "2026-02-01"),
            "touchpoints.ad.lifetime was P7D and is now P3D from 2026-01-01T00:00:00Z on",
            DATE_IT,
        ),
        (
            STORED.split("[[", maxsplit=1)[0] + '[touchpoints.call]\nlifetime = "P1D"',
            "touchpoints.ad.lifetime was P7D and is now P3D from 2026-01-01T00:00:00Z on",
            DATE_IT,
        ),
        (
            STORED
            + _change("effective_from = 2026-06-01T12:00:00Z", 'lifetime = "P2D"', at="touchpoints.call.changes"),
            "touchpoints.call.lifetime was P1D and is now P2D from 2026-06-01T12:00:00Z on",
            DATE_IT,
        ),
        (STORED.split("[touchpoints.call]", maxsplit=1)[0], "touchpoints.call was there and is now gone", TAKE_IT_BACK),
        ('model = "first"\n' + STORED, "model was linear and is now first", DATE_IT),
        (
            STORED + _change("effective_from = 2026-05-01T00:00:00Z", 'model = "first"', at="changes"),
            "model was linear and is now first from 2026-05-01T00:00:00Z on",
            DATE_IT,
        ),
        (
            STORED.replace('"last", ', ""),
            (
                "shadow_models was [last, position_based with weights [40, 20, 40]] and is now "
                "[position_based with weights [40, 20, 40]]"
            ),
            DATE_IT,
        ),
        (
            STORED + "[models.position_based]\nweights = [1, 2, 3]",
            (
                "shadow_models was [last, position_based with weights [40, 20, 40]] and is now "
                "[last, position_based with weights [1, 2, 3]]"
            ),
            DATE_IT,
        ),
        (
            STORED.replace('["department"]', '["platform"]'),
            "dimensions was [department] and is now [platform]",
            DATE_IT,
        ),
        ('direct = ["ad"]\n' + STORED, "direct was [direct] and is now [ad]", DATE_IT),
        ("max_window = 9\n" + STORED, "max_window was 10000 and is now 9", TAKE_IT_BACK),
        ('attribution_horizon = "P9D"\n' + STORED, "attribution_horizon was P90D and is now P9D", TAKE_IT_BACK),
        ('conversion_retention = "P90D"\n' + STORED, "conversion_retention was P400D and is now P90D", TAKE_IT_BACK),
        ('default_lifetime = "P30D"\n' + STORED, "default_lifetime was absent and is now P30D", TAKE_IT_BACK),
    ],
)
def test_what_changes_the_past_is_refused_with_key_and_remedy(new: str, broken: str, remedy: str) -> None:
    assert _said(new) == f"{broken}, {MADE_WITH}; {remedy}"


def test_the_half_life_of_a_model_in_use_is_named() -> None:
    stored = read('model = "time_decay"').serialised()
    new = read('model = "time_decay"\n[models.time_decay]\nhalf_life = "P1D"')

    said = incompatibility(stored, new, NEWEST)

    assert said is not None
    assert "model was time_decay with half_life P7D and is now time_decay with half_life P1D, " in said


def test_several_broken_keys_are_counted() -> None:
    said = _said('max_window = 9\nmodel = "first"\n' + STORED.replace('"P3D"', '"P4D"'))

    assert said == f"max_window was 10000 and is now 9 (and 2 more), {MADE_WITH}; {TAKE_IT_BACK}"


def test_without_an_event_every_dated_change_is_free() -> None:
    assert (
        _said(STORED + _change("effective_from = 1950-01-01T00:00:00Z", 'model = "first"', at="changes"), None) is None
    )


def test_without_an_event_an_undated_change_is_refused_all_the_same() -> None:
    said = _said('model = "first"\n' + STORED, None)

    assert said == f"model was linear and is now first, against the rules that the state was made with; {DATE_IT}"


def test_damaged_rules_are_the_environments_fault() -> None:
    with pytest.raises(BrokenEnvironmentError, match="the rules stored with the state are damaged"):
        incompatibility('{"max_window": ', read(STORED), NEWEST)


@UNHURRIED
@given(tables, tables, st.sets(st.sampled_from(CHANGEABLE)), hours)
def test_free_is_exactly_what_leaves_every_past_answer_as_it_was(
    stored: Table, other: Table, keys: set[str], newest_us: int
) -> None:
    new = stored | {key: value for key, value in other.items() if key in keys}

    free = incompatibility(read(toml(stored)).serialised(), read(toml(new)), newest_us) is None

    assert free == _leaves_the_past(stored, new, newest_us)


def _leaves_the_past(stored: Table, new: Table, newest_us: int) -> bool:
    before, after = read(toml(stored)), read(toml(new))
    names = stored.get("touchpoints", {}).keys()
    return (
        after.max_window == before.max_window
        and new.get("touchpoints", {}).keys() >= names
        and all(
            after.lifetime_us(name, at_us) == before.lifetime_us(name, at_us)
            and after.dimensions_of(name, at_us) == before.dimensions_of(name, at_us)
            and _says_all_of(before.rules_at(at_us), after.rules_at(at_us))
            for name in (*names, "any other")
            for at_us in range(-HOUR_US, newest_us + 1, HOUR_US // 2)
        )
    )


def _says_all_of(was: Rules, now: Rules) -> bool:
    same = (now.model, now.dimensions, now.direct) == (was.model, was.dimensions, was.direct)
    return same and set(now.shadow_models) >= set(was.shadow_models)


@UNHURRIED
@given(tables, hours)
def test_the_stored_rules_never_break_with_themselves(table: Table, newest_us: int) -> None:
    catalogue = read(toml(table))

    assert incompatibility(catalogue.serialised(), catalogue, newest_us) is None
