"""A score, the long way round: the contract's text (part 2, section 2), sentence by sentence, of a profile as written.

Nothing of it is shared with what is tested but the parsing of durations and instants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from events.duration import parse_duration
from events.instant import DAY_US
from projections.scores.facts import Scored

Written = Mapping[str, Any]


def topic_of(fact: Scored) -> str:
    return "contact" if fact.type == "score.adjusted" else fact.type.split(".")[0]


def oracle(profile: Written, profile_id: str, facts: Sequence[Scored], as_of: int) -> dict[str, Any] | None:
    """The message's fields but for ids, revision, instants and version; None: no score."""
    accepted = not_erased(facts, as_of)
    if not accepted:
        return None
    now = attributes(accepted)
    if any(all(true_of(now.get(c["field"]), c) for c in entry["if"]) for entry in profile.get("exclude", [])):
        return None
    lines, groups = rules_and_groups(profile, facts, as_of)
    adjusted = 0
    for fact in ordered(accepted):
        if fact.type == "score.adjusted" and fact.fields["profile_id"] == profile_id:
            if "points" in fact.fields:
                adjusted += int(fact.fields["points"])  # type: ignore[call-overload]
            else:
                then = rules_and_groups(profile, facts, fact.occurred_us)
                adjusted = int(fact.fields["set_to"]) - total(*then)  # type: ignore[call-overload]
    unclamped = total(lines, groups) + adjusted
    score: int = min(max(unclamped, profile.get("floor", unclamped)), profile.get("ceiling", 10**30))
    reached = [band for band in profile.get("bands", []) if band["from"] <= score]
    return {
        "score": score,
        "unclamped": unclamped,
        "band": max(reached, key=lambda band: band["from"])["name"] if reached else None,
        "rules": lines,
        "groups": groups,
        "adjusted": adjusted,
    }


def total(lines: Sequence[Written], groups: Sequence[Written]) -> int:
    points: int = sum(each["points"] for each in (*lines, *groups))
    return points


def not_erased(facts: Sequence[Scored], as_of: int) -> list[Scored]:
    past = [fact for fact in facts if fact.occurred_us <= as_of]
    erasures = [fact.occurred_us for fact in past if fact.type == "contact.erased"]
    alone: list[Scored] = []
    for fact in past:
        is_copy = any((topic_of(fact), fact.event_id) == (topic_of(other), other.event_id) for other in alone)
        if not is_copy and all(fact.occurred_us > erasure for erasure in erasures):
            alone.append(fact)
    return alone


def ordered(facts: Sequence[Scored]) -> list[Scored]:
    return sorted(facts, key=lambda fact: (fact.occurred_us, fact.event_id))


def counting(accepted: Sequence[Scored]) -> list[Scored]:
    """Not a retracted touchpoint, a cancelled conversion, or any fact of a deleted interaction."""

    def undone(fact: Scored) -> bool:
        return any(
            (by.type == "touchpoint.retracted" and fact.type == "touchpoint.recorded" and by_id(by) == fact.event_id)
            or (by.type == "conversion.cancelled" and fact.type == "conversion.recorded" and by_id(by) == fact.event_id)
            or (
                by.type == "interaction.deleted"
                and topic_of(fact) == "interaction"
                and by_id(by) == fact.fields["interaction_id"]
            )
            for by in accepted
        )

    return [fact for fact in accepted if not undone(fact)]


def by_id(fact: Scored) -> object:
    named = ("touchpoint_id", "conversion_id", "interaction_id")
    return next(fact.fields[name] for name in named if name in fact.fields)


def attributes(accepted: Sequence[Scored]) -> dict[str, object]:
    found: dict[str, object] = {}
    for fact in ordered(accepted):
        if fact.type == "contact.updated":
            found |= fact.fields["attributes"]  # type: ignore[call-overload]
    return found


def rules_and_groups(profile: Written, facts: Sequence[Scored], as_of: int) -> tuple[list[Written], list[Written]]:
    accepted = not_erased(facts, as_of)
    lines: list[Written] = []
    by_group: dict[str, int] = dict.fromkeys(profile.get("groups", {}), 0)
    for rule in profile["rules"]:
        if not rule.get("enabled", True):
            continue
        times, points = of_rule(rule, accepted, as_of)
        lines.append({"rule_id": rule["rule_id"], "times": times, "points": points})
        if "group" in rule:
            by_group[rule["group"]] += points
    groups: list[Written] = []
    for name in sorted(by_group):
        bounds, points = profile["groups"][name], by_group[name]
        clamped = min(max(points, bounds.get("floor", points)), bounds.get("ceiling", 10**30))
        groups.append({"group_id": name, "points": clamped - points})
    return lines, groups


