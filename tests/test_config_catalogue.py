"""The catalogue's file: what it says when it is valid, and what its keeper is told when it is not."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from config.catalogue import Catalogue, ModelSpec, Rules, load_catalogue
from config.catalogue_entries import CatalogueFile, TouchpointEntry
from config.errors import CatalogueError
from events.duration import parse_duration
from events.instant import parse_instant

PROJECT = Path(__file__).parent.parent

Written = Callable[[str], Path]

ANY_TIME = parse_instant("2023-07-05T11:00:00Z")
MODELS = "'linear', 'first', 'last', 'last_non_direct', 'position_based', 'j_shaped', 'inverse_j' or 'time_decay'"
DURATION = "a duration is ISO 8601, PnW or PnDTnHnMnS with a fraction only in seconds, such as P3D or PT0.5S"
SPAN = "must be more than no time and at most P110000D"
INSTANT = "must be a TOML date-time with an offset and no quotes, such as 2026-07-01T00:00:00Z"
SEVENTEEN = ", ".join(f'd{number} = "x"' for number in range(17))


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a catalogue to a file."""

    def write(text: str) -> Path:
        path = tmp_path / "catalogue.toml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def catalogue(written: Written) -> Callable[[str], Catalogue]:
    """Reads a catalogue from its text."""
    return lambda text: load_catalogue(written(text))


def test_the_one_that_ships_is_the_worked_examples() -> None:
    shipped = load_catalogue(None)

    lifetimes = {
        name: shipped.lifetime_us(name, ANY_TIME)
        for name in ("google_ad_click", "organic_search_click", "newsletter_sign_up", "leaflet")
    }

    assert lifetimes == {
        "google_ad_click": parse_duration("P3D"),
        "organic_search_click": parse_duration("P5D"),
        "newsletter_sign_up": parse_duration("P1D"),
        "leaflet": None,
    }
    assert shipped.dimensions_of("google_ad_click", ANY_TIME) == {
        "department": "Technology",
        "online_channel": "Paid Ads",
        "platform": "Google Ads",
    }
    assert shipped.dimensions_of("leaflet", ANY_TIME) == {}
    assert shipped.rules_at(ANY_TIME).model == ModelSpec("linear")
    assert shipped.rules_at(ANY_TIME).dimensions == ("department", "online_channel", "platform")


def test_an_empty_file_takes_the_contracts_defaults(catalogue: Callable[[str], Catalogue]) -> None:
    empty = catalogue("")

    assert (empty.horizon_us, empty.retention_us, empty.max_window) == (
        parse_duration("P90D"),
        parse_duration("P400D"),
        10_000,
    )
    assert empty.rules_at(ANY_TIME) == Rules(ModelSpec("linear"), (), (), frozenset({"direct"}))


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("linear", ModelSpec("linear")),
        ("first", ModelSpec("first")),
        ("last", ModelSpec("last")),
        ("last_non_direct", ModelSpec("last_non_direct")),
        ("position_based", ModelSpec("position_based", weights=(40, 20, 40))),
        ("j_shaped", ModelSpec("j_shaped", weights=(20, 20, 60))),
        ("inverse_j", ModelSpec("inverse_j", weights=(60, 20, 20))),
        ("time_decay", ModelSpec("time_decay", half_life_us=parse_duration("P7D"))),
    ],
)
def test_every_model_has_the_contracts_parameters(
    catalogue: Callable[[str], Catalogue], name: str, spec: ModelSpec
) -> None:
    assert catalogue(f'model = "{name}"').rules_at(ANY_TIME).model == spec


def test_a_models_parameters_can_be_set(catalogue: Callable[[str], Catalogue]) -> None:
    text = 'model = "position_based"\nshadow_models = ["time_decay"]\n[models.position_based]\nweights = [1, 0, 2]\n'

    rules = catalogue(text + '[models.time_decay]\nhalf_life = "PT36H"').rules_at(ANY_TIME)

    assert (rules.model.weights, rules.shadow_models[0].half_life_us) == ((1, 0, 2), parse_duration("P1DT12H"))


