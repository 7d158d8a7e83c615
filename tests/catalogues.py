"""Catalogues for tests: read from text, and drawn by Hypothesis as plain tables of TOML."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from config.catalogue import Catalogue, load_catalogue
from events.duration import format_duration

Table = dict[str, Any]

HOUR_US = 3_600_000_000
MODELS = ("linear", "first", "last", "last_non_direct", "position_based", "j_shaped", "inverse_j", "time_decay")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UNHURRIED = settings(deadline=None)
"""How long an example takes is the machine's affair: each reads files."""

hours = st.integers(0, 8).map(lambda number: number * HOUR_US)
"""Few instants, so that dates often coincide with what they are asked about."""
ids = st.sampled_from(["a", "b", "c d", "é.1"])
lifetimes = st.integers(1, 9).map(lambda days: format_duration(days * 24 * HOUR_US))
dimension_values = st.dictionaries(ids, ids, max_size=3)
weights = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9)).map(list)
parameters: st.SearchStrategy[Table] = st.fixed_dictionaries(
    {},
    optional={
        "position_based": st.fixed_dictionaries({"weights": weights}),
        "j_shaped": st.fixed_dictionaries({"weights": weights}),
        "time_decay": st.fixed_dictionaries({"half_life": lifetimes}),
    },
)
names = st.lists(ids, max_size=3, unique=True)
conversion_keys: dict[str, st.SearchStrategy[Any]] = {
    "dimensions": names,
    "direct": names,
    "models": parameters,
    # Halves of the models, so that no change can make one both the model and a shadow model.
    "model": st.sampled_from(MODELS[:5]),
    "shadow_models": st.lists(st.sampled_from(MODELS[5:]), max_size=2, unique=True),
}
touchpoint_keys: dict[str, st.SearchStrategy[Any]] = {"lifetime": lifetimes, "dimensions": dimension_values}


def _changes(keys: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[Table]]:
    change = st.fixed_dictionaries({"effective_from": hours}, optional=keys)
    return st.lists(change, max_size=4, unique_by=lambda table: table["effective_from"])


touchpoints = st.fixed_dictionaries(
    {"lifetime": lifetimes}, optional={"dimensions": dimension_values, "changes": _changes(touchpoint_keys)}
)
tables: st.SearchStrategy[Table] = st.fixed_dictionaries(
    {},
    optional=conversion_keys
    | {
        "touchpoints": st.dictionaries(ids, touchpoints, max_size=3),
        "changes": _changes(conversion_keys),
        "default_lifetime": lifetimes,
        "max_window": st.integers(1, 3),
    },
)
"""Whole catalogues as nested tables; instants are microseconds."""


def read(text: str) -> Catalogue:
    """The catalogue of a text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.toml"
        path.write_text(text, "utf-8")
        return load_catalogue(path)


def toml(value: Any, key: str = "") -> str:
    """A table as TOML, all in inline tables, but for the outermost."""
    match value:
        case dict() if not key:
            return "".join(f"{_text(name)} = {toml(item, name)}\n" for name, item in value.items())
        case dict():
            return "{ " + ", ".join(f"{_text(name)} = {toml(item, name)}" for name, item in value.items()) + " }"
        case list():
            return "[" + ", ".join(toml(item, "entry") for item in value) + "]"
        case int() if key == "effective_from":
            return (EPOCH + timedelta(microseconds=value)).isoformat()
        case int():
            return str(value)
        case _:
            return _text(value)


def _text(value: str) -> str:
    return f'"{value}"'