def of_rule(rule: Written, accepted: list[Scored], as_of: int) -> tuple[int, int]:
    if "when" in rule:
        return of_event_rule(rule, accepted, as_of)
    active = active_at(rule, as_of)
    if "if" in rule:
        now = attributes(accepted)
        holds = active and all(true_of(now.get(c["field"]), c) for c in rule["if"])
    else:
        within = parse_duration(rule["within"])
        matching = [fact for fact in counting(accepted) if matches(fact, rule["unless"], rule.get("where", []))]
        earliest = min(fact.occurred_us for fact in accepted) if accepted else as_of
        holds = active and as_of - earliest >= within and all(as_of - f.occurred_us >= within for f in matching)
    return int(holds), rule["points"] * int(holds)


def of_event_rule(rule: Written, accepted: list[Scored], as_of: int) -> tuple[int, int]:
    facts = [fact for fact in ordered(counting(accepted)) if matches(fact, rule["when"], rule.get("where", []))]
    facts = [fact for fact in facts if active_at(rule, fact.occurred_us)]
    span = rule.get("window", rule.get("decay_over"))
    if span is not None:
        facts = [fact for fact in facts if 0 <= as_of - fact.occurred_us < parse_duration(span)]
    facts = [fact for place, fact in enumerate(facts, 1) if place % rule.get("every", 1) == 0]
    if "decay_over" in rule:
        facts.reverse()
    if "max_per_day" in rule:
        facts = [
            fact
            for place, fact in enumerate(facts)
            if sum(day(earlier) == day(fact) for earlier in facts[:place]) < rule["max_per_day"]
        ]
    facts = facts[: rule.get("max_times", len(facts))]
    if "decay_over" not in rule:
        return len(facts), rule["points"] * len(facts)
    over = parse_duration(rule["decay_over"])
    points = sum((rule["points"] * (1 - Fraction(as_of - fact.occurred_us, over)) for fact in facts), Fraction(0))
    return len(facts), round(points)


def day(fact: Scored) -> int:
    return fact.occurred_us // DAY_US


def active_at(rule: Written, instant: int) -> bool:
    since, until = (rule.get(bound) for bound in ("active_from", "active_until"))
    return (since is None or micros(since) <= instant) and (until is None or instant < micros(until))


def micros(moment: Any) -> int:
    days = moment.date().toordinal() - 719_163
    seconds = ((days * 24 + moment.hour) * 60 + moment.minute) * 60 + moment.second
    return int(seconds * 1_000_000 + moment.microsecond)


def matches(fact: Scored, wanted: Written, where: Sequence[Written]) -> bool:
    if fact.type != wanted["type"] or ("name" in wanted and fact.fields.get("name") != wanted["name"]):
        return False
    return all(true_of(field_of(fact, each["field"]), each) for each in where)


def field_of(fact: Scored, field: str) -> object:
    for table in ("properties", "dimensions"):
        if field.startswith(f"{table}."):
            return fact.fields.get(table, {}).get(field.removeprefix(f"{table}."))  # type: ignore[attr-defined]
    return fact.fields.get(field)


def kind(value: object) -> str:
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, int | Decimal) else type(value).__name__


def equal(one: object, other: object) -> bool:
    return kind(one) == kind(other) and one == other


def true_of(value: Any, condition: Written) -> bool:
    op: str = condition["op"]
    wanted: Any = condition.get("value", True)
    if op == "exists":
        return (value is not None) is wanted
    if value is None:
        return False
    if op in ("=", "!="):
        return equal(value, wanted) == (op == "=")
    if op == "in":
        return any(equal(value, each) for each in wanted)
    if op == "contains" and isinstance(value, list):
        return any(equal(each, wanted) for each in value)
    if op == "contains":
        return isinstance(value, str) and isinstance(wanted, str) and wanted in value
    if op == "contains_all":
        return isinstance(value, list) and all(any(equal(each, one) for each in value) for one in wanted)
    if kind(value) != kind(wanted) or kind(value) not in ("number", "str"):
        return False
    return bool({"<": value < wanted, "<=": value <= wanted, ">": value > wanted, ">=": value >= wanted}[op])