def test_a_default_lifetime_serves_unknown_names_and_touchpoints_without_their_own(
    catalogue: Callable[[str], Catalogue],
) -> None:
    given = catalogue('default_lifetime = "P30D"\n[touchpoints.leaflet]\n[touchpoints.call]\nlifetime = "P1D"')

    lifetimes = [given.lifetime_us(name, ANY_TIME) for name in ("leaflet", "call", "never heard of")]

    assert lifetimes == [parse_duration("P30D"), parse_duration("P1D"), parse_duration("P30D")]


def test_the_same_rules_written_otherwise_have_the_same_fingerprint(catalogue: Callable[[str], Catalogue]) -> None:
    one = catalogue(
        'dimensions = ["a", "b"]\n[touchpoints.x]\nlifetime = "P1W"\ndimensions = { a = "1", b = "2" }\n'
        '[[touchpoints.x.changes]]\neffective_from = 2026-01-01T00:00:00Z\nlifetime = "P1W"'
    )
    other = catalogue(
        'direct = ["direct"]\ndimensions = ["b", "a"]\n[touchpoints.x]\nlifetime = "P7D"\n'
        '[touchpoints.x.dimensions]\nb = "2"\na = "1"'
    )

    assert one.serialised() == other.serialised()
    assert one.fingerprint == other.fingerprint


def test_other_rules_have_another_fingerprint(catalogue: Callable[[str], Catalogue]) -> None:
    assert catalogue("max_window = 9").fingerprint != catalogue("max_window = 8").fingerprint


