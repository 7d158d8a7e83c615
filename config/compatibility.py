"""May a state made under one rulebook go on under another? Only where it leaves standing what was said (contract, 5).

New touchpoint names and added shadow models are free, and so is whatever takes effect after the newest event. Anything
else would make a state that its own facts do not explain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from config.rules import ModelSpec, Rulebook, Rules, Timeline, TouchpointRules
from events.duration import format_duration
from events.instant import format_instant

Value = TypeVar("Value")


class Difference(NamedTuple):
    """A key whose value for facts already seen is not what it was."""

    key: str
    was: str
    now: str
    datable: bool = True
    since_us: int | None = None
    """None: not by a dated change."""

    def __str__(self) -> str:
        since = "" if self.since_us is None else f" from {format_instant(self.since_us)} on"
        return f"{self.key} was {self.was} and is now {self.now}{since}"


def broken_promise(stored: Rulebook, new: Rulebook, newest_event_us: int | None) -> str | None:
    """Say which key breaks with the stored rules and what to do; None where none does."""
    differences = list(_differences(stored, new, newest_event_us))
    if not differences:
        return None
    first = differences[0]
    others = len({difference.key for difference in differences}) - 1
    more = f" (and {others} more)" if others else ""
    newest = "" if newest_event_us is None else f", whose newest event is of {format_instant(newest_event_us)}"
    remedy = "date the change" if first.datable else "this key takes no date: take the change back"
    return f"{first}{more}, against the rules that the state was made with{newest}; {remedy}, or run `evenhand restate`"


def _differences(stored: Rulebook, new: Rulebook, newest_event_us: int | None) -> Iterator[Difference]:
    yield from _undated(stored, new)
    for since_us, was, now in _steps(stored.conversions, new.conversions, newest_event_us):
        yield from (difference._replace(since_us=since_us) for difference in _between_rules(was, now))
    for name, timeline in stored.touchpoints.items():
        key = f"touchpoints.{name}"
        if name not in new.touchpoints:
            yield Difference(key, "there", "gone", datable=False)
            continue
        for since_us, before, after in _steps(timeline, new.touchpoints[name], newest_event_us):
            yield from (each._replace(since_us=since_us) for each in _between_touchpoints(key, before, after))


def _undated(stored: Rulebook, new: Rulebook) -> Iterator[Difference]:
    spans = {
        "attribution_horizon": (stored.attribution_horizon_us, new.attribution_horizon_us),
        "conversion_retention": (stored.conversion_retention_us, new.conversion_retention_us),
        "default_lifetime": (stored.default_lifetime_us, new.default_lifetime_us),
    }
    for key, (was, now) in spans.items():
        if was != now:
            yield Difference(key, _span(was), _span(now), datable=False)
    if stored.max_window != new.max_window:
        yield Difference("max_window", str(stored.max_window), str(new.max_window), datable=False)


def _between_rules(was: Rules, now: Rules) -> Iterator[Difference]:
    if was.model != now.model:
        yield Difference("model", _model(was.model), _model(now.model))
    if not set(was.shadow_models) <= set(now.shadow_models):
        yield Difference(
            "shadow_models", _listed(map(_model, was.shadow_models)), _listed(map(_model, now.shadow_models))
        )
    if was.dimensions != now.dimensions:
        yield Difference("dimensions", _listed(was.dimensions), _listed(now.dimensions))
    if was.direct != now.direct:
        yield Difference("direct", _listed(sorted(was.direct)), _listed(sorted(now.direct)))


def _between_touchpoints(key: str, was: TouchpointRules, now: TouchpointRules) -> Iterator[Difference]:
    if was.lifetime_us != now.lifetime_us:
        yield Difference(f"{key}.lifetime", _span(was.lifetime_us), _span(now.lifetime_us))
    if was.dimensions != now.dimensions:
        yield Difference(f"{key}.dimensions", _table(was.dimensions), _table(now.dimensions))


def _steps(
    was: Timeline[Value], now: Timeline[Value], newest_us: int | None
) -> Iterator[tuple[int | None, Value, Value]]:
    """Give both values wherever either changes, up to the newest event; first of all those without a date."""
    yield None, was.values[0], now.values[0]
    for start_us in sorted({*was.starts_us, *now.starts_us}):
        if newest_us is not None and start_us <= newest_us:
            yield start_us, was.at(start_us), now.at(start_us)


def _span(span_us: int | None) -> str:
    return "absent" if span_us is None else format_duration(span_us)


def _model(model: ModelSpec) -> str:
    if model.weights is not None:
        return f"{model.name} with weights {list(model.weights)}"
    if model.half_life_us is not None:
        return f"{model.name} with half_life {format_duration(model.half_life_us)}"
    return model.name


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"


def _table(dimensions: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name} = {value}" for name, value in dimensions.items()) + "}"
