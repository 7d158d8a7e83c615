"""Dated changes: what a catalogue's file says held when (contract, section 5).

A change holds from its `effective_from` on, for as long as no later one names the same key: the latest wins. It
replaces only the keys that it names, a touchpoint's `dimensions` as a whole table, `models` model by model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from config.catalogue_entries import CatalogueFile, Change, ConversionTerms, ModelsEntry, Terms, TouchpointTerms
from config.catalogue_file import Fault
from config.rules import ModelSpec, Rulebook, Rules, Timeline, TouchpointRules

SomeTerms = TypeVar("SomeTerms", bound=Terms)
Value = TypeVar("Value")


def rulebook_of(file: CatalogueFile) -> Rulebook:
    """Compile a file that is free of contradictions."""

    def touchpoint_rules(terms: TouchpointTerms) -> TouchpointRules:
        lifetime_us = file.default_lifetime if terms.lifetime is None else terms.lifetime
        assert lifetime_us is not None, "a touchpoint without a lifetime is a contradiction"
        return TouchpointRules(lifetime_us, dict(sorted(terms.dimensions.items())))

    return Rulebook(
        attribution_horizon_us=file.attribution_horizon,
        conversion_retention_us=file.conversion_retention,
        max_window=file.max_window,
        default_lifetime_us=file.default_lifetime,
        conversions=_timeline(file, file.changes, _rules),
        touchpoints={
            name: _timeline(entry, entry.changes, touchpoint_rules) for name, entry in file.touchpoints.items()
        },
    )


def contradictions(file: CatalogueFile) -> Iterator[Fault]:
    """Give every rule that two keys of a well-formed file break between them."""
    if file.conversion_retention < file.attribution_horizon:
        yield Fault(("conversion_retention",), "is shorter than attribution_horizon")
    if file.model in file.shadow_models:
        yield Fault(("shadow_models",), f'names the model itself, "{file.model}"')
    for place, _, terms in _in_force(file, file.changes):
        if terms.model in terms.shadow_models:
            yield Fault(("changes", place), f'makes "{terms.model}" both the model and a shadow model')
    for name, entry in file.touchpoints.items():
        if entry.lifetime is None and file.default_lifetime is None:
            yield Fault(("touchpoints", name), "has no lifetime, and there is no default_lifetime")


def _in_force(terms: SomeTerms, changes: Sequence[Change]) -> Iterator[tuple[int, int, SomeTerms]]:
    """Give each change's place in its list, its date, and what holds from then on; by date."""
    for place, change in sorted(enumerate(changes), key=lambda entry: entry[1].effective_from):
        terms = terms.after(change)
        yield place, change.effective_from, terms


def _timeline(terms: SomeTerms, changes: Sequence[Change], compiled: Callable[[SomeTerms], Value]) -> Timeline[Value]:
    starts: list[int] = []
    values = [compiled(terms)]
    for _, from_us, changed in _in_force(terms, changes):
        value = compiled(changed)
        if value != values[-1]:
            starts.append(from_us)
            values.append(value)
    return Timeline(tuple(starts), tuple(values))


def _rules(terms: ConversionTerms) -> Rules:
    return Rules(
        model=_model(terms.model, terms.models),
        shadow_models=tuple(_model(name, terms.models) for name in terms.shadow_models),
        dimensions=tuple(sorted(terms.dimensions)),
        direct=frozenset(terms.direct),
    )


def _model(name: str, models: ModelsEntry) -> ModelSpec:
    match name:
        case "position_based" | "j_shaped" | "inverse_j":
            first, middle, last = getattr(models, name).weights
            return ModelSpec(name, weights=(first, middle, last))
        case "time_decay":
            return ModelSpec(name, half_life_us=models.time_decay.half_life)
        case _:
            return ModelSpec(name)