def test_a_byte_order_mark_does_no_harm(catalogue: Callable[[str], Catalogue]) -> None:
    assert catalogue('\ufeffmodel = "last"').rules_at(ANY_TIME).model == ModelSpec("last")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "line 1, x is an unknown key"),
        ('[touchpoints.a]\nlifetime = "P1D"\nlifetmie = "P2D"', "line 3, touchpoints.a.lifetmie is an unknown key"),
        ("[models.linear]", "line 1, models.linear is an unknown key"),
        ('model = "lineal"', f'line 1, model names no model: "lineal"; the models are {MODELS}'),
        ('shadow_models = ["mean"]', f'line 1, shadow_models[0] names no model: "mean"; the models are {MODELS}'),
        ('shadow_models = ["last", "last"]', 'line 1, shadow_models names "last" 2 times'),
        ('shadow_models = ["linear"]', 'line 1, shadow_models names the model itself, "linear"'),
        ('dimensions = ["a", "b", "a"]', 'line 1, dimensions names "a" 2 times'),
        ("dimensions = [1]", "line 1, dimensions[0] must be a text in quotes"),
        ('dimensions = "a"', "line 1, dimensions must be a list"),
        ('direct = [""]', "line 1, direct[0] must be an id, but an id has 1 to 128 characters, this one has 0"),
        ('attribution_horizon = "P3M"', f'line 1, attribution_horizon is "P3M", but {DURATION}'),
        ('attribution_horizon = "{x}"', f'line 1, attribution_horizon is "{{x}}", but {DURATION}'),
        ("attribution_horizon = 90", 'line 1, attribution_horizon must be a duration in quotes, such as "P3D"'),
        ('attribution_horizon = "PT0S"', f'line 1, attribution_horizon {SPAN}, not "PT0S"'),
        ('conversion_retention = "P110001D"', f'line 1, conversion_retention {SPAN}, not "P110001D"'),
        ('conversion_retention = "P89D"', "line 1, conversion_retention is shorter than attribution_horizon"),
        ('attribution_horizon = "P401D"', "conversion_retention is shorter than attribution_horizon"),
        ("max_window = 0", "line 1, max_window must be at least 1"),
        ("max_window = 9223372036854775808", "line 1, max_window must be at most 9223372036854775807"),
        ("max_window = true", "line 1, max_window must be a whole number"),
        ("max_window = 1.0", "line 1, max_window must be a whole number"),
        ('default_lifetime = "P401D"', 'line 1, default_lifetime must be at most 400 days, not "P401D"'),
        ("[touchpoints.a]", "line 1, touchpoints.a has no lifetime, and there is no default_lifetime"),
        ("touchpoints = 1", "line 1, touchpoints must be a table"),
        ('[touchpoints]\n"a b" = 1', 'line 2, touchpoints."a b" must be a table'),
        (
            '[touchpoints.a]\nlifetime = "P400DT1S"',
            'line 2, touchpoints.a.lifetime must be at most 400 days, not "P400DT1S"',
        ),
        ('[touchpoints.a]\nlifetime = "PT0S"', f'line 2, touchpoints.a.lifetime {SPAN}, not "PT0S"'),
        (
            '[touchpoints.""]\nlifetime = "P1D"',
            'line 1, touchpoints."" must be an id, but an id has 1 to 128 characters, this one has 0',
        ),
        (
            '[touchpoints.a]\nlifetime = "P1D"\ndimensions = { b = "" }',
            "line 3, touchpoints.a.dimensions.b must be an id, but an id has 1 to 128 characters, this one has 0",
        ),
        (
            '[touchpoints.a]\nlifetime = "P1D"\n[touchpoints.a.dimensions]\n\n"b\\u0007" = "c"',
            (
                'line 5, touchpoints.a.dimensions."b\\u0007" must be an id, '
                "but an id may not hold the control, surrogate or noncharacter U+0007"
            ),
        ),
        (
            f'[touchpoints.a]\nlifetime = "P1D"\ndimensions = {{ {SEVENTEEN} }}',
            "line 3, touchpoints.a.dimensions must have at most 16 entries",
        ),
        ("[models.j_shaped]", "line 1, models.j_shaped.weights is missing"),
        ("[models.j_shaped]\nweights = [1, 2]", "line 2, models.j_shaped.weights must have 3 entries, not 2"),
        ("[models.inverse_j]\nweights = [1, 2, 3, 4]", "line 2, models.inverse_j.weights must have at most 3 entries"),
        ("[models.inverse_j]\nweights = [1, -2, 3]", "line 2, models.inverse_j.weights[1] must be at least 0"),
        ("[models.inverse_j]\nweights = [1, 2.5, 3]", "line 2, models.inverse_j.weights[1] must be a whole number"),
        (
            "[models.position_based]\nweights = [0, 1, 0]",
            "line 2, models.position_based.weights must have a first and a last weight that sum to more than 0",
        ),
        ('[models.time_decay]\nhalf_life = "PT0S"', f'line 2, models.time_decay.half_life {SPAN}, not "PT0S"'),
        ('[[changes]]\nmodel = "last"', "line 1, changes[0].effective_from is missing"),
        ("[[changes]]\neffective_from = 2026-07-01T00:00:00", f"line 2, changes[0].effective_from {INSTANT}"),
        ("[[changes]]\neffective_from = 2026-07-01", f"line 2, changes[0].effective_from {INSTANT}"),
        ('[[changes]]\neffective_from = "2026-07-01T00:00:00Z"', f"line 2, changes[0].effective_from {INSTANT}"),
        (
            "[[changes]]\neffective_from = 1899-12-31T23:59:59Z",
            "line 2, changes[0].effective_from must lie in the years 1900 to 2200 of UTC, as facts do",
        ),
        (
            "[[changes]]\neffective_from = 2026-07-01T00:00:00Z\nmax_window = 9",
            "line 3, changes[0].max_window is an unknown key",
        ),
        (
            (
                "[[changes]]\neffective_from = 2026-07-01T00:00:00Z\n"
                "[[changes]]\neffective_from = 2026-07-01T02:00:00+02:00"
            ),
            "line 1, changes has 2 changes with effective_from 2026-07-01T00:00:00Z",
        ),
        (
            (
                '[touchpoints.a]\nlifetime = "P1D"\n[[touchpoints.a.changes]]\neffective_from = 2026-07-01T00:00:00Z\n'
                "[[touchpoints.a.changes]]\neffective_from = 2026-07-01T00:00:00Z"
            ),
            "line 3, touchpoints.a.changes has 2 changes with effective_from 2026-07-01T00:00:00Z",
        ),
        (
            (
                '[touchpoints.a]\nlifetime = "P1D"\n[[touchpoints.a.changes]]\neffective_from = 2026-07-01T00:00:00Z\n'
                '[[touchpoints.a.changes]]\neffective_from = 2026-08-01T00:00:00Z\nmodel = "last"'
            ),
            "line 7, touchpoints.a.changes[1].model is an unknown key",
        ),
        (
            '[[touchpoints.a.changes]]\neffective_from = 2026-07-01T00:00:00Z\nlifetime = "P1D"',
            "line 1, touchpoints.a has no lifetime, and there is no default_lifetime",
        ),
        (
            'shadow_models = ["last"]\n[[changes]]\neffective_from = 2026-07-01T00:00:00Z\nmodel = "last"',
            'line 2, changes[0] makes "last" both the model and a shadow model',
        ),
        (
            (
                'model = "last"\n[[changes]]\neffective_from = 2027-01-01T00:00:00Z\nshadow_models = ["first"]\n'
                '[[changes]]\neffective_from = 2026-01-01T00:00:00Z\nmodel = "first"'
            ),
            'line 2, changes[0] makes "first" both the model and a shadow model',
        ),
    ],
)
def test_an_invalid_catalogue_is_refused_with_key_and_line(written: Written, text: str, message: str) -> None:
    path = written(text)

    with pytest.raises(CatalogueError) as refusal:
        load_catalogue(path)

    assert str(refusal.value) == f"{path} is no valid catalogue: {message}"


