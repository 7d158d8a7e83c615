"""Dated changes: what a catalogue's file says held when (contract, section 5).

A change holds from its `effective_from` on, for as long as no later one names the same key: the latest wins. It
replaces only the keys that it names, a touchpoint's `dimensions` as a whole table, `models` model by model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from config.catalogue_file import (
    CatalogueFile,
    Change,
    ConversionTerms,
    Fault,
    ModelsEntry,
    TouchpointTerms,
)
from config.rules import ModelSpec, Rulebook, Rules, Timeline, TouchpointRules

Terms = TypeVar("Terms", ConversionTerms, TouchpointTerms)
Value = TypeVar("Value")


def rulebook_of(file: CatalogueFile) -> Rulebook:
    """Compile a file that is free of contradictions."""
    return Rulebook(
        attribution_horizon_us=file.attribution_horizon,
        conversion_retention_us=file.conversion_retention,
        max_window=file.max_window,
        default_lifetime_us=file.default_lifetime,
        conversions=_timeline(file, file.changes, _rules),
        touchpoints={
            name: _timeline(entry, entry.changes, partial(_touchpoint_rules, default_us=file.default_lifetime))
            for name, entry in file.touchpoints.items()
        },
    )


def contradictions(file: CatalogueFile) -> Iterator[Fault]:
    """Give every rule that two keys of a well-formed file break between them."""
    if file.conversion_retention < file.attribution_horizon:
        yield Fault(("conversion_retention",), "is shorter than attribution_horizon")
    yield from _model_shadowed(file)
    for name, entry in file.touchpoints.items():
        if entry.lifetime is None and file.default_lifetime is None:
            yield Fault(("touchpoints", name), "has no lifetime, and there is no default_lifetime")


def _model_shadowed(file: CatalogueFile) -> Iterator[Fault]:
    if file.model in file.shadow_models:
        yield Fault(("shadow_models",), f'"{file.model}" is the model itself')
    for change, terms in _in_force(file, file.changes):
        if terms.model in terms.shadow_models:
            message = f'from this change on "{terms.model}" is both the model and a shadow model'
            yield Fault(("changes", file.changes.index(change)), message)


def _in_force(terms: Terms, changes: Sequence[Change]) -> Iterator[tuple[Change, Terms]]:
    for change in sorted(changes, key=lambda change: change.effective_from):
        named = change.named()
        if isinstance(terms, ConversionTerms) and isinstance(models := named.get("models"), ModelsEntry):
            named["models"] = terms.models.model_copy(update={key: getattr(models, key) for key in models.model_fields_set})
        terms = terms.model_copy(update=named)
        yield change, terms


def _timeline(terms: Terms, changes: Sequence[Change], compiled: Callable[[Terms], Value]) -> Timeline[Value]:
    starts: list[int] = []
    values = [compiled(terms)]
    for change, changed in _in_force(terms, changes):
        value = compiled(changed)
        if value != values[-1]:
            starts.append(change.effective_from)
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


def _touchpoint_rules(terms: TouchpointTerms, default_us: int | None) -> TouchpointRules:
    lifetime_us = default_us if terms.lifetime is None else terms.lifetime
    assert lifetime_us is not None, "contradictions() has refused a touchpoint without a lifetime"
    return TouchpointRules(lifetime_us, dict(sorted(terms.dimensions.items())))
