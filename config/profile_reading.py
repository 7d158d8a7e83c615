"""From what was written to a profile: defaults filled in, disabled rules left out, bands and groups in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from config.profile import (
    AnyRule,
    AttributeRule,
    Band,
    Condition,
    EventRule,
    Group,
    InactivityRule,
    Match,
    Profile,
)
from config.profile_entries import ConditionEntry, MatchEntry, ProfileEntry, RuleEntry


def read_profile(profile_id: str, written: Mapping[str, object], revision: int | None = None) -> Profile:
    """The profile of a table as TOML and JSON give it, numbers with a fraction as Decimal.

    `revision` goes before the table's own. pydantic's ValidationError lists everything that is wrong with it.
    """
    profile = compiled(profile_id, ProfileEntry.model_validate(written))
    return profile if revision is None else replace(profile, revision=revision)


def compiled(profile_id: str, entry: ProfileEntry) -> Profile:
    """The profile of a valid entry."""
    return Profile(
        profile_id=profile_id,
        name=entry.name or profile_id,
        description=entry.description,
        published=entry.published,
        revision=entry.revision,
        floor=entry.floor,
        ceiling=entry.ceiling,
        bands=tuple(sorted((Band(band.name, band.start) for band in entry.bands), key=lambda band: band.start)),
        hysteresis=entry.hysteresis,
        exclude=tuple(_conditions(each.conditions) for each in entry.exclude),
        groups=tuple(Group(name, group.floor, group.ceiling) for name, group in sorted(entry.groups.items())),
        rules=tuple(_rule(rule) for rule in entry.rules if rule.enabled),
    )


def _rule(entry: RuleEntry) -> AnyRule:
    shared = (entry.rule_id, entry.points, entry.group, entry.active_from, entry.active_until)
    if entry.when is not None:
        return EventRule(
            *shared,
            when=_match(entry.when, entry.where),
            window_us=entry.window,
            decay_over_us=entry.decay_over,
            every=entry.every,
            max_per_day=entry.max_per_day,
            max_times=entry.max_times,
        )
    if entry.unless is not None:
        assert entry.within is not None  # else the entry was refused
        return InactivityRule(*shared, unless=_match(entry.unless, entry.where), within_us=entry.within)
    return AttributeRule(*shared, conditions=_conditions(entry.conditions or ()))


def _match(entry: MatchEntry, where: Iterable[ConditionEntry]) -> Match:
    return Match(entry.type, entry.name, _conditions(where))


def _conditions(entries: Iterable[ConditionEntry]) -> tuple[Condition, ...]:
    return tuple(Condition(entry.field, entry.op, entry.operand()) for entry in entries)