def test_every_fault_is_listed(written: Written) -> None:
    path = written('max_window = 0\nmodle = "last"\n[touchpoints.a]\nlifetime = "P1Y"')

    with pytest.raises(CatalogueError) as refusal:
        load_catalogue(path)

    assert str(refusal.value).split(": ", 1)[1].split("; ") == [
        "line 1, max_window must be at least 1",
        f'line 4, touchpoints.a.lifetime is "P1Y", but {DURATION}',
        "line 2, modle is an unknown key",
    ]


def test_every_contradiction_is_listed(written: Written) -> None:
    path = written('attribution_horizon = "P401D"\nshadow_models = ["linear"]\n[touchpoints.a]\n[touchpoints.b]')

    with pytest.raises(CatalogueError) as refusal:
        load_catalogue(path)

    assert str(refusal.value).split(": ", 1)[1].split("; ") == [
        "conversion_retention is shorter than attribution_horizon",
        'line 2, shadow_models names the model itself, "linear"',
        "line 3, touchpoints.a has no lifetime, and there is no default_lifetime",
        "line 4, touchpoints.b has no lifetime, and there is no default_lifetime",
    ]


@pytest.mark.parametrize("text", ["model = ", "x = " + "[" * 2_000, "x = " + "9" * 5_000, 'x = "\x00"'])
def test_what_is_not_toml_is_refused(written: Written, text: str) -> None:
    with pytest.raises(CatalogueError, match="is not TOML: "):
        load_catalogue(written(text))


def test_what_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('model = "linéar"'.encode("latin-1"))

    with pytest.raises(CatalogueError, match="cannot be read as a catalogue: "):
        load_catalogue(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as refusal:
        load_catalogue(tmp_path / "none.toml")

    assert str(refusal.value) == f"{tmp_path / 'none.toml'}: there is no such catalogue; name another or write one"
    assert refusal.value.exit_code == 2


def test_a_folder_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read as a catalogue: "):
        load_catalogue(tmp_path)


def test_the_examples_of_the_page_make_a_valid_catalogue(catalogue: Callable[[str], Catalogue]) -> None:
    page = (PROJECT / "docs" / "catalogue.md").read_text("utf-8")

    written_out = catalogue("\n".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)))

    assert written_out.lifetime_us("google_ad_click", parse_instant("2026-01-01T00:00:00Z")) == parse_duration("P7D")
    assert written_out.rules_at(parse_instant("2026-07-01T00:00:00Z")).model.name == "position_based"


def test_the_page_and_the_shipped_catalogue_name_every_key() -> None:
    page = (PROJECT / "docs" / "catalogue.md").read_text("utf-8")
    shipped = (PROJECT / "config" / "catalogue.toml").read_text("utf-8")

    keys = CatalogueFile.model_fields.keys() | TouchpointEntry.model_fields.keys() | {"weights", "half_life"}

    assert {key for key in keys if key not in page or key not in shipped} == set()
