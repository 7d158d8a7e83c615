"""What `evenhand scores preview` says: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Final

import click
from msgspec.structs import asdict

from cli.columns import printable
from cli.tables import print_table
from config.profile import Condition, Profile
from events.instant import format_instant
from projections.scores.preview import AdjustmentLine, CheckLine, FactLine, Preview, RuleLine

_SHOWN: Final = 20
"""Facts of a rule in a table, the newest; JSON has all."""


def preview_json(profile: Profile, contact_id: str, as_of_us: int, found: Preview) -> str:
    """The score with its reasons; points of facts are exact, as text: `5`, or `25/8`."""
    score = found.score
    return _json(
        {
            "contact_id": contact_id,
            "profile_id": profile.profile_id,
            "profile_revision": profile.revision,
            "published": profile.published,
            "as_of": format_instant(as_of_us),
            "score": score and score.score,
            "unclamped": score and score.unclamped,
            "clamped": found.clamped,
            "band": score and score.band,
            "excluded_by": found.excluded_by,
            "rules": [_rule(line) for line in found.rules],
            "groups": [{"group_id": group.group_id, "points": group.points} for group in score.groups] if score else [],
            "adjusted": score and score.adjusted,
            "adjustments": [_adjustment(line) for line in found.adjustments],
            "next_change": _instant(found.next_change_us),
        }
    )


def print_preview(profile: Profile, contact_id: str, as_of_us: int, found: Preview) -> None:
    """The score, the lines that add up to it, and under each rule its facts or conditions."""
    draft = "" if profile.published else ", a draft"
    who = f"{printable(contact_id)} under {profile.profile_id} (revision {profile.revision}{draft})"
    at = format_instant(as_of_us)
    if found.score is None:
        entries = ", ".join(str(place) for place in found.excluded_by)
        click.echo(f"{who} as of {at}: no score, excluded by entry {entries} of `exclude`")
        return
    band = "below all bands" if found.score.band is None else f"band {printable(found.score.band)}"
    click.echo(f"{who} as of {at}: {found.score.score}, {band if profile.bands else 'no bands'}")
    click.echo(f"Next change with no new fact: {_instant(found.next_change_us) or 'never'}")
    print_table("Lines", ("line", "times", "points"), list(_lines(found)), frozenset({1, 2}))
    for line in found.rules:
        _print_rule(line)
    if found.adjustments:
        rows = [(f"{each.points:+}", each.dropped_by or "", *_about(each)) for each in found.adjustments]
        print_table("Adjusted by hand", ("points", "dropped by", "occurred", "by", "fact"), rows, frozenset({0}))


def _lines(found: Preview) -> Iterator[tuple[str, str, str]]:
    assert found.score is not None  # the excluded have no lines
    for line in found.rules:
        yield f"rule {line.score.rule_id}", str(line.score.times), f"{line.score.points:+}"
    for group in found.score.groups:
        yield f"group {group.group_id}", "", f"{group.points:+}"
    yield "adjusted by hand", "", f"{found.score.adjusted:+}"
    yield "floor and ceiling", "", f"{found.clamped:+}"
    yield "score", "", str(found.score.score)


def _print_rule(line: RuleLine) -> None:
    title = f"Rule {line.score.rule_id} ({line.kind})"
    if not line.active:
        title += ": not active then"
    elif line.silent_us is not None:
        title += f": {'holds since' if line.score.times else 'would hold from'} {format_instant(line.silent_us)}"
    if line.checks:
        rows = [("yes" if check.holds else "no", _condition(check.condition), _shown(check)) for check in line.checks]
        print_table(title, ("holds", "condition", "found"), rows, frozenset())
    elif not line.facts:
        click.echo(f"\n{title}; no facts")
    elif line.kind == "inactivity":
        print_table(title, ("broken last", "name", "fact"), [_occurred(each) for each in line.facts], frozenset())
    else:
        _print_facts(title, line)


def _print_facts(title: str, line: RuleLine) -> None:
    newest = line.facts[-_SHOWN:]
    rows = [(_decimal(each.points), each.dropped_by or "", *_occurred(each)) for each in newest]
    if len(line.facts) > len(newest):
        earlier = line.facts[: -len(newest)]
        total = _decimal(sum((each.points for each in earlier), Fraction(0)))
        rows.insert(0, (total, "", "", f"{len(earlier):,} earlier ones (--json)", ""))
    if line.rounding:
        rows.append((_decimal(line.rounding), "", "", "rounding", ""))
    print_table(title, ("points", "dropped by", "occurred", "name", "fact"), rows, frozenset({0}))


def _occurred(line: FactLine) -> tuple[str, str, str]:
    fact = line.fact
    return format_instant(fact.occurred_us), printable(str(fact.fields.get("name", fact.type))), fact.event_id


def _about(line: AdjustmentLine) -> tuple[str, str, str]:
    fields = line.fact.fields
    by = f"{fields['actor']}: {fields['reason']}" if fields.get("reason") else str(fields["actor"])
    return format_instant(line.fact.occurred_us), printable(by), line.fact.event_id


def _rule(line: RuleLine) -> dict[str, object]:
    told: dict[str, object] = {
        "rule_id": line.score.rule_id,
        "kind": line.kind,
        "times": line.score.times,
        "points": line.score.points,
    }
    if line.kind == "attribute":
        told["conditions"] = [
            {**asdict(each.condition), "found": each.found, "holds": each.holds} for each in line.checks
        ]
    else:
        told["facts"] = [_fact(each) for each in line.facts]
    if line.kind == "event":
        return {**told, "rounding": str(line.rounding)}
    return {**told, "active": line.active, "holds_from": _instant(line.silent_us)}


def _fact(line: FactLine) -> dict[str, object]:
    fact = line.fact
    return {
        "event_id": fact.event_id,
        "type": fact.type,
        "name": fact.fields.get("name"),
        "occurred_at": format_instant(fact.occurred_us),
        "points": str(line.points),
        "dropped_by": line.dropped_by,
    }


def _adjustment(line: AdjustmentLine) -> dict[str, object]:
    told = {name: line.fact.fields.get(name) for name in ("event_id", "actor", "reason", "set_to")}
    at = format_instant(line.fact.occurred_us)
    return {**told, "occurred_at": at, "points": line.points, "dropped_by": line.dropped_by}


def _condition(condition: Condition) -> str:
    return f"{condition.field} {condition.op} {_json(condition.value)}"


def _shown(check: CheckLine) -> str:
    return "missing" if check.found is None else _json(check.found)


def _decimal(points: Fraction) -> str:
    return f"{float(points):+.2f}".removesuffix(".00") if points else "0"


def _instant(us: int | None) -> str | None:
    return None if us is None else format_instant(us)


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, default=_plain)


def _plain(number: object) -> int | float:
    assert isinstance(number, Decimal)  # all else that is sent is JSON's own
    return int(number) if number == number.to_integral_value() else float(number)
