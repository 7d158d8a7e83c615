"""Dated changes: what the catalogue says of a fact depends on when the fact occurred, and on nothing else."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import ModelSpec
from events.duration import parse_duration
from events.instant import parse_instant
from tests.catalogues import HOUR_US, UNHURRIED, Table, hours, ids, read, tables, toml

INSTANT = parse_instant("2026-01-01T00:00:00Z")
DAY_US = 24 * HOUR_US

AD = """
[touchpoints.ad]
lifetime = "P3D"
dimensions = { department = "Technology", platform = "Google Ads" }
"""
LONGER = '[[touchpoints.ad.changes]]\neffective_from = 2026-01-01T00:00:00Z\nlifetime = "P7D"\n'
MOVED = (
    "[[touchpoints.ad.changes]]\neffective_from = 2026-02-01T00:00:00Z\ndimensions = { department = 'Fundraising' }\n"
)


def test_a_change_holds_from_its_instant_on() -> None:
    catalogue = read(AD + LONGER)

    lifetimes = [catalogue.lifetime_us("ad", at_us) for at_us in (INSTANT - 1, INSTANT, INSTANT + 999 * DAY_US)]

    assert lifetimes == [3 * DAY_US, 7 * DAY_US, 7 * DAY_US]


def test_a_change_replaces_only_the_keys_that_it_names() -> None:
    catalogue = read(AD + LONGER)

    assert catalogue.dimensions_of("ad", INSTANT) == {"department": "Technology", "platform": "Google Ads"}


def test_a_later_change_leaves_standing_what_it_does_not_name() -> None:
    catalogue = read(AD + LONGER + MOVED)

    assert catalogue.lifetime_us("ad", parse_instant("2026-02-01T00:00:00Z")) == 7 * DAY_US


def test_dimensions_are_replaced_as_a_whole_table() -> None:
    catalogue = read(AD + LONGER + MOVED)

    assert catalogue.dimensions_of("ad", parse_instant("2026-02-01T00:00:00Z")) == {"department": "Fundraising"}


def test_the_latest_change_wins_wherever_it_stands_in_the_file() -> None:
    latest = '[[touchpoints.ad.changes]]\neffective_from = 2026-03-01T00:00:00Z\nlifetime = "P9D"\n'

    catalogue = read(AD + latest + LONGER)

    assert catalogue.lifetime_us("ad", parse_instant("2026-03-01T00:00:00Z")) == 9 * DAY_US


def test_an_offset_counts() -> None:
    catalogue = read(AD + LONGER.replace("00:00:00Z", "02:00:00+02:00"))

    assert catalogue.lifetime_us("ad", INSTANT) == 7 * DAY_US


def test_a_change_of_the_whole_holds_for_conversions() -> None:
    catalogue = read('dimensions = ["a"]\n[[changes]]\neffective_from = 2026-01-01T00:00:00Z\nmodel = "last"')

    models = [catalogue.rules_at(at_us).model for at_us in (INSTANT - 1, INSTANT)]

    assert models == [ModelSpec("linear"), ModelSpec("last")]
    assert catalogue.rules_at(INSTANT).dimensions == ("a",)


def test_models_are_replaced_one_by_one() -> None:
    catalogue = read(
        'model = "position_based"\nshadow_models = ["time_decay"]\n[models.position_based]\nweights = [1, 2, 3]\n'
        "[[changes]]\neffective_from = 2026-01-01T00:00:00Z\n[changes.models.time_decay]\nhalf_life = 'P1D'"
    )

    rules = catalogue.rules_at(INSTANT)

    assert (rules.model.weights, rules.shadow_models[0].half_life_us) == ((1, 2, 3), parse_duration("P1D"))


@UNHURRIED
@given(tables, ids, hours)
def test_lookups_agree_with_a_naive_reading(table: Table, name: str, at_us: int) -> None:
    catalogue = read(toml(table))

    touchpoint = _naively(table.get("touchpoints", {}).get(name, {}), at_us)
    lifetime = touchpoint.get("lifetime", table.get("default_lifetime"))
    terms = _naively(table, at_us)

    assert catalogue.lifetime_us(name, at_us) == (None if lifetime is None else parse_duration(lifetime))
    assert catalogue.dimensions_of(name, at_us) == touchpoint.get("dimensions", {})
    rules = catalogue.rules_at(at_us)
    assert (rules.model.name, [spec.name for spec in rules.shadow_models]) == (
        terms.get("model", "linear"),
        terms.get("shadow_models", []),
    )
    assert (set(rules.dimensions), rules.direct) == (
        set(terms.get("dimensions", [])),
        frozenset(terms.get("direct", ["direct"])),
    )
    for spec in (rules.model, *rules.shadow_models):
        set_to = terms.get("models", {}).get(spec.name)
        if spec.weights is not None and set_to is not None:
            assert list(spec.weights) == set_to["weights"]
        if spec.half_life_us is not None and set_to is not None:
            assert spec.half_life_us == parse_duration(set_to["half_life"])


@UNHURRIED
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_changes_in_the_file_does_not_matter(table: Table, random: Any) -> None:
    shuffled = {**table, "changes": random.sample(table.get("changes", []), len(table.get("changes", [])))}

    assert read(toml(shuffled)).serialised() == read(toml(table)).serialised()


def _naively(entry: Table, at_us: int) -> Table:
    """What holds at an instant, read as the contract words it: change upon change, each key by itself."""
    held = dict(entry)
    for change in sorted(entry.get("changes", []), key=lambda change: change["effective_from"]):
        if change["effective_from"] <= at_us:
            models = {**held.get("models", {}), **change.get("models", {})}
            held = {**held, **change, "models": models}
    return held
